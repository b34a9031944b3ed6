/** Time, and the chance that tells one process from another: a replica has both from here and from nowhere else. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970. It may jump, also back. */
  nowMs(): number;
  /** Runs once, when so much time has passed. Calling what it returns keeps it from running. */
  after(delayMs: number, run: () => void): () => void;
  /**
   * Runs again and again, until what it returns is called. A process that did not run for a while catches up on
   * nothing: however many times were missed, the next is one.
   */
  every(intervalMs: number, run: () => void): () => void;
  /** Runs once, when all that has arrived by now was handed over: with the event loop's next turn, not later. */
  soon(run: () => void): void;
  /** 64 bits that nobody else draws, not 0. */
  drawName(): bigint;
}
