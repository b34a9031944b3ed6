/** Any function a user may hand over; what it takes and gives is the business of the module that calls it. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * The module that holds a task's code.
 *
 * Executors on this machine import `url`. Executors on others resolve `specifier` themselves, because a path of the
 * driver's machine means nothing there.
 */
export interface TaskModule {
  readonly specifier: string;
  readonly url: string;
}

/**
 * What a stage's tasks read.
 *
 * - `rows`: rows that the driver holds, one array for each task.
 * - `slice`: each task reads one slice of every output of an earlier stage, in the order of its partitions.
 * - `listed`: each task reads the whole outputs of the partitions listed for it.
 * - `all`: every task reads every slice of every output of an earlier stage.
 *
 * `first` is the partition of this stage that the first array, slice or list belongs to (default 0). Tasks before it,
 * and after the last, read nothing from this input: that is how one stage has several sources.
 */
export type StageInput =
  | { readonly kind: "rows"; readonly partitions: readonly (readonly unknown[])[]; readonly first?: number }
  | { readonly kind: "slice"; readonly from: OutputSource; readonly sliceCount: number; readonly first?: number }
  | {
      readonly kind: "listed";
      readonly from: OutputSource;
      readonly lists: readonly (readonly number[])[];
      readonly first?: number;
    }
  | { readonly kind: "all"; readonly from: OutputSource };

/** An earlier stage of the job, or what an earlier job left with the executor under a key. */
export type OutputSource = { readonly stage: number } | { readonly kept: string };

/**
 * A second look at the slices of a stage, when all its rows are there: where a slice has many more rows than the others, several tasks
 * share it. Each reads what some of the tasks before have written of it, and the slices of the other inputs whole.
 */
export interface SliceDivision {
  /** Inputs whose rows may be divided, by position: only those of which each row by itself makes rows of the output. */
  readonly inputs: readonly number[];
  /** How many tasks may share a slice. */
  readonly sharesMax: number;
  /** Slices of fewer rows are never divided. */
  readonly rowsMin: number;
}

/** The stage that an input waits for, if there is one. */
export function stageReadBy(input: StageInput): number | undefined {
  return input.kind === "rows" || "kept" in input.from ? undefined : input.from.stage;
}

/** A set of tasks that run the same code over different partitions, none of which waits for another. */
export interface Stage {
  /** Position in {@link JobGraph.stages}. Inputs name only smaller ids, so a graph has no cycles. */
  readonly id: number;
  /** For people: shown in progress, reports and errors. */
  readonly name: string;
  readonly partitionCount: number;
  readonly inputs: readonly StageInput[];
  readonly module: TaskModule;
  /** Name of the {@link TaskFunction} that the module exports. */
  readonly exportName: string;
  /** Plain data that every task gets. It crosses threads by structured clone. */
  readonly args: unknown;
  /** Plain data of one task each, where tasks differ: file splits, for example. */
  readonly partitionArgs?: readonly unknown[];
  /** Functions of the user's that the tasks call. They are captured once, before the job starts. */
  readonly closures: readonly AnyFunction[];
  /**
   * Its tasks do more than give rows: they call a service, or write where another attempt would. Two attempts at one of them never
   * run at once; without it a slow one may be overtaken by a second one on another worker, and the first result counts.
   */
  readonly hasEffects?: boolean;
  /**
   * Its slices may be divided. `partitionCount` is then that of the slices times `sharesMax`: the task `slice * sharesMax + share` reads
   * the slice, or its share of it, and those that nothing is left for do not run. All inputs are slices or read by every task, and
   * the tasks that write them say how many rows each slice has ({@link TaskOutput.sliceRows}).
   */
  readonly division?: SliceDivision;
  /** Keep the outputs with the executor under this key when the job is over, for `OutputSource.kept` of later jobs. */
  readonly keepAs?: string;
  /** Where to keep them. Default: `memory-and-disk`. */
  readonly keepIn?: KeepPlace;
  /**
   * Result stage only: stop once this many rows have arrived. Partitions are then started 1, 4, 16 … at a time, in
   * order, so that a `take(10)` does not read a whole file.
   */
  readonly rowsWanted?: number;
}

/**
 * Where outputs are kept.
 *
 * - `memory-and-disk`: in memory while the executor's budget lasts, in files beyond it.
 * - `memory`: in memory or not at all: where one of its outputs went to a file, the stage is not kept.
 * - `disk`: in files.
 *
 * In process there is no budget, so that the first two are the same.
 */
export type KeepPlace = "memory-and-disk" | "memory" | "disk";

/** A complete job. Its last stage is the result stage: the first slice of each of its tasks goes to the driver. */
export interface JobGraph {
  readonly name: string;
  readonly stages: readonly Stage[];
}

/** One attempt to run one task. */
export interface TaskAttempt {
  readonly stage: number;
  readonly partition: number;
  /** 0 for the first attempt. */
  readonly attempt: number;
}

/** What one stage did, for tables that people read. */
export interface StageReport {
  readonly stage: number;
  readonly name: string;
  readonly taskCount: number;
  readonly failedAttemptCount: number;
  /** Rows that its tasks wrote or returned. */
  readonly rowCount: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}
