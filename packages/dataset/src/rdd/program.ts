/**
 * What a stage of an RDD job does, as plain data: read a source, run steps, end in a sink. Functions are numbers here,
 * positions among the closures of the stage.
 */
export interface StageProgram {
  readonly source: Source;
  readonly steps: readonly Step[];
  readonly sink: Sink;
}

/** Where a stage's rows come from. `input` is a position among the stage's inputs. */
export type Source =
  /** Rows as they arrive: the driver's own, or slices of an earlier stage. */
  | { readonly kind: "rows"; readonly input: number }
  /** Lines of text; the split is the task's own argument. */
  | { readonly kind: "text" }
  /** Rows of a Parquet file; the range is the task's own argument. */
  | { readonly kind: "parquet" }
  /** Pairs, one for each key, merged from slices. */
  | { readonly kind: "combined"; readonly input: number; readonly combine: number }
  /** Rows in order. Equal keys keep the order of arrival. */
  | { readonly kind: "sorted"; readonly input: number; readonly key: number; readonly isAscending: boolean };

/** What happens to one element after another. */
export type Step = { readonly kind: "map" | "filter" | "flatMap"; readonly fn: number };

/** What becomes of a stage's rows. The first four go to the driver. */
export type Sink =
  | { readonly kind: "collect"; readonly rowsMax?: number }
  | { readonly kind: "count" }
  | { readonly kind: "reduce"; readonly fn: number }
  /** Lines into a part file of a directory that is not visible yet. */
  | { readonly kind: "text"; readonly directory: string }
  /** Pairs by the hash of their key, those of one key combined first. */
  | { readonly kind: "combine"; readonly combine: number; readonly sliceCount: number }
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
