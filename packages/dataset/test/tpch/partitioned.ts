import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context, ContextOptions } from "../../src/index.ts";
import { expectExchangeBetweenWorkers } from "../rdd/on-workers.ts";
import { firstDifference, openReference, runReference } from "./compare.ts";
import { generateTables } from "./generate.ts";
import { queries } from "./queries.ts";
import { officialQueries } from "./reference.ts";
import { openTables, type Tables } from "./tables.ts";

export interface PartitionedRun {
  readonly open: (options: ContextOptions) => Promise<Context>;
  readonly scale: number;
  readonly timeoutMs: number;
  /** Sides of joins that go to every task: 0 exchanges both sides of each join that has keys. */
  readonly broadcastBytesMax: number;
}

/** All queries cut into stages, against DuckDB's answers to the official texts. */
export function testPartitionedQueries({ open, scale, timeoutMs, broadcastBytesMax }: PartitionedRun): void {
  let directory: string;
  let tutti: Context;
  let tables: Tables;
  let reference: DuckDBConnection;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
    await generateTables(directory, scale);
    tutti = await open({ partitionedPlans: "always", broadcastBytesMax });
    tables = openTables(tutti, directory);
    reference = await openReference(directory);
  }, timeoutMs);
  afterAll(async () => {
    reference.closeSync();
    await tutti.close();
    await rm(directory, { recursive: true });
  });
  expectExchangeBetweenWorkers(() => [tutti]);

  test.each(queries.map((query, index) => [index + 1, query] as const))(
    "query %i of TPC-H in parts has the rows of the official SQL",
    { timeout: timeoutMs },
    async (number, query) => {
      const frame = query(tables);
      expect(await frame.explain()).toContain("== Stages ==");
      const ours = await frame.collect();
      const theirs = await runReference(reference, officialQueries[number - 1] ?? "");
      expect(theirs.length).toBeGreaterThan(0);
      expect(firstDifference(ours, theirs)).toBeUndefined();
    },
  );
}
