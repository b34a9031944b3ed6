import { type Clock, processClock as replicaClock } from "@tutti/consensus";
import { randomBytes } from "node:crypto";

/** Time, timers and chance: a server has all of them from here, so that a simulator can stand in for its process. */
export interface ServerClock extends Clock {
  /** Never goes back; its zero means nothing. */
  monotonicMs(): number;
  /** So many bytes that nobody can guess. */
  drawBytes(count: number): Uint8Array;
}

/** Those of this process. */
export const processClock: ServerClock = {
  ...replicaClock,
  monotonicMs: () => performance.now(),
  drawBytes: (count) => randomBytes(count),
};
