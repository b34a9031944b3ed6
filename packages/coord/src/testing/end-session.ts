import { connect } from "node:net";
import { CoordError } from "../coord-error.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../protocol/connect.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import type { ConnectResponse } from "../protocol/records.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import { encodeRequest } from "../protocol/requests.ts";
import { decodeReplyHeader } from "../protocol/responses.ts";
import type { ServerAddress } from "../server/client-port.ts";

const frameBytesMax = 1024 * 1024;
const waitMsMax = 10_000;

/** How often its own client may take it back in the meantime. */
const attemptsMax = 10;

/**
 * Takes a session over, by its password, and closes it. The connection that had it is closed by the server, and its
 * client, which comes back at once, may be faster than the end: then it is tried again. Rejects with `connection-lost`
 * when the server does not say that the session is over.
 */
export async function endSession(server: ServerAddress, greeting: ConnectResponse): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) if (await tryToEnd(server, greeting)) return;
  throw new CoordError("connection-lost", `the server did not end session ${greeting.sessionId}`);
}

function isOver(reply: Uint8Array): boolean {
  const { err } = decodeReplyHeader(reply).header;
  return err === errorCodes.ok || err === errorCodes.sessionExpired;
}

function tryToEnd(server: ServerAddress, { sessionId, password, timeoutMs }: ConnectResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...server, noDelay: true }, () => {
      const greeting = { protocolVersion: 0, lastZxidSeen: 0n, timeoutMs, sessionId, password, readOnly: false };
      // Together, so that nobody comes between them.
      socket.write(Buffer.concat([encodeConnectRequest(greeting), encodeRequest(1, { type: "closeSession" })]));
    });
    socket.setTimeout(waitMsMax, () => socket.destroy());
    const decoder = new FrameDecoder(frameBytesMax);
    let frameCount = 0;
    let isEnded = false;
    socket.on("data", (chunk: Uint8Array) => {
      decoder.push(chunk);
      for (let step = decoder.next(); step.kind === "frame"; step = decoder.next()) {
        frameCount += 1;
        isEnded ||= frameCount === 1 ? decodeConnectResponse(step.payload).timeoutMs <= 0 : isOver(step.payload);
      }
      if (isEnded) socket.end();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(isEnded));
  });
}
