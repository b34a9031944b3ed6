import type { Members } from "../core/configuration.ts";
import type { NodeId } from "../core/entry.ts";
import type { MembershipView } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";

/** What the leader knows when it turns a request into a transaction. */
export interface PrepareContext {
  /** The position that the transaction will have. */
  readonly position: Zxid;
  readonly epoch: number;
  /** The leader's wall clock. It enters the machine here and nowhere else. */
  readonly nowMs: number;
  /** Whether a change of members may be part of the transaction. */
  readonly membership: MembershipView;
}

/** What a machine makes of a request before it is proposed: a transaction, or an answer that refuses it. */
export type PrepareResult =
  | {
      readonly txn: Uint8Array;
      /**
       * Who takes part from this transaction on, where it says so. Only while no change is under way and a quorum of the
       * voters is in step, as the context tells; else the replica stops.
       */
      readonly members?: Members;
    }
  | { readonly reject: Uint8Array };

/**
 * The state machine that is replicated. Every replica applies the same transactions in the same order, so `apply` must
 * depend on nothing but the state and its arguments: no clock, no chance, no I/O.
 */
export interface Machine {
  /**
   * True for a machine whose transactions build on others that are prepared and not applied yet. It is refused with a
   * protocol that has no primary order, such as `slotPaxos()`, where one of those may be left out.
   */
  readonly needsPrimaryOrder?: boolean;
  /**
   * Turns a request into a transaction, on the leader only, at the moment its position is assigned. With primary order
   * it must see what it prepared before and what is not applied yet; without, it must not rely on that. A rejected request takes a position too and changes nothing.
   * Without it the request is the transaction.
   */
  prepare?(request: Uint8Array, context: PrepareContext): PrepareResult;
  /** Changes the state and returns the answer, which every replica keeps for a while in case the request comes again. */
  apply(position: Zxid, txn: Uint8Array): Uint8Array;
  /** The whole state as chunks, taken between two calls of `apply`. */
  snapshot(): Iterable<Uint8Array>;
  /**
   * Where given, it is called in place of `snapshot`, for a state that takes too long for one turn: the chunks are drawn one
   * by one while `apply` goes on, and show the moment of this call. They may be left undrawn; the next call ends this one.
   */
  view?(): Iterable<Uint8Array>;
  /** Takes the state from chunks; none at all mean the initial state. */
  restore(chunks: readonly Uint8Array[]): void;
  /** On the leader: a member, this one included, said something by `toLeader`. Not replicated; order of one member kept. */
  reported?(from: NodeId, bytes: Uint8Array): void;
  /** This replica no longer leads: what was prepared and is not applied may never be. */
  leadershipLost?(): void;
}
