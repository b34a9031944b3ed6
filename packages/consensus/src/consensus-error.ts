/**
 * Stable, documented reasons. Callers switch on `code`; messages may change.
 *
 * - `canceled`, `timeout`: the caller's signal or deadline ended the call; see `maybeApplied`.
 * - `closed`: the replica was closed before the call ended.
 * - `proposal-lost`: the proposal is not and never will be applied; it may be made again.
 * - `proposal-rejected`: the machine refused the request; `answer` says why.
 * - `proposal-expired`: a retry of a request so old that its answer is no longer kept.
 * - `overloaded`: too many proposals or reads wait; nothing was done.
 * - `proposal-too-large`: the payload is above the limit.
 * - `invalid-options`: an option is out of its range.
 * - `storage-failed`: a write or a sync failed; the replica has stopped.
 * - `storage-foreign`: the directory belongs to another node, ensemble, or protocol.
 * - `storage-damaged`: what was durable cannot be read, and no other voter has it; nothing was written.
 * - `history-mismatch`: the leader's history cannot be reconciled with what this replica applied; it has stopped.
 * - `malformed-message`: a peer sent what no replica sends; its link was broken.
 * - `listen-failed`: the address for links from other members cannot be listened on.
 * - `machine-failed`: the machine threw while it applied or prepared; the replica has stopped.
 */
export type ConsensusErrorCode =
  | "canceled"
  | "timeout"
  | "closed"
  | "proposal-lost"
  | "proposal-rejected"
  | "proposal-expired"
  | "overloaded"
  | "proposal-too-large"
  | "invalid-options"
  | "storage-failed"
  | "storage-foreign"
  | "storage-damaged"
  | "history-mismatch"
  | "malformed-message"
  | "listen-failed"
  | "machine-failed";

/** What an error carries beside its code and its message. */
export interface ConsensusErrorOptions extends ErrorOptions {
  readonly maybeApplied?: boolean;
  readonly answer?: Uint8Array;
}

/** The one error class of this package: `code` is stable, the message is for people, `cause` is always kept. */
export class ConsensusError extends Error {
  override readonly name: string = "ConsensusError";
  readonly code: ConsensusErrorCode;
  /** True when the call failed and its proposal may have been applied, or may still be. */
  readonly maybeApplied: boolean;
  /** What `prepare` said, for `proposal-rejected`. */
  readonly answer: Uint8Array | undefined;

  constructor(code: ConsensusErrorCode, message: string, options: ConsensusErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
    this.maybeApplied = options.maybeApplied ?? false;
    this.answer = options.answer;
  }

  /** Turns whatever was thrown into a ConsensusError and keeps it as the cause. */
  static from(thrown: unknown, code: ConsensusErrorCode): ConsensusError {
    if (thrown instanceof ConsensusError) return thrown;
    return new ConsensusError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
