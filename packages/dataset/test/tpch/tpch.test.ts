import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContext, type Context } from "../../src/index.ts";
import { firstDifference, openReference, runReference } from "./compare.ts";
import { generateTables } from "./generate.ts";
import { queries } from "./queries.ts";
import { officialQueries } from "./reference.ts";
import { openTables, tableNames, type Tables } from "./tables.ts";

/** Real data, where somebody has it: a directory of Parquet files by tpchgen-cli. */
const given = process.env["TPCH_DIRECTORY"];

let directory: string;
let tutti: Context;
let tables: Tables;
let reference: DuckDBConnection;
beforeAll(async () => {
  directory = given ?? (await mkdtemp(path.join(tmpdir(), "tutti-")));
  if (!existsSync(path.join(directory, "lineitem.parquet"))) await generateTables(directory, 0.01);
  tutti = createContext();
  tables = openTables(tutti, directory);
  reference = await openReference(directory);
});
afterAll(async () => {
  reference.closeSync();
  await tutti.close();
  if (given === undefined) await rm(directory, { recursive: true });
});

test.each(queries.map((query, index) => [index + 1, query] as const))(
  "query %i of TPC-H has the rows of the official SQL",
  async (number, query) => {
    const ours = await query(tables).collect();
    const theirs = await runReference(reference, officialQueries[number - 1] ?? "");
    expect(theirs.length).toBeGreaterThan(0);
    expect(firstDifference(ours, theirs)).toBeUndefined();
  },
);

test("the official texts give the same through tutti.sql, over views", async () => {
  for (const name of tableNames) tables[name].createOrReplaceTempView(name);
  for (const [index, text] of officialQueries.entries()) {
    const ours = await tutti.sql(Object.assign([text], { raw: [text] })).collect();
    expect(firstDifference(ours, await runReference(reference, text)), `query ${index + 1}`).toBeUndefined();
  }
});
