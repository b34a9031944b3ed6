import type { NodeId } from "../core/entry.ts";

/** One choice. Those without effect on each other lead to the same state in either order. */
export type Action =
  /** These find a leader, or start again and find one, and go through discovery with it. */
  | { readonly kind: "elect"; readonly leader: NodeId; readonly followers: readonly NodeId[] }
  | { readonly kind: "join"; readonly leader: NodeId; readonly follower: NodeId }
  /** The oldest message on its way from one to the other arrives. */
  | { readonly kind: "deliver"; readonly from: NodeId; readonly to: NodeId }
  /** Everything that this node asked its disk to write is there. */
  | { readonly kind: "flush"; readonly node: NodeId }
  /** The first `kept` of the writes under way survive. */
  | { readonly kind: "crash"; readonly node: NodeId; readonly kept: number }
  | { readonly kind: "cut"; readonly left: NodeId; readonly right: NodeId }
  | { readonly kind: "propose"; readonly node: NodeId };

/** How often each may happen. */
export interface Bounds {
  readonly servers: number;
  /** Whether each write may be late, and lost in a crash. Else it is made at once, which leaves far fewer states. */
  readonly lateWrites: boolean;
  readonly proposals: number;
  readonly crashes: number;
  /** Not for per-slot Paxos, whose links carry what may get lost anyhow. */
  readonly cuts: number;
  readonly elections: number;
  /** For per-slot Paxos part of the elections. */
  readonly joins: number;
}

/** A state, which can be left by one of its actions. */
export interface ExploredWorld {
  readonly fingerprint: number;
  actions(): readonly Action[];
  act(action: Action): void;
}
