import type { EventEmitter } from "eventemitter3";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";
import type { ConsensusError } from "../consensus-error.ts";
import type { RecoveryReport } from "../log/recover.ts";

/** How long a caller waits, and how he gives up before. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Default: no limit. */
  readonly timeoutMs?: number;
}

/** How a proposal is named and how long its caller waits. */
export interface ProposeOptions extends CallOptions {
  /**
   * Names the request, for a retry after an unknown outcome: the same client and sequence is applied once. Sequences of
   * a client are positive and grow. Default: this replica's own, one name per call.
   */
  readonly request?: { readonly client: bigint; readonly sequence: number };
}

/** A proposal that was applied: where, and what the machine answered. */
export interface ProposeResult {
  /** Where in the log the transaction stands: the zxid. */
  readonly position: Zxid;
  /** What the machine's `apply` returned. */
  readonly answer: Uint8Array;
}

/** What a replica tells of while it runs. */
export interface ReplicaEvents {
  role: [change: { readonly from: string; readonly to: string; readonly reason: string }];
  leader: [change: { readonly leader: number | undefined; readonly epoch: number }];
  commit: [commit: { readonly position: Zxid }];
  /** Others take part from this position on. A change of voters tells it twice, first with those that are leaving. */
  members: [configuration: LoggedConfiguration];
  snapshot: [snapshot: { readonly position: Zxid; readonly bytes: number }];
  stopped: [stop: { readonly error: ConsensusError }];
}

/** Subscribing is public, emitting is not. */
export type EventSource<Events extends object> = Pick<EventEmitter<Events>, "on" | "once" | "off">;

/** Where a replica stands, for people and metrics. */
export interface ReplicaStatus extends CoreStatus {
  readonly applied: Zxid;
  /** What was found on the disk when the replica opened. */
  readonly recovery: RecoveryReport;
  /** Since the replica opened. */
  readonly counts: {
    readonly proposed: number;
    readonly applied: number;
    readonly lost: number;
    readonly snapshots: number;
    /** Groups of writes, each made durable as one. */
    readonly persists: number;
  };
}

/** One replica of a state machine, as {@link openReplica} gives it. */
export interface Replica extends AsyncDisposable {
  /** For people and logs. Control flow uses the promises below. */
  readonly events: EventSource<ReplicaEvents>;
  /**
   * Proposes a request from any replica and waits until it is applied here. Rejects with `proposal-lost` when it is
   * certain that it never will be; abort, timeout and close leave it under way, and say so with `maybeApplied`.
   */
  propose(request: Uint8Array, options?: ProposeOptions): Promise<ProposeResult>;
  /**
   * Proposes a request without waiting, for machines that recognise in `apply` what they asked for. Requests of one
   * replica keep their order, and each is applied at most once. False when there is no leader to take it: then it is
   * not applied. When the event `leader` says that the leader is gone, those that were not applied by then are lost or
   * will still be applied, in their order and before everything that is submitted later.
   */
  submit(request: Uint8Array): boolean;
  /** Hands bytes to the machine of the leader (`reported`), if there is one. Not replicated, and it may be lost. */
  toLeader(bytes: Uint8Array): void;
  /**
   * Runs `query` when this replica has applied all that was committed anywhere before the call: a linearizable read.
   * A leader answers only after a quorum confirmed that it still leads.
   */
  read<Result>(query: () => Result, options?: CallOptions): Promise<Result>;
  status(): ReplicaStatus;
  /** Who takes part by the newest entry of this replica's log that says so, be it committed or not. */
  config(): LoggedConfiguration;
  /**
   * Changes who takes part while the ensemble serves, from any replica. Resolves when the new members are alone: those
   * that are left out may be stopped then. Rejects with `proposal-rejected` while another change is under way, or when
   * no quorum of the new voters is in step with the leader; a new member is started as an observer first.
   */
  reconfigure(members: Members, options?: ProposeOptions): Promise<{ readonly position: Zxid }>;
  /** One line: id and role, epoch, committed/logged. */
  toString(): string;
  /** Settles when the replica has stopped: with the error that stopped it, or undefined after `close`. */
  readonly stopped: Promise<ConsensusError | undefined>;
  /** Stops taking part. Waits for the write under way. Calling it twice is harmless. */
  close(): Promise<void>;
}
