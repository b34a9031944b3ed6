import { JuteReader } from "./jute-reader.ts";
import { JuteWriter } from "./jute-writer.ts";
import { connectRequestCodec, connectResponseCodec } from "./records.ts";
import type { ConnectRequest, ConnectResponse } from "./records.ts";

/** The first frame of a client: 44 bytes of payload, 45 with the read-only byte. */
export function encodeConnectRequest(request: ConnectRequest): Uint8Array {
  const writer = new JuteWriter();
  connectRequestCodec.write(writer, request);
  return writer.finishFrame();
}

/** Throws `malformed-record`; a server then closes the connection. */
export function decodeConnectRequest(payload: Uint8Array): ConnectRequest {
  return connectRequestCodec.read(new JuteReader(payload));
}

/** The first frame of a server: 36 bytes of payload, 37 with the read-only byte. */
export function encodeConnectResponse(response: ConnectResponse): Uint8Array {
  const writer = new JuteWriter();
  connectResponseCodec.write(writer, response);
  return writer.finishFrame();
}

export function decodeConnectResponse(payload: Uint8Array): ConnectResponse {
  return connectResponseCodec.read(new JuteReader(payload));
}
