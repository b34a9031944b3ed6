import { CoordError, type CoordErrorCode } from "../coord-error.ts";

/** What a script can tell apart. */
export const exitCodes = {
  ok: 0,
  /** The server said no, or what was asked for is not there. */
  failed: 1,
  /** The command line is wrong; nothing was sent. */
  usage: 2,
  /** No server answered, or it does not accept the credentials. */
  unreachable: 3,
} as const;

const codes: Partial<Record<CoordErrorCode, number>> = {
  "invalid-options": exitCodes.usage,
  "invalid-path": exitCodes.usage,
  timeout: exitCodes.unreachable,
  "connection-lost": exitCodes.unreachable,
  "session-expired": exitCodes.unreachable,
  "auth-failed": exitCodes.unreachable,
};

export function exitCodeOf(thrown: unknown): number {
  return (thrown instanceof CoordError ? codes[thrown.code] : undefined) ?? exitCodes.failed;
}
