/**
 * What a stage of an RDD job does, as plain data. Functions are numbers here, positions among the closures of the
 * stage; inputs are positions among its inputs.
 */
export interface StageProgram {
  /** In the order of the partitions. More than one where RDDs were united: each has rows of its own. */
  readonly branches: readonly Branch[];
  readonly sink: Sink;
}

/** Some partitions of a stage: read a source, run steps. */
export interface Branch {
  /** The partition of the stage that is this branch's first. */
  readonly first: number;
  readonly partitionCount: number;
  readonly source: Source;
  readonly steps: readonly Step[];
}

/** Where rows come from. */
export type Source =
  /** Rows as they arrive: the driver's own, or an earlier stage's. */
  | { readonly kind: "rows"; readonly input: number }
  /** Lines of text; the split is the task's own argument. */
  | { readonly kind: "text" }
  /** A part that `saveAsObjectFile` wrote; the path is the task's own argument. */
  | { readonly kind: "objects" }
  /** Whole files, as `[path, content]`; the path is the task's own argument. */
  | { readonly kind: "files"; readonly as: "text" | "bytes" }
  /** Rows of a Parquet file; the range is the task's own argument. */
  | { readonly kind: "parquet" }
  /** Rows of a frame, or arrays of some thousand of them; the query, or the rows themselves, are the task's own argument. */
  | { readonly kind: "frame"; readonly as: "rows" | "batches" }
  /** Pairs, one for each key, combined from the pairs of a slice. */
  | {
      readonly kind: "combined";
      readonly input: number;
      readonly create: number | undefined;
      readonly merge: number;
      /** For what was combined in parts. */
      readonly mergeCombiners: number;
    }
  /** `[key, [values of the first input], [values of the second] …]`, one for each key of any. */
  | { readonly kind: "cogrouped"; readonly inputs: readonly number[] }
  /** Rows in order. Equal keys keep the order of arrival. */
  | { readonly kind: "sorted"; readonly input: number; readonly key: number; readonly isAscending: boolean };

/** One element after another: these are fused into a loop. */
export interface ElementStep {
  readonly kind: "map" | "filter" | "flatMap";
  readonly fn: number;
}

/** What needs to know more than one element. They stand between loops. */
export type PartitionStep =
  /** All rows of the partition at once, and its index among those of the RDD where the step was added. */
  | { readonly kind: "partition"; readonly fn: number; readonly indexBase: number }
  /** A random part, the same for the same seed. */
  | {
      readonly kind: "sample";
      /** Of a draw in [0, 1): kept where it lies in [from, to). With replacement: the mean number of copies is `to`. */
      readonly from: number;
      readonly to: number;
      readonly withReplacement: boolean;
      readonly seed: number;
      readonly indexBase: number;
    }
  /** `[row, index]`, where the index counts on from the rows of the partitions before. */
  | { readonly kind: "index"; readonly counts: number; readonly indexBase: number }
  /** `[row, id]`: the k-th row of partition p of n has the id k × n + p. */
  | { readonly kind: "uniqueId"; readonly partitionCount: number; readonly indexBase: number }
  /** Each row with each row of the input. */
  | { readonly kind: "cartesian"; readonly input: number }
  /** Each row with the row at its place in the input. */
  | { readonly kind: "zip"; readonly input: number }
  /** Through a program, as lines. */
  | { readonly kind: "pipe"; readonly command: string; readonly args: readonly string[] };

export type Step = ElementStep | PartitionStep;

/** What becomes of a stage's rows. */
export type Sink =
  | { readonly kind: "collect"; readonly rowsMax?: number }
  | { readonly kind: "count" }
  /** `initial` is plain data; without it the first row takes its place. */
  | { readonly kind: "reduce"; readonly fn: number; readonly initial?: { readonly value: unknown } }
  /** Into a part file of a directory that is not visible yet. */
  | { readonly kind: "file"; readonly as: "text" | "objects"; readonly directory: string }
  /** Pairs by the hash of their key, those of one key combined first. */
  | {
      readonly kind: "combine";
      readonly create: number | undefined;
      readonly merge: number;
      readonly sliceCount: number;
    }
  /** Pairs by the hash of their key, or by what a function says of it. */
  | { readonly kind: "exchange"; readonly by: number | "key" | "turn"; readonly sliceCount: number }
  /** A few keys, to choose bounds from. */
  | { readonly kind: "sample"; readonly key: number }
  /** Bounds that cut the sampled keys into parts of equal size. */
  | { readonly kind: "bounds"; readonly sliceCount: number }
  /** Rows by the bounds that their key lies between. */
  | {
      readonly kind: "range";
      readonly key: number;
      readonly isAscending: boolean;
      readonly bounds: number;
      readonly sliceCount: number;
    };
