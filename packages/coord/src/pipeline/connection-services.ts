import type { CoordMachine } from "../core/coord-machine.ts";
import type { WatchTable } from "../core/watch-table.ts";
import type { PipelineEnvironment } from "../ports/pipeline-environment.ts";
import type { Leader, ProposalToken, Replication } from "../ports/replication.ts";
import type { Connection } from "./connection.ts";
import type { TrafficStats } from "./traffic-stats.ts";

export interface PipelineOptions {
  /** Length of a tick; ZooKeeper's `tickTime`. */
  readonly tickTimeMs: number;
  /** Longest frame that a client may send; ZooKeeper's `jute.maxbuffer`. */
  readonly frameBytesMax: number;
  readonly sessionTimeoutMsMin: number;
  readonly sessionTimeoutMsMax: number;
  /** Requests of one connection that wait for an answer; beyond it nothing more is taken from it. */
  readonly outstandingPerConnectionMax: number;
  /** Digest id of the super user, `super:base64(sha1("super:password"))`; undefined: there is none. */
  readonly superDigest: string | undefined;
  /** Subject of the certificate that makes its owner the super user. */
  readonly superSubject: string | undefined;
  /** Tells of each change that clients ask for. */
  readonly audit: boolean;
  /** Requests of all connections that may wait for the log; beyond it nothing more is taken from anybody. */
  readonly outstandingMax: number;
  /** Number of this server in its ensemble, 1 to 254; stands in the high byte of session ids. */
  readonly serverId: number;
}

/** What a connection needs from the pipeline around it. */
export interface ConnectionServices {
  readonly options: PipelineOptions;
  readonly environment: PipelineEnvironment;
  readonly machine: CoordMachine;
  readonly replication: Replication;
  readonly watches: WatchTable;
  readonly stats: TrafficStats;
  /** A token whose outcome this connection hears of. Taken before proposing, since the answer may come at once. */
  nextToken(connection: Connection): ProposalToken;
  nextSessionId(): bigint;
  /** Without one there are no writes, syncs and new sessions. */
  readonly leader: Leader;
  /** There is no leader, and clients who said that they can live with it may read what this server knows. */
  readonly isReadOnly: boolean;
  /** So much waits for the log that connections are to take no more. */
  readonly isOverloaded: boolean;
  /**
   * Whether this server may answer in the name of the ensemble. What it answers makes a client trust in its session, which
   * others may end when they hear nothing of this server; so it answers only while it knows that it is heard.
   */
  readonly isConfirmed: boolean;
  /** This connection has more to ask than it may now; it hears `resumed` when its turn comes. */
  keepOut(connection: Connection): void;
  /** When a session of this server was heard of last, here; undefined when it was not since this server started. */
  heardOfMs(sessionId: bigint): number | undefined;
  /**
   * Of sessions that were silent for their timeout at this moment the leader may know by now; of no others. While this server
   * stands still it tells nothing.
   */
  readonly toldMs: number;
  /** This server leads, and has found that the session is over: its end is on its way, or waits for its turn. */
  isEnding(sessionId: bigint): boolean;
  /** The session was heard of: it lives on. */
  touch(sessionId: bigint): void;
  /** From now on this connection has the session; an older one is closed. */
  attach(connection: Connection): void;
  /** The connection is gone; nothing of it may stay. */
  detach(connection: Connection): void;
}
