import type { Configuration, LoggedConfiguration, Members } from "./configuration.ts";
import type { Zxid } from "./zxid.ts";

/** Number of a member: a positive safe integer, unique in the ensemble and stable across restarts. */
export type NodeId = number;

/** What a caller asks for. Client and sequence name it, so that a retry is recognised. */
export interface ProposalRequest {
  /** `unnamedClient` for a request without a name. */
  readonly client: bigint;
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** Asks for these members instead of anything of the machine. */
  readonly members?: Members;
}

/**
 * One record of the replicated log. A `reject` is a request that was refused: it takes a position all the same, changes
 * nothing, and its payload is the answer. A `config` is for the replicas alone; a `txn` may change the members as well. A
 * `noop` is nobody's request and no machine sees it: per-slot Paxos fills the slots with it for which a leader has no value.
 */
export interface Entry extends Omit<ProposalRequest, "members"> {
  readonly zxid: Zxid;
  readonly kind: "txn" | "reject" | "config" | "noop";
  /** Who takes part from here on. */
  readonly configuration?: Configuration;
}

/** The machine's state after every entry up to `position`, cut into chunks that the core never looks into. */
export interface Snapshot {
  readonly position: Zxid;
  readonly chunks: readonly Uint8Array[];
  /** Who takes part at `position`; none where no entry has said so yet. */
  readonly configuration?: LoggedConfiguration | undefined;
}

/** The snapshot that every empty replica starts from. */
export const emptySnapshot: Snapshot = { position: 0n, chunks: [] };

/**
 * The client of requests without a name: they are not recognised when they come again, no answer to them is kept, and
 * their proposer is not told what becomes of them. Whoever makes them finds its own mark in what is applied.
 */
export const unnamedClient = 0n;

/** Names a request within the ensemble. */
export function requestKey(request: { readonly client: bigint; readonly sequence: number }): string {
  return `${request.client}/${request.sequence}`;
}
