/**
 * Stable, documented reasons. Callers switch on `code`; messages may change.
 *
 * - `malformed-record`: bytes that no client or server sends.
 * - `invalid-options`: an option, or a line of a configuration file, is wrong; the message names all of them.
 * - `address-in-use`, `listen-failed`: the server cannot take its port.
 * - `aborted`: the signal was aborted.
 * - `storage-failed`: reading or writing the data directory failed; the server has stopped.
 * - `storage-foreign`: the data directory belongs to another server.
 * - `replica-stopped`: the server could not go on; `cause` says why.
 */
export type CoordErrorCode =
  | "malformed-record"
  | "invalid-options"
  | "address-in-use"
  | "listen-failed"
  | "aborted"
  | "storage-failed"
  | "storage-foreign"
  | "replica-stopped";

/** The one error class of this package: `code` is stable, the message is for people, `cause` is always kept. */
export class CoordError extends Error {
  override readonly name: string = "CoordError";
  readonly code: CoordErrorCode;

  constructor(code: CoordErrorCode, message: string, options: ErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
  }

  /** Turns whatever was thrown into a CoordError and keeps it as the cause. */
  static from(thrown: unknown, code: CoordErrorCode): CoordError {
    if (thrown instanceof CoordError) return thrown;
    return new CoordError(code, String(thrown), { cause: thrown });
  }
}
