import type { Executor } from "@tutti/runtime";
import type { Schema } from "../plan/data-type.ts";
import type { ScanNode } from "../plan/plan-node.ts";
import type { FrameSplit } from "../sources/frame-split.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import type { QueryOptions } from "./data-frame.ts";
import type { SaveMode } from "./frame-writer.ts";

/** Rows of a result, by column. */
export interface ColumnBatch {
  readonly columns: readonly ArrayLike<unknown>[];
  readonly rowCount: number;
}

/** Rows in memory, by column. */
export interface RowsInMemory {
  readonly schema: Schema;
  readonly rowCount: number;
  readonly columns: readonly (readonly unknown[])[];
}

export interface QueryRun {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: QueryOptions["onProgress"] | undefined;
  /** Rows in memory that the plan reads, by the ids of their attachments. */
  readonly local: ReadonlyMap<string, RowsInMemory>;
}

/** When and how plans run in parts. */
export interface PartitionedOptions {
  readonly mode: "always" | "auto";
  readonly executor: () => Executor;
  /** How many parts leaves and exchanges are cut into. Default: as many as tasks run at once, and two at least. */
  readonly partitionCount?: number | undefined;
  /** With `auto`: plans that read less run whole. */
  readonly bytesMin: number;
  /** Sides of joins up to this size go to every task whole. */
  readonly broadcastBytesMax: number;
  /** Of joins: slices of more rows than this may be shared by several tasks. */
  readonly skewedRowsMin: number;
}

export interface TextSchema {
  readonly plan: Extract<ResolvedPlan, { kind: "sql" }>;
  readonly local: ReadonlyMap<string, RowsInMemory>;
}

/** How rows become files, in the engine's words. */
export interface FileForm {
  /** The columns as they are to be named and typed, of `c0`, `c1` … */
  readonly columns: string;
  readonly clauses: readonly string[];
  /** Of file names, without the point. */
  readonly ending: string;
  /** Files lie in directories named by values: the engine makes them. */
  readonly isPartitioned: boolean;
}

/** The port behind which an engine runs analysed plans. */
export interface FrameEngine {
  /** The columns of files, by looking at them. */
  readonly schemaOfScan: (scan: ScanNode) => Promise<Schema>;
  /** The columns of an SQL text, without running it. */
  readonly schemaOfSql: (text: TextSchema) => Promise<Schema>;
  /** The text that {@link FrameEngine.run} runs. */
  readonly sqlOf: (plan: ResolvedPlan) => Promise<string>;
  /** The plan's rows in parts that tasks of RDDs read: about `count`, each a query of its own where that can be. */
  readonly split: (plan: ResolvedPlan, count: number, run: QueryRun) => Promise<readonly FrameSplit[]>;
  /** The stages that {@link FrameEngine.run} runs; undefined where it runs the plan whole. */
  readonly stagesOf: (plan: ResolvedPlan, run: QueryRun) => Promise<string | undefined>;
  readonly run: (plan: ResolvedPlan, run: QueryRun) => AsyncGenerator<ColumnBatch>;
  /** Runs a statement that is built around the query; gives how many rows it took. */
  readonly execute: (plan: ResolvedPlan, statement: (query: string) => string, run: QueryRun) => Promise<number>;
  readonly statement: (sql: string) => Promise<void>;
  /** Runs the query and says how the engine did it, with times and rows. */
  readonly profile: (plan: ResolvedPlan, run: QueryRun) => Promise<string>;
  /** Lets a directory appear whole or not at all. `write` fills a hidden one and gives how many rows that took. */
  /** Fills a directory with the rows of a plan, by as many tasks as it is cut into. Gives how many rows there were. */
  readonly copy: (
    plan: ResolvedPlan,
    target: { readonly form: FileForm; readonly directory: string },
    run: QueryRun,
  ) => Promise<number>;
  readonly write: (directory: string, mode: SaveMode, write: (hidden: string) => Promise<number>) => Promise<number>;
}
