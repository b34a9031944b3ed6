import type { StageReport, TaskAttempt } from "./job.ts";

/** A stage as it stands in the plan of a job. */
export interface StageOutline {
  readonly stage: number;
  readonly name: string;
  /** As planned: there are more where slices are shared (`Stage.division`), which `stageStarted` says. */
  readonly taskCount: number;
  /** The stages whose outputs it reads. */
  readonly reads: readonly number[];
  /** Those of them whose rows change places: each task reads a slice of every output, or all of it. */
  readonly shuffles: readonly number[];
}

/**
 * What happens while jobs run. Times are milliseconds of a monotonic clock. For people and logs: control flow uses
 * the promise that `run` returns.
 */
export interface JobEvents {
  jobStarted: [
    event: {
      readonly jobId: number;
      readonly name: string;
      readonly taskCount: number;
      readonly stages: readonly StageOutline[];
      readonly atMs: number;
    },
  ];
  stageStarted: [
    event: {
      readonly jobId: number;
      readonly stage: number;
      readonly name: string;
      readonly taskCount: number;
      readonly atMs: number;
    },
  ];
  /** On a cluster: it was given to a worker, or found there, given by a master before. */
  taskStarted: [
    event: TaskAttempt & {
      readonly jobId: number;
      readonly worker: string;
      readonly isAdopted: boolean;
      /** Whether it is to overtake a slow attempt at the same task. */
      readonly overtakes: boolean;
      readonly atMs: number;
    },
  ];
  /** Another attempt at its task was faster. */
  taskStopped: [event: TaskAttempt & { readonly jobId: number; readonly atMs: number }];
  taskFinished: [
    event: TaskAttempt & {
      readonly jobId: number;
      readonly rowCount: number;
      /** On a cluster: where it ran, and what it read from other workers. */
      readonly worker?: string;
      readonly fetchedBytes?: number;
      readonly atMs: number;
    },
  ];
  taskFailed: [
    event: TaskAttempt & {
      readonly jobId: number;
      readonly message: string;
      readonly willRetry: boolean;
      /** On a cluster: where it ran. */
      readonly worker?: string;
      readonly atMs: number;
    },
  ];
  stageFinished: [event: StageReport & { readonly jobId: number }];
  /** On a cluster. */
  workerJoined: [event: { readonly worker: string; readonly slotCount: number; readonly atMs: number }];
  workerLost: [event: { readonly worker: string; readonly reason: string; readonly atMs: number }];
  /** Too many tasks failed there: it gets no more, of a stage (`j7.2`) or of all, for so long. */
  workerExcluded: [
    event: {
      readonly worker: string;
      readonly stage: string | undefined;
      readonly reason: string;
      readonly forMs: number;
      readonly atMs: number;
    },
  ];
  /** It is excluded, and gets tasks all the same, since no other worker is there. */
  workerSpared: [
    event: {
      readonly worker: string;
      readonly stage: string | undefined;
      readonly reason: string;
      readonly atMs: number;
    },
  ];
  /** The time of an exclusion is over. */
  workerReleased: [event: { readonly worker: string; readonly stage: string | undefined; readonly atMs: number }];
  /** It holds so much memory that it takes no new tasks for a while, or takes them again. */
  workerPaused: [
    event: {
      readonly worker: string;
      readonly isPaused: boolean;
      readonly residentBytes: number;
      readonly atMs: number;
    },
  ];
  /** What a job left under this key is gone with a worker. Whoever needs it lets it be made again. */
  keptLost: [event: { readonly key: string; readonly atMs: number }];
  /** A `submit` or an item of a `map` has its answer. */
  callFinished: [event: { readonly callId: number; readonly attempt: number; readonly atMs: number }];
  callFailed: [
    event: {
      readonly callId: number;
      readonly attempt: number;
      readonly message: string;
      readonly willRetry: boolean;
      readonly atMs: number;
    },
  ];
  jobFinished: [event: { readonly jobId: number; readonly outcome: "succeeded" | "failed"; readonly atMs: number }];
}
