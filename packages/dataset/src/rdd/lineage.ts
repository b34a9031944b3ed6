import type { AnyFunction } from "@tutti/runtime";

/**
 * How an RDD comes about: frozen, lazy, shared by all RDDs that are built on it. Nothing here has run or been looked
 * at, files included.
 */
export type Lineage = SourceNode | StepNode | ReduceByKeyNode | SortByNode;

export type SourceNode = RowsNode | TextNode | ParquetNode;

export interface RowsNode {
  readonly kind: "rows";
  readonly partitions: readonly (readonly unknown[])[];
}

export interface TextNode {
  readonly kind: "text";
  readonly path: string;
  readonly partitionsMin: number;
}

export interface ParquetNode {
  readonly kind: "parquet";
  readonly path: string;
  readonly columns: readonly string[] | undefined;
  readonly partitionsMin: number;
}

/** Narrow: each partition depends on one partition of the input. */
export interface StepNode {
  readonly kind: "map" | "filter" | "flatMap";
  readonly input: Lineage;
  readonly fn: AnyFunction;
}

/** Wide: each partition depends on all partitions of the input. */
export interface ReduceByKeyNode {
  readonly kind: "reduceByKey";
  readonly input: Lineage;
  readonly fn: AnyFunction;
  readonly partitionCount: number | undefined;
}

/** Wide. */
export interface SortByNode {
  readonly kind: "sortBy";
  readonly input: Lineage;
  readonly key: AnyFunction;
  readonly isAscending: boolean;
  readonly partitionCount: number | undefined;
}

/** The sources that a lineage reads, from the top. */
export function sourcesOf(lineage: Lineage): readonly SourceNode[] {
  return "input" in lineage ? sourcesOf(lineage.input) : [lineage];
}
