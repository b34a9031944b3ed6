import type { SessionReport } from "../ports/replication.ts";
import { anyServer } from "./session-table.ts";

interface Tracked {
  timeoutMs: number;
  /** The one that hears of it; `anyServer` where none does. */
  serverId: number;
  /** Of that server, in which it may have heard of it last; undefined when the leader is too new to know. */
  life: bigint | undefined;
  /** By the time that moves while somebody could be heard. */
  heardMs: number;
  /** End of the bucket in which the session is; always a multiple of the tick. */
  bucketMs: number;
}

/** When a server told of its sessions, in this life of it. */
interface Reports {
  readonly life: bigint;
  lastMs: number;
  lastButOneMs: number;
}

export interface TrackerOptions {
  readonly tickMs: number;
  /** The leader itself, which hears its sessions without a report. */
  readonly serverId: number;
  /** For so long a server answers clients though no report of its is confirmed. */
  readonly unconfirmedMsMax: number;
}

/** Clocks of servers run differently fast, though none twice as fast as another. */
const clockRatioMax = 2;

/**
 * When sessions expire: on the leader alone, by a monotonic clock that is handed in. Deadlines are rounded up to
 * ticks, so that a session ends between its timeout and one tick later, and a tick looks only at what is due.
 *
 * A session that another server has must not end while that server goes on answering its client. So it ends when its
 * server has told that it did not hear of it for the whole timeout; or when the server must have stopped answering, since
 * nothing that it told was confirmed for so long, and the timeout has passed since.
 */
export class SessionTracker {
  readonly #options: TrackerOptions;
  readonly #sessions = new Map<bigint, Tracked>();
  readonly #buckets = new Map<number, Set<bigint>>();
  readonly #reports = new Map<number, Reports>();
  /** Silent for their timeouts, as far as is known here. */
  readonly #overdue = new Set<bigint>();
  readonly #startedMs: number;
  #tickedMs: number;
  /** How far deadlines were moved because nobody could have been heard. */
  #shiftMs = 0;

  constructor(options: TrackerOptions, nowMs: number) {
    this.#options = options;
    this.#startedMs = nowMs;
    this.#tickedMs = nowMs;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Whether its silence is counted. It is not, once it was found to be over. */
  has(sessionId: bigint): boolean {
    return this.#sessions.has(sessionId);
  }

  /** Starts or goes on; also how a re-attached session gets a new timeout and another server. */
  track(sessionId: bigint, { timeoutMs, serverId }: Pick<Tracked, "timeoutMs" | "serverId">, nowMs: number): void {
    const tracked = this.#sessions.get(sessionId);
    const life = this.#reports.get(serverId)?.life;
    if (tracked === undefined) this.#sessions.set(sessionId, { timeoutMs, serverId, life, heardMs: 0, bucketMs: -1 });
    else Object.assign(tracked, { timeoutMs, serverId, life });
    this.touch(sessionId, nowMs);
  }

  /** Anything that is heard of a session keeps it alive. */
  touch(sessionId: bigint, nowMs: number): void {
    const tracked = this.#sessions.get(sessionId);
    if (tracked === undefined) return;
    const { tickMs } = this.#options;
    tracked.heardMs = nowMs - this.#shiftMs;
    const bucketMs = (Math.floor(deadlineOf(tracked) / tickMs) + 1) * tickMs;
    if (bucketMs === tracked.bucketMs) return;
    this.#leaveBucket(sessionId, tracked.bucketMs);
    tracked.bucketMs = bucketMs;
    const bucket = this.#buckets.get(bucketMs) ?? new Set<bigint>();
    this.#buckets.set(bucketMs, bucket.add(sessionId));
  }

  /**
   * Another server tells of the sessions that it has heard of. It tells nothing more until it knows that this came: what it
   * tells next, it will have heard after now. Returns the sessions that are over by that, as `expire` does.
   *
   * A server that was started again may have heard of sessions just before its end, and told nobody: of those that it had in
   * that life, since a session is attached again by a transaction after a start.
   */
  reported({ serverId, life, sessionIds }: SessionReport, nowMs: number): readonly bigint[] {
    const servedMs = nowMs - this.#shiftMs;
    const before = this.#reports.get(serverId);
    const lastButOneMs = before?.life === life ? before.lastMs : Number.NEGATIVE_INFINITY;
    this.#reports.set(serverId, { life, lastMs: servedMs, lastButOneMs });
    if (before !== undefined && before.life !== life) this.#touchAllOf(serverId, before.life, nowMs);
    for (const sessionId of sessionIds) {
      const tracked = this.#sessions.get(sessionId);
      if (tracked?.serverId === serverId) tracked.life = life;
      this.touch(sessionId, nowMs);
    }
    return this.#takeOver(servedMs);
  }

  #touchAllOf(serverId: number, life: bigint, nowMs: number): void {
    for (const [sessionId, tracked] of this.#sessions) {
      if (tracked.serverId !== serverId || (tracked.life ?? life) !== life) continue;
      tracked.life = life;
      this.touch(sessionId, nowMs);
    }
  }

