/** Stable, documented reasons. Callers switch on `code`; messages may change. */
export type CoordErrorCode = "malformed-record" | "invalid-options" | "address-in-use" | "listen-failed" | "aborted";

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
