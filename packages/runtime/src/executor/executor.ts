import type { EventEmitter } from "eventemitter3";
import type { Submitter } from "../calls/submitter.ts";
import type { JobEvents } from "../core/job-events.ts";
import type { JobGraph, StageReport } from "../core/job.ts";
import type { TaskNote } from "../core/task.ts";

/** Subscribing is public, emitting is not. */
export type EventSource<E extends object> = Pick<EventEmitter<E>, "on" | "once" | "off">;

/** How a job may be given up. */
export interface RunOptions {
  /**
   * Aborting ends the job with `canceled`, as soon as its tasks have stopped: at their next batch, or after a second with
   * their thread.
   */
  readonly signal?: AbortSignal | undefined;
  /** The job ends with `timeout` when it takes longer. Default: no limit. */
  readonly timeoutMs?: number | undefined;
}

/** What a job gave. */
export interface JobResult {
  /** Rows of the result stage, one array for each partition that ran, in the order of the partitions. */
  readonly partitions: readonly (readonly unknown[])[];
  /** What tasks noted for the driver, that of each successful task once, in the order of stages and partitions. */
  readonly notes: readonly TaskNote[];
  /** Keys ({@link Stage.keepAs}) of the stages whose outputs the executor has kept. */
  readonly kept: readonly string[];
  /** In the order in which the stages finished. */
  readonly stages: readonly StageReport[];
}

/** Runs jobs and single calls: in this process, on threads, or (`@tutti/runtime/cluster`) on other machines. */
export interface Executor extends Submitter, AsyncDisposable {
  /** How many tasks run at once. */
  readonly slotCount: number;
  /** Whether tasks run in other processes, so that their memory and cores are not this one's. */
  readonly isRemote: boolean;
  /** What happens meanwhile, for progress and logs. */
  readonly events: EventSource<JobEvents>;
  /**
   * Runs a job to its end. When the promise settles, no task of the job runs any more.
   *
   * Before anything starts, every function of the job is checked: one that could not travel is refused with
   * `cannot-travel` on every executor, so that moving a program to another one does not change its answer.
   */
  run(job: JobGraph, options?: RunOptions): Promise<JobResult>;
  /** Frees what a job left under this key ({@link Stage.keepAs}). Harmless where nothing is. */
  release(key: string): void;
  /** Ends what runs with `executor-closed` and frees what is held. Calling it twice is harmless. */
  close(): Promise<void>;
}
