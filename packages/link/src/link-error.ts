/**
 * Why a link did not come up, or broke.
 *
 * - `wrong-protocol`, `wrong-version`, `wrong-cluster`, `wrong-secret`, `refused`: one side did not want the other.
 * - `malformed`: bytes that no peer of ours sends; a checksum or tag that does not hold, an impossible length.
 * - `frame-too-large`: a frame above the limit, sent or received.
 * - `silent`: nothing came for too long, not even a heartbeat; or no complete hello.
 * - `overflow`: the peer takes less than is sent to it, and too much waits.
 * - `connect-failed`, `listen-failed`, `broken`: what the system said is the cause.
 * - `closed`: ended on purpose, from here or from there.
 */
export type LinkErrorCode =
  | "wrong-protocol"
  | "wrong-version"
  | "wrong-cluster"
  | "wrong-secret"
  | "refused"
  | "malformed"
  | "frame-too-large"
  | "silent"
  | "overflow"
  | "connect-failed"
  | "listen-failed"
  | "broken"
  | "closed";

export class LinkError extends Error {
  override readonly name: string = "LinkError";
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string, options: ErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
  }

  static from(thrown: unknown, code: LinkErrorCode): LinkError {
    if (thrown instanceof LinkError) return thrown;
    return new LinkError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
