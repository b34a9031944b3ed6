/** A clock that stands still until the next thing is due, in the place of the process's own. */
export interface VirtualTime {
  now(): number;
  after(delayMs: number, run: () => void): Scheduled;
  /** Runs what is due next, and all that follows from it at once. False: nothing is left. */
  next(): Promise<boolean>;
}

export interface Scheduled {
  readonly atMs: number;
  readonly number: number;
  run: (() => void) | undefined;
}

const realSetImmediate = setImmediate;

/**
 * Takes the place of timers and clocks of this process, for good: what runs under it must do no I/O, so that everything
 * that happens follows from what was scheduled.
 */
export function takeOverTime(): VirtualTime & { reset(): void } {
  let nowMs = 0;
  let count = 0;
  let queue: Scheduled[] = [];

  const after = (delayMs: number, run: () => void): Scheduled => {
    const one: Scheduled = { atMs: nowMs + Math.max(0, delayMs), number: (count += 1), run };
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = queue[middle];
      if (other !== undefined && other.atMs <= one.atMs) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, one);
    return one;
  };
  const cancel = (handle: unknown): void => {
    const one = (handle as { readonly scheduled?: Scheduled } | undefined)?.scheduled;
    if (one !== undefined) one.run = undefined;
  };
  const timeout = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): unknown => {
    const handle = {
      scheduled: after(delayMs, () => run(...args)),
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
    };
    return handle;
  };
  Object.assign(globalThis, { setTimeout: timeout, clearTimeout: cancel });
  Object.defineProperty(performance, "now", { value: () => nowMs });
  Date.now = () => nowMs;

  return {
    now: () => nowMs,
    after,
    async next() {
      const one = queue.shift();
      if (one === undefined) return false;
      nowMs = one.atMs;
      one.run?.();
      // Promises that are settled by now are all followed before anything else happens.
      if (one.run !== undefined) await new Promise<void>((resolve) => realSetImmediate(resolve));
      return true;
    },
    reset() {
      queue = [];
      nowMs = 0;
      count = 0;
    },
  };
}
