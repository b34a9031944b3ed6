import type { Clock } from "../ports/clock.ts";

/** The clock, the timers and the chance of this process. */
export const processClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  soon: (run) => {
    setImmediate(run);
  },
  drawName: () => crypto.getRandomValues(new BigUint64Array(1))[0] || 1n,
};