  forget(sessionId: bigint): void {
    const tracked = this.#sessions.get(sessionId);
    if (tracked === undefined) return;
    this.#leaveBucket(sessionId, tracked.bucketMs);
    this.#sessions.delete(sessionId);
  }

  /**
   * Sessions that are over; they are forgotten. Call it once a tick.
   *
   * 1. The event loop is blocked for longer than a session's timeout; pings wait in the socket meanwhile.
   * 2. It is free again, and the timer comes first: everybody looks silent.
   * Remedy: a call that comes later than two ticks moves all deadlines by the gap and expires nobody, so that what
   * waits in the sockets is read before the next one.
   */
  expire(nowMs: number): readonly bigint[] {
    const gapMs = nowMs - this.#tickedMs;
    this.#tickedMs = nowMs;
    if (gapMs > 2 * this.#options.tickMs) {
      this.#shiftMs += gapMs;
      this.#capReports(nowMs - this.#shiftMs);
      return [];
    }
    const servedMs = nowMs - this.#shiftMs;
    for (const [bucketMs, sessionIds] of this.#buckets) {
      if (bucketMs > servedMs) continue;
      for (const sessionId of sessionIds) this.#overdue.add(sessionId);
      this.#buckets.delete(bucketMs);
    }
    return this.#takeOver(servedMs);
  }

  /** What came within a gap that is left out came before all that is heard from now on. */
  #capReports(servedMs: number): void {
    for (const reports of this.#reports.values()) {
      reports.lastMs = Math.min(reports.lastMs, servedMs);
      reports.lastButOneMs = Math.min(reports.lastButOneMs, servedMs);
    }
  }

  /** The overdue ones whose clients nobody can be answering any more. */
  #takeOver(servedMs: number): readonly bigint[] {
    if (this.#overdue.size === 0) return [];
    const over = [...this.#overdue].filter((sessionId) => {
      const tracked = this.#sessions.get(sessionId);
      return tracked !== undefined && this.#isOver(tracked, servedMs);
    });
    for (const sessionId of over) this.forget(sessionId);
    return over;
  }

  #isOver(tracked: Tracked, servedMs: number): boolean {
    const { serverId, unconfirmedMsMax } = this.#options;
    if (tracked.serverId === serverId || tracked.serverId === anyServer) return true;
    const reports = this.#reports.get(tracked.serverId);
    // The last report was sent after the one before it had come, and does not name the session.
    if (reports !== undefined && reports.lastButOneMs >= deadlineOf(tracked)) return true;
    const answersUntilMs = (reports?.lastMs ?? this.#startedMs) + clockRatioMax * unconfirmedMsMax;
    return servedMs >= answersUntilMs + tracked.timeoutMs;
  }

  #leaveBucket(sessionId: bigint, bucketMs: number): void {
    this.#overdue.delete(sessionId);
    const bucket = this.#buckets.get(bucketMs);
    bucket?.delete(sessionId);
    if (bucket?.size === 0) this.#buckets.delete(bucketMs);
  }
}

function deadlineOf({ heardMs, timeoutMs }: Tracked): number {
  return heardMs + timeoutMs;
}
