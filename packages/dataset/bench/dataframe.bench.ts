import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { createContext, struct, t } from "../src/index.ts";
import { connectEngine } from "../src/engine/duckdb.ts";
import { firstDifference, openReference, runReference } from "../test/tpch/compare.ts";
import { generateTables } from "../test/tpch/generate.ts";
import { queries } from "../test/tpch/queries.ts";
import { officialQueries } from "../test/tpch/reference.ts";
import { openTables } from "../test/tpch/tables.ts";

const objectCount = 1_000_000;

/** Of the generated tables. Threads and memory are the same for both sides: one engine runs them. */
const scale = 0.5;

/** `npm run bench -- dataframe`: what frames cost over the engine's own SQL. `TPCH_DIRECTORY`: tables of tpchgen-cli. */
export const benchmark: Benchmark = {
  name: "dataframe",
  async open() {
    const given = process.env["TPCH_DIRECTORY"];
    const directory = given ?? (await mkdtemp(path.join(tmpdir(), "tutti-")));
    if (!existsSync(path.join(directory, "lineitem.parquet"))) await generateTables(directory, scale);
    const tutti = createContext();
    const engine = await openReference(directory);
    const tpch = queries.map((query, index): BenchmarkCase => {
      const text = officialQueries[index] ?? "";
      return {
        name: `TPC-H query ${index + 1}: built, analysed, compiled, rows out`,
        unit: "queries",
        unitCount: 1,
        reference: "official SQL on the binding, row objects out",
        targetRatioMax: 1.3,
        async prepare() {
          const wrong = firstDifference(
            await query(openTables(tutti, directory)).collect(),
            await runReference(engine, text),
          );
          if (wrong !== undefined) throw new Error(`query ${index + 1}: ${wrong}`);
        },
        runOurs: async () => (await query(openTables(tutti, directory)).collect()).length,
        runReference: async () => (await runReference(engine, text)).length,
      };
    });
    const file = path.join(directory, "numbers.parquet");
    await engine.run(
      `copy (select range::integer as a, (range * 7 % 1000)::integer as b, range / 3.0 as c from range(${objectCount})) to '${file}' (format parquet)`,
    );
    const numbers = tutti.read.schema(struct({ a: t.int, b: t.int, c: t.double })).parquet(file);
    const plain = await connectEngine();
    const rows: BenchmarkCase = {
      name: "a million rows of three numbers as objects",
      unit: "rows",
      unitCount: objectCount,
      reference: "row objects of the binding",
      targetRatioMax: 1 / 1.6,
      runOurs: async () => (await numbers.collect()).length,
      runReference: async () =>
        (await (await plain.stream(`select a, b, c from read_parquet('${file}')`)).getRowObjectsJS()).length,
    };
    const loop: BenchmarkCase = {
      ...rows,
      name: "the same, one row at a time by for await",
      async runOurs() {
        let count = 0;
        for await (const row of numbers) count += row.a >= 0 ? 1 : 0;
        return count;
      },
    };
    return {
      cases: [...tpch, rows, loop],
      async close() {
        engine.closeSync();
        plain.closeSync();
        await tutti.close();
        if (given === undefined) await rm(directory, { recursive: true });
      },
    };
  },
};
