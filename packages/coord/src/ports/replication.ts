import type { ApplyResult, Txn } from "../core/txn.ts";
import type { WriteRequest } from "../core/write-request.ts";

/** Who leads, as this server sees it. */
export type Leader = "self" | "other" | "none";

/** Tells own proposals apart; 0 for those whose outcome nobody waits for. */
export type ProposalToken = number;

/** A transaction that is committed and applied here. */
export interface Commit {
  /** Token of the proposal, if it was made through this server and somebody waits; otherwise 0. */
  readonly token: ProposalToken;
  readonly txn: Txn;
  readonly result: ApplyResult;
}

/** What a server tells its leader. */
export interface SessionReport {
  readonly serverId: number;
  /** Another one after each start of the server, which has forgotten then what it did not tell. */
  readonly life: bigint;
  /** Heard of since its last report. */
  readonly sessionIds: readonly bigint[];
}

/** Who wants to hear of commits: one call per transaction, in their order, right after it was applied. */
export interface CommitListener {
  committed(commit: Commit): void;
  /** Answers `sync` with the same token. */
  synced(token: ProposalToken): void;
  /**
   * This server has a leader, itself or another, or has lost it. After a loss nobody answers for what waits: it may be
   * applied until there is a leader again, without its token, or never.
   */
  ledBy(leader: Leader): void;
  /** On the leader: another server has told of sessions. */
  reported(report: SessionReport): void;
  /** Everything was replaced by another server's state; what changed since then nobody knows. */
  restored(): void;
}

/**
 * The way of a write into the log that all servers share. An implementation calls the machine's `prepare` where the
 * position is assigned, and `apply` on commit; proposals of one server keep their order. Without a leader it takes
 * neither proposals nor syncs.
 */
export interface Replication {
  propose(request: WriteRequest, token: ProposalToken): void;
  /** Asks to hear when everything that is committed by now is applied here. Keeps its order among proposals. */
  sync(token: ProposalToken): void;
  /**
   * Tells the leader of sessions that were heard of here, and hears whether it led a quorum after it was told. No answer
   * comes, or one that means nothing, when the leader changes meanwhile.
   */
  report(sessionIds: readonly bigint[], ended: (isConfirmed: boolean) => void): void;
}
