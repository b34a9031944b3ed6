import type { AnyFunction } from "../core/job.ts";

/** One attempt of a call. */
export interface Call<Code> {
  readonly code: Code;
  readonly args: readonly unknown[];
  /** What of them is handed over. */
  readonly transfers: readonly ArrayBuffer[];
}

export type CallAnswer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown };

/** A batch that was handed to a worker. */
export interface RunningBatch {
  /**
   * One answer for each call, in order. Rejects with `worker-lost` where another worker may do better, and with anything
   * else where it would do no better.
   */
  readonly answers: Promise<readonly CallAnswer[]>;
  /** Ends the worker, if it can be ended. */
  readonly abandon: () => void;
}

/** How calls reach workers. What the code of a function is, is the lane's own affair. */
export interface CallLane<Code> {
  /** How many batches may run at once, as it is now. At least 1. */
  readonly slotCount: () => number;
  /** Throws `cannot-travel`. What the function captures is as it is now. */
  prepare(fn: AnyFunction): Code;
  /** Frees what workers hold of it. */
  forget(code: Code): void;
  /** Runs calls on one worker, one after another. Called at most so many times at once as there are slots. */
  run(batch: readonly Call<Code>[]): RunningBatch;
}
