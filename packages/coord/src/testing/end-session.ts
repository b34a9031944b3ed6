import { connect } from "node:net";
import { CoordError } from "../coord-error.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../protocol/connect.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import type { ConnectResponse } from "../protocol/records.ts";
import { encodeRequest } from "../protocol/requests.ts";
import type { ServerAddress } from "../server/client-port.ts";

const frameBytesMax = 1024 * 1024;
const waitMsMax = 10_000;

/**
 * Takes a session over, by its password, and closes it. The connection that had it is closed by the server. Resolves
 * also when the session is over already; rejects with `connection-lost` when the server does not say.
 */
export function endSession(server: ServerAddress, { sessionId, password, timeoutMs }: ConnectResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...server, noDelay: true }, () => {
      socket.write(
        encodeConnectRequest({ protocolVersion: 0, lastZxidSeen: 0n, timeoutMs, sessionId, password, readOnly: false }),
      );
    });
    socket.setTimeout(waitMsMax, () => socket.destroy());
    const decoder = new FrameDecoder(frameBytesMax);
    let isTakenOver = false;
    let isEnded = false;
    socket.on("data", (chunk: Uint8Array) => {
      decoder.push(chunk);
      for (let step = decoder.next(); step.kind === "frame"; step = decoder.next()) {
        if (isTakenOver) isEnded = true;
        else if (decodeConnectResponse(step.payload).timeoutMs <= 0) isEnded = true;
        else {
          isTakenOver = true;
          socket.write(encodeRequest(1, { type: "closeSession" }));
        }
        if (isEnded) socket.end();
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (isEnded) resolve();
      else reject(new CoordError("connection-lost", `the server did not end session ${sessionId}`));
    });
  });
}
