import type { EventSource } from "../client/session.ts";
import type { CoordServerEvents } from "./server-events.ts";

/** Where a server's words for people go: pino, winston and `console` fit as they are. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

function hex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

/** Says in words what the events say in fields. */
export function logEvents(events: EventSource<CoordServerEvents>, logger: Logger): void {
  events.on("mode", ({ mode }) => logger.info(`mode ${mode}`));
  events.on("connectionOpened", ({ remote }) => logger.debug(`${remote}: connected`));
  events.on("connectionClosed", ({ remote, sessionId }) => {
    logger.debug(`${remote}: closed${sessionId === 0n ? "" : `, session ${hex(sessionId)}`}`);
  });
  events.on("connectionRefused", ({ remote, reason }) => logger.warn(`${remote}: refused, ${reason}`));
  events.on("sessionAttached", ({ remote, sessionId, timeoutMs }) => {
    logger.info(`${remote}: session ${hex(sessionId)}, timeout ${timeoutMs} ms`);
  });
  events.on("sessionExpired", ({ sessionId }) => logger.info(`session ${hex(sessionId)} expired`));
  events.on("sessionEnded", ({ sessionId }) => logger.debug(`session ${hex(sessionId)} is over`));
  events.on("authFailed", ({ remote, scheme }) => logger.warn(`${remote}: ${scheme} credentials refused`));
}
