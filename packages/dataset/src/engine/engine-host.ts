import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnBatch, QueryRun } from "../frame/frame-engine.ts";
import type { Schema } from "../plan/data-type.ts";
import type { ScanNode } from "../plan/plan-node.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import type { FoundScan } from "./scan.ts";

/** What the engine of a context lends. */
export interface EngineHost {
  readonly timeZone: string;
  readonly withConnection: <T>(use: (connection: DuckDBConnection) => Promise<T>) => Promise<T>;
  readonly find: (scan: ScanNode, connection: DuckDBConnection) => Promise<FoundScan>;
  readonly compile: (plan: ResolvedPlan, connection: DuckDBConnection, isWide?: boolean) => Promise<string>;
  readonly execute: <T>(
    plan: ResolvedPlan,
    use: (query: string, connection: DuckDBConnection) => Promise<T>,
    run: QueryRun,
  ) => Promise<T>;
  /** The rows of a query of columns of these types. */
  readonly stream: (query: string, schema: Schema, run: QueryRun) => AsyncGenerator<ColumnBatch>;
}
