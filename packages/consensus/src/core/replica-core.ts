import type { Effects, Epochs, LinkId, Token } from "./effects.ts";
import type { Configuration, LoggedConfiguration } from "./configuration.ts";
import type { NodeId, ProposalRequest, Snapshot } from "./entry.ts";
import type { RecoveredLog } from "./log-mirror.ts";
import type { Zxid } from "./zxid.ts";

/** Everything that can happen to a replica. Time is a tick, the disk is a token, the network is links and messages. */
export type Input<Message> =
  | { readonly kind: "tick" }
  | { readonly kind: "linkUp"; readonly peer: NodeId; readonly link: LinkId }
  | { readonly kind: "linkDown"; readonly peer: NodeId; readonly link: LinkId }
  | { readonly kind: "message"; readonly from: NodeId; readonly link: LinkId; readonly message: Message }
  /** Every write up to this token is durable. */
  | { readonly kind: "persisted"; readonly token: Token }
  /** The machine has applied every commit up to this position. */
  | { readonly kind: "applied"; readonly position: Zxid }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | ({ readonly kind: "propose"; readonly proposal: number } & ProposalRequest)
  /**
   * A request without a name. Those of one replica keep their order: one is proposed only if all before it were, or were
   * given up when this replica lost its leader; then all that were not proposed are given up together.
   */
  | { readonly kind: "submit"; readonly payload: Uint8Array }
  /** For the leader's machine, if there is a leader. */
  | { readonly kind: "report"; readonly bytes: Uint8Array }
  /** The caller no longer waits. What is already under way may still be committed. */
  | { readonly kind: "forget"; readonly proposal: number }
  | { readonly kind: "read"; readonly read: number };

/** What a replica has on its disk when it starts. */
export interface RecoveredState {
  readonly log: RecoveredLog;
  readonly epochs: Epochs;
}

/** The members as a leader sees them when it prepares a request: what a change of them depends on. */
export interface MembershipView {
  /** The newest one logged; while it names `outgoing`, a change is under way and another is not taken. */
  readonly configuration: LoggedConfiguration;
  /** Whether a change is under way: one is logged and not all of it is committed. */
  readonly isChanging: boolean;
  /** Whether a quorum of these voters is in step with this leader. Without one, a change to them would stop the ensemble. */
  hasQuorumInStep(voters: readonly NodeId[]): boolean;
}

/** What `prepare` made of a request. `known` means that it was applied before and must not be applied again. */
export type Prepared =
  | {
      readonly kind: "txn" | "config";
      readonly payload: Uint8Array;
      /** Who takes part from this entry on. */
      readonly configuration?: Configuration;
    }
  | { readonly kind: "reject"; readonly payload: Uint8Array }
  | { readonly kind: "known" };

/** The calls that a leading core makes into the machine, synchronously: `prepare` at the moment a position is assigned. */
export interface LeaderHooks {
  /** `epoch`: the leader's ballot, where the position does not tell it. */
  prepare(request: ProposalRequest, position: Zxid, membership: MembershipView, epoch?: number): Prepared;
  /** Forget what was prepared and is not applied: another leader may decide otherwise. */
  leadershipLost(): void;
  /** A member in step, this one included, has something to say to the leader's machine. */
  reported(from: NodeId, bytes: Uint8Array): void;
}

/** Where a replica stands, for people, tests and metrics. */
export interface CoreStatus {
  readonly id: NodeId;
  readonly role: "looking" | "following" | "observing" | "leading";
  readonly phase: "election" | "discovery" | "synchronization" | "broadcast";
  /** The leader this replica is in step with, itself included. */
  readonly leader: NodeId | undefined;
  readonly epoch: number;
  readonly acceptedEpoch: number;
  readonly voting: boolean;
  readonly committed: Zxid;
  readonly logged: Zxid;
  readonly durable: Zxid;
  readonly delivered: Zxid;
  readonly snapshot: Zxid;
}

/** A protocol for one replica, without clock, chance, disk or network. */
export interface ReplicaCore<Message> {
  /** The only way in: synchronous, total, deterministic. */
  step(input: Input<Message>): void;
  /** What is to be done since the last call. */
  effects(): Effects<Message>;
  status(): CoreStatus;
  /** The newest in the log, committed or not: it says whom this replica keeps links to. */
  readonly configuration: LoggedConfiguration;
  /** Whether this replica leads, or follows a leader with whom it is in step: whether a request finds a leader. */
  readonly isInStep: boolean;
}
