interface Tracked {
  timeoutMs: number;
  /** End of the bucket in which the session is; always a multiple of the tick. */
  bucketMs: number;
}

/**
 * When sessions expire: on the leader alone, by a monotonic clock that is handed in. Deadlines are rounded up to
 * ticks, so that a session ends between its timeout and one tick later, and a tick looks only at what is due.
 */
export class SessionTracker {
  readonly #tickMs: number;
  readonly #sessions = new Map<bigint, Tracked>();
  readonly #buckets = new Map<number, Set<bigint>>();
  #tickedMs: number;
  /** How far deadlines were moved because nobody could have been heard. */
  #shiftMs = 0;

  constructor(tickMs: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#tickedMs = nowMs;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Starts or goes on; also how a re-attached session gets a new timeout. */
  track(sessionId: bigint, timeoutMs: number, nowMs: number): void {
    const tracked = this.#sessions.get(sessionId);
    if (tracked === undefined) this.#sessions.set(sessionId, { timeoutMs, bucketMs: -1 });
    else tracked.timeoutMs = timeoutMs;
    this.touch(sessionId, nowMs);
  }

  /** Anything that is heard of a session keeps it alive. */
  touch(sessionId: bigint, nowMs: number): void {
    const tracked = this.#sessions.get(sessionId);
    if (tracked === undefined) return;
    const deadlineMs = nowMs - this.#shiftMs + tracked.timeoutMs;
    const bucketMs = (Math.floor(deadlineMs / this.#tickMs) + 1) * this.#tickMs;
    if (bucketMs === tracked.bucketMs) return;
    this.#leaveBucket(sessionId, tracked.bucketMs);
    tracked.bucketMs = bucketMs;
    const bucket = this.#buckets.get(bucketMs) ?? new Set<bigint>();
    this.#buckets.set(bucketMs, bucket.add(sessionId));
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
    if (gapMs > 2 * this.#tickMs) {
      this.#shiftMs += gapMs;
      return [];
    }
    const expired: bigint[] = [];
    for (const [bucketMs, sessionIds] of this.#buckets) {
      if (bucketMs > nowMs - this.#shiftMs) continue;
      expired.push(...sessionIds);
      this.#buckets.delete(bucketMs);
    }
    for (const sessionId of expired) this.#sessions.delete(sessionId);
    return expired;
  }

  #leaveBucket(sessionId: bigint, bucketMs: number): void {
    const bucket = this.#buckets.get(bucketMs);
    bucket?.delete(sessionId);
    if (bucket?.size === 0) this.#buckets.delete(bucketMs);
  }
}
