import type { Schema } from "../plan/data-type.ts";

/** What one partition of a frame's RDD reads: plain data, which any thread or process can open. */
export interface FrameSplit {
  readonly schema: Schema;
  readonly timeZone: string;
  readonly rows: QuerySplit | PieceSplit;
}

/** A query that the task runs by itself. */
export interface QuerySplit {
  readonly kind: "query";
  readonly query: string;
  /** The same where the engine's narrow decimals overflowed. */
  readonly wideQuery: string;
  /** The part of a leaf that is this task's, under the name that the query knows. */
  readonly leaf: { readonly name: string; readonly query: string };
}

/** Rows that the driver computed, as pieces of Parquet files. */
export interface PieceSplit {
  readonly kind: "pieces";
  readonly pieces: readonly (readonly [index: number, bytes: Uint8Array])[];
}
