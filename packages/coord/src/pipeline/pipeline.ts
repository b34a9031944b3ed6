import { isAllowed } from "../core/acl.ts";
import { type CoordMachine, reapablePaths } from "../core/coord-machine.ts";
import { anyServer, openedBefore, type Session } from "../core/session-table.ts";
import { SessionTracker } from "../core/session-tracker.ts";
import { WatchTable } from "../core/watch-table.ts";
import type { WatchEvent, WatcherId } from "../core/watch-table.ts";
import type { WriteOp } from "../core/write-request.ts";
import type { ConnectionHost } from "../ports/connection-host.ts";
import type { PipelineEnvironment } from "../ports/pipeline-environment.ts";
import type {
  Commit,
  CommitListener,
  Leader,
  ProposalToken,
  Replication,
  SessionReport,
} from "../ports/replication.ts";
import { permissions } from "../protocol/opcodes.ts";
import { encodeNotification } from "../protocol/responses.ts";
import type { ConnectionServices, PipelineOptions } from "./connection-services.ts";
import { Connection } from "./connection.ts";
import { SessionReports } from "./session-reports.ts";
import { TrafficStats } from "./traffic-stats.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Token and session id of the server's own proposals, whose outcome nobody waits for. */
const nobody = 0;
const noSession = 0n;
/** How long a connection may stay without a session; ZooKeeper's `zookeeper.nio.sessionlessCnxnTimeout`. */
const greetingMsMax = 10_000;

/** A server that stands still for less than this goes on as if nothing had been. */
const unconfirmedMsMaxMin = 500;

export interface PipelineParts {
  readonly machine: CoordMachine;
  readonly replication: Replication;
  readonly environment: PipelineEnvironment;
}

/**
 * Everything between connections and the replicated machine: sessions, requests, watches, expiry. A commit fires
 * its watches, then answers its request, in one synchronous step; so no reply overtakes an event that it reflects.
 */
export class Pipeline implements ConnectionServices, CommitListener {
  readonly options: PipelineOptions;
  readonly environment: PipelineEnvironment;
  readonly machine: CoordMachine;
  readonly replication: Replication;
  readonly watches: WatchTable = new WatchTable();
  readonly stats: TrafficStats = new TrafficStats();
  readonly #connections = new Map<WatcherId, Connection>();
  readonly #bySession = new Map<bigint, Connection>();
  readonly #room: WaitingRoom;
  /** On the leader alone. */
  #tracker: SessionTracker | undefined;
  #leader: Leader = "none";
  #isReadOnly = false;
  /** When sessions of this server that have no connection now were heard of last. */
  readonly #leftMs = new Map<bigint, number>();
  readonly #reports: SessionReports;
  #lastConnectionId = 0;
  #lastSessionId: bigint;

  constructor(options: PipelineOptions, { machine, replication, environment }: PipelineParts) {
    this.options = options;
    this.environment = environment;
    this.machine = machine;
    this.replication = replication;
    this.#room = new WaitingRoom(options.outstandingMax);
    this.#reports = new SessionReports({ replication, environment, onConfirmed: () => this.#room.letIn() });
    this.#lastSessionId = firstSessionId(options.serverId, environment.wallMs());
  }

  get connections(): ReadonlyMap<WatcherId, Connection> {
    return this.#connections;
  }

