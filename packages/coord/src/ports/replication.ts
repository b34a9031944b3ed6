import type { ApplyResult, Txn } from "../core/txn.ts";
import type { WriteRequest } from "../core/write-request.ts";

/** Tells own proposals apart; 0 for those whose outcome nobody waits for. */
export type ProposalToken = number;

/** A transaction that is committed and applied here. */
export interface Commit {
  /** Token of the proposal, if it was made through this server and somebody waits; otherwise 0. */
  readonly token: ProposalToken;
  readonly txn: Txn;
  readonly result: ApplyResult;
}

/** Who wants to hear of commits: one call per transaction, in their order, right after it was applied. */
export interface CommitListener {
  committed(commit: Commit): void;
  /** Answers `sync` with the same token. */
  synced(token: ProposalToken): void;
}

/**
 * The way of a write into the log that all servers share. An implementation calls the machine's `prepare` where the
 * position is assigned, and `apply` on commit; proposals of one server keep their order.
 */
export interface Replication {
  propose(request: WriteRequest, token: ProposalToken): void;
  /** Asks to hear when everything that is committed by now is applied here. Keeps its order among proposals. */
  sync(token: ProposalToken): void;
}
