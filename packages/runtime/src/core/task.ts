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
   * One entry for each input of the stage. Each gives blocks of rows in the order of the partitions that wrote them,
   * so that a second attempt sees the same rows in the same order. Blocks that lie as bytes are decoded one by one, as
   * the iteration comes to them, and anew by each iteration.
   */
  readonly inputs: readonly Iterable<readonly unknown[]>[];
  /** How to stay within a budget. Absent in process, where rows are live values that have no size. */
  readonly memory?: TaskMemory | undefined;
  /**
   * To be awaited between batches: lets timers and signals through where the task shares its thread with the
   * application, and throws when the job is over for other reasons.
   */
  readonly checkpoint: () => Promise<void> | void;
}

/** What a task may hold at once, and where the rest goes. */
export interface TaskMemory {
  /** Rows of this many bytes, as `encodeRows` makes them. Live rows take some times that. It shrinks while memory is short. */
  readonly bytesMax: number;
  /** Gives slices before the end. They come before those of {@link TaskOutput.slices}, in the order of the calls. */
  readonly emit: (slices: readonly (readonly unknown[])[]) => void;
  /** Puts rows into a file of the task's own, which goes with it. Returns how to read them, as often as wanted. */
  readonly spill: (rows: readonly unknown[]) => () => unknown[];
}

/** What a task gives back: rows cut into slices, one for each task that will read them, or one for the driver. */
export interface TaskOutput {
  readonly slices: readonly (readonly unknown[])[];
  /** Rows to report, with those emitted before. For a stage with `rowsWanted` it counts what the driver gets. */
  readonly rowCount: number;
  /** Rows by slice, the same for each attempt: what {@link Stage.division} goes by. */
  readonly sliceRows?: readonly number[];
  /** What else the driver shall know, by name: plain data. It gets that of each successful task once. */
  readonly notes?: readonly TaskNote[];
}

/** Something that a task tells its job beside its rows: a part of an accumulator. */
export type TaskNote = readonly [name: string, value: unknown];

/** What a task module exports. It must give the same output for the same context: a lost attempt is repeated. */
export type TaskFunction = (context: TaskContext) => Promise<TaskOutput> | TaskOutput;
