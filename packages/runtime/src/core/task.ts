import type { AnyFunction } from "./job.ts";

/** What an attempt of a task is given. */
export interface TaskContext {
  readonly stageName: string;
  readonly partition: number;
  readonly attempt: number;
  /** {@link Stage.args} of its stage. */
  readonly args: unknown;
  /** Its own entry of {@link Stage.partitionArgs}. */
  readonly partitionArgs: unknown;
  /** {@link Stage.closures}, callable here. */
  readonly closures: readonly AnyFunction[];
  /**
   * One entry for each input of the stage. Each holds blocks of rows in the order of the partitions that wrote them,
   * so that a second attempt sees the same rows in the same order.
   */
  readonly inputs: readonly (readonly (readonly unknown[])[])[];
  /**
   * To be awaited between batches: lets timers and signals through where the task shares its thread with the
   * application, and throws when the job is over for other reasons.
   */
  readonly checkpoint: () => Promise<void> | void;
}

/** What a task gives back: rows cut into slices, one for each task that will read them, or one for the driver. */
export interface TaskOutput {
  readonly slices: readonly (readonly unknown[])[];
  /** Rows to report. For a stage with `rowsWanted` it counts what the driver gets. */
  readonly rowCount: number;
  /** What else the driver shall know, by name: plain data. It gets that of each successful task once. */
  readonly notes?: readonly TaskNote[];
}

export type TaskNote = readonly [name: string, value: unknown];

/** What a task module exports. It must give the same output for the same context: a lost attempt is repeated. */
export type TaskFunction = (context: TaskContext) => Promise<TaskOutput> | TaskOutput;