  /** Requests of all connections that wait for an answer. */
  get outstanding(): number {
    let sum = 0;
    for (const connection of this.#connections.values()) sum += connection.outstanding;
    return sum;
  }

  /** A new connection; its host hands in bytes by `receive`. */
  open(host: ConnectionHost): Connection {
    this.#lastConnectionId += 1;
    this.environment.tell("connectionOpened", { remote: host.remoteName });
    const connection = new Connection(this.#lastConnectionId, host, this);
    this.#connections.set(connection.id, connection);
    return connection;
  }

  get leader(): Leader {
    return this.#leader;
  }

  get isOverloaded(): boolean {
    return this.#room.isFull;
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  get isConfirmed(): boolean {
    if (this.#isRecentlyConfirmed) return true;
    this.report();
    return this.#isRecentlyConfirmed;
  }

  keepOut(connection: Connection): void {
    this.#room.keepOut(connection);
  }

  get #isRecentlyConfirmed(): boolean {
    return this.environment.monotonicMs() - this.#reports.confirmedMs <= this.#unconfirmedMsMax;
  }

  get #unconfirmedMsMax(): number {
    return Math.max(this.options.sessionTimeoutMsMin / 3, unconfirmedMsMaxMin);
  }

  /** Serves reads to those who ask for no more, until there is a leader. Without effect while there is one. */
  serveReadOnly(): void {
    this.#isReadOnly = this.#leader === "none";
  }

  /** Closes what never greeted; on the leader, expires what was silent for too long. Call it once a tick. */
  tick(): void {
    const nowMs = this.environment.monotonicMs();
    for (const connection of this.#connections.values()) {
      const { sessionId, isReadOnly, heardMs, timeoutMs } = connection;
      // Nobody else counts the silence of a session that only this server knows.
      const silentMsMax = sessionId === 0n ? greetingMsMax : isReadOnly ? timeoutMs : Number.POSITIVE_INFINITY;
      if (nowMs - heardMs > silentMsMax) connection.close();
    }
    this.#expire(this.#tracker?.expire(nowMs) ?? []);
  }

  #expire(sessionIds: readonly bigint[]): void {
    for (const sessionId of sessionIds) {
      this.environment.tell("sessionExpired", { sessionId });
      const openedZxid = this.machine.sessions.get(sessionId)?.openedZxid ?? openedBefore;
      this.#propose(sessionId, { type: "expireSession", openedZxid });
    }
  }

  /** Tells the leader which sessions live, and that this server does. Call it several times in the shortest timeout of a session. */
  report(): void {
    if (this.#leader !== "none") this.#reports.make();
  }

  /** Proposes to remove empty containers and TTL nodes that are over, on the leader alone. */
  reap(countMax: number): void {
    if (this.#leader !== "self") return;
    for (const path of reapablePaths(this.machine, this.environment.wallMs(), countMax)) {
      this.#propose(noSession, { type: "reap", path });
    }
  }

  ledBy(leader: Leader): void {
    this.#leader = leader;
    this.#reports.giveUp();
    if (this.#isReadOnly && leader !== "none") {
      this.#isReadOnly = false;
      // They come back as sessions of the ensemble.
      for (const connection of this.#connections.values()) if (connection.isReadOnly) connection.close();
    }
    this.#tracker = leader === "self" ? this.#trackAll() : undefined;
    this.report();
    if (leader !== "none") return;
    // Their clients must not wait for an answer that nobody can give; they come back, with their session.
    for (const connection of this.#connections.values()) if (connection.waitsForLeader) connection.close();
    this.#room.empty();
  }

  reported(report: SessionReport): void {
    this.#expire(this.#tracker?.reported(report, this.environment.monotonicMs()) ?? []);
  }

  /** Watches were set on a state that is gone, and what it became in between was never seen here. */
  restored(): void {
    this.closeAll();
    for (const sessionId of this.#leftMs.keys()) {
      if (this.machine.sessions.get(sessionId) === undefined) this.#leftMs.delete(sessionId);
    }
  }

  get toldMs(): number {
    return this.#reports.toldMs;
  }

  heardOfMs(sessionId: bigint): number | undefined {
    return this.#bySession.get(sessionId)?.heardMs ?? this.#leftMs.get(sessionId);
  }

  isEnding(sessionId: bigint): boolean {
    return this.#tracker?.has(sessionId) === false;
  }

  touch(sessionId: bigint): void {
    if (this.#tracker === undefined) this.#reports.hear(sessionId);
    else this.#tracker.touch(sessionId, this.environment.monotonicMs());
  }

  committed(commit: Commit): void {
    const { token, txn, result } = commit;
    for (const change of result.changes) this.#fire(change);
    if (txn.body.type === "createSession" || txn.body.type === "attachSession") this.#follow(txn.sessionId, txn.body);
    this.#room.leave(token)?.committed(token, commit);
    this.#room.letIn();
    if (txn.body.type === "closeSession") {
      this.environment.tell("sessionEnded", { sessionId: txn.sessionId });
      this.#tracker?.forget(txn.sessionId);
      this.#bySession.get(txn.sessionId)?.close();
      this.#leftMs.delete(txn.sessionId);
    }
  }

  synced(token: ProposalToken): void {
    this.#room.leave(token)?.synced(token);
    this.#room.letIn();
  }

  /** Closes every connection; sessions stay as they are. */
  closeAll(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  nextToken(connection: Connection): ProposalToken {
    return this.#room.enter(connection);
  }

  nextSessionId(): bigint {
    this.#lastSessionId += 1n;
    return this.#lastSessionId;
  }

  attach(connection: Connection): void {
    const older = this.#bySession.get(connection.sessionId);
    this.#bySession.set(connection.sessionId, connection);
    this.#leftMs.delete(connection.sessionId);
    older?.close();
  }

  detach(connection: Connection): void {
    const { sessionId, host } = connection;
    this.environment.tell("connectionClosed", { remote: host.remoteName, sessionId });
    this.#connections.delete(connection.id);
    this.#room.forget(connection);
    this.watches.removeWatcher(connection.id);
    if (this.#bySession.get(sessionId) !== connection) return;
    this.#bySession.delete(sessionId);
    if (!connection.isReadOnly) this.#leftMs.set(sessionId, connection.heardMs);
  }

  /** A session is new or has moved: the leader counts its silence, any other server lets go of it. */
  #follow(sessionId: bigint, session: Pick<Session, "timeoutMs" | "serverId">): void {
    this.#tracker?.track(sessionId, session, this.environment.monotonicMs());
    if (session.serverId === this.options.serverId) return;
    this.#bySession.get(sessionId)?.close();
    this.#leftMs.delete(sessionId);
  }

  /** A new leader has not heard of anybody yet, so everybody gets the whole timeout from now on. */
  #trackAll(): SessionTracker {
    const nowMs = this.environment.monotonicMs();
    const { tickTimeMs: tickMs, serverId } = this.options;
    const tracker = new SessionTracker({ tickMs, serverId, unconfirmedMsMax: this.#unconfirmedMsMax }, nowMs);
    for (const [sessionId, session] of this.machine.sessions.all) tracker.track(sessionId, session, nowMs);
    return tracker;
  }

  #propose(sessionId: bigint, op: WriteOp): void {
    this.replication.propose({ serverId: anyServer, sessionId, xid: 0, ids: [], op }, nobody);
  }

  #fire(change: Commit["result"]["changes"][number]): void {
    // One change has up to three events, each to many connections: encoded once per event, not per connection.
    let encoded: { event: WatchEvent; frame: Uint8Array } | undefined;
    this.watches.fire(change, (watcher, event) => {
      const connection = this.#connections.get(watcher);
      if (connection === undefined) return;
      // An event about a node that the connection may not read is dropped, and its watch is used up all the same.
      if (event.acl !== undefined && !isAllowed(event.acl, permissions.read, connection.ids)) return;
      if (encoded?.event !== event) encoded = { event, frame: encodeNotification(event.zxid, event) };
      connection.notify(encoded.frame);
    });
  }
}

/** As ZooKeeper makes them: the clock in the middle, the server in the high byte, so that restarts do not repeat. */
function firstSessionId(serverId: number, wallMs: bigint): bigint {
  const clock = BigInt.asUintN(64, wallMs << 24n) >> 8n;
  return BigInt.asIntN(64, clock | (BigInt(serverId) << 56n));
}
