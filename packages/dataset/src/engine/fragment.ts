import type { FileForm } from "../frame/frame-engine.ts";
import type { JsSignature } from "../plan/functions/js-call.ts";

/** What the tasks of one stage of SQL do: plain data, made by the driver. Texts are in the engine's words. */
export interface FragmentProgram {
  readonly timeZone: string;
  /** Tasks refuse to run on another version of the engine than the driver's. */
  readonly engineVersion: string;
  readonly branches: readonly FragmentBranch[];
  readonly output: FragmentOutput;
  /** Functions in JavaScript that the texts call, in the order of the stage's closures. */
  readonly functions: readonly JsSignature[];
}

export interface FragmentBranch {
  /** The partition of the stage that is this branch's first. */
  readonly first: number;
  readonly partitionCount: number;
  /** The query; and the same where the engine's narrow decimals overflowed. */
  readonly query: string;
  readonly wideQuery: string;
  /** Partial aggregates alone: see {@link UnreducedQuery}. */
  readonly unreduced?: UnreducedQuery;
  /** The name under which the task's own part of a leaf is read; what it is, is the task's own argument. */
  readonly leafName?: string;
  readonly reads: readonly FragmentRead[];
}

/** To be run instead where the keys of the first rows are nearly all different. */
export interface UnreducedQuery {
  readonly keys: string;
  readonly query: string;
  readonly wideQuery: string;
}

/** An input that comes as blocks: Parquet files in pieces. */
export interface FragmentRead {
  readonly name: string;
  /** Position among the inputs of the stage. */
  readonly input: number;
  /** A query of the same columns and no row. */
  readonly empty: string;
}

export type FragmentOutput =
  /** Files, put aside in a directory that all tasks see. The driver gives those that count their names. */
  | { readonly kind: "files"; readonly form: FileForm; readonly directory: string }
  | { readonly kind: "gather"; readonly columns: string }
  /** `slice`: an expression over the columns for the slice that a row belongs to. */
  | { readonly kind: "slices"; readonly columns: string; readonly slice: string; readonly sliceCount: number }
  /** `key`: an expression over the columns; some of its values, evenly, are what the task gives. */
  | { readonly kind: "sample"; readonly key: string }
  /** The slice is the number of bounds that are not above the key. Bounds are chosen from the keys of an input. */
  | {
      readonly kind: "range";
      readonly columns: string;
      readonly key: string;
      readonly bounds: string;
      readonly sliceCount: number;
    };

/** What a task is told of its own part of a leaf. */
export interface LeafPart {
  /** A query; or rows that the driver sends as blocks of an input. */
  readonly query?: string;
}
