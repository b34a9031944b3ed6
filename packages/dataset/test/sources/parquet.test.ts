import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectEngine, sqlText } from "../../src/engine/duckdb.ts";
import { createContext, type Context } from "../../src/index.ts";
import { planParquetRanges } from "../../src/sources/parquet.ts";

let directory: string;
let tutti: Context;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-"));
  tutti = createContext();
});
afterAll(async () => {
  await tutti.close();
  await rm(directory, { recursive: true });
});

async function write(name: string, query: string, options = ""): Promise<string> {
  const file = path.join(directory, name);
  const engine = await connectEngine();
  await engine.run(`copy (${query}) to ${sqlText(file)} (format parquet${options})`);
  engine.closeSync();
  return file;
}

test("each type arrives as the JavaScript value that keeps it whole, and NULL as null", async () => {
  const file = await write(
    "types.parquet",
    `select * from (values
      (1::tinyint, 2::integer, 3::bigint, 1.5::double, true, 'text', '\\xAB'::blob, date '2001-02-03',
       timestamp '2001-02-03 04:05:06.789', 2::hugeint),
      (null, null, null, null, null, null, null, null, null, null))
      as t(tiny, int, big, real, yes, word, bytes, day, moment, "it's ""huge""")`,
  );
  const nothing = { tiny: null, int: null, big: null, real: null, yes: null, word: null, bytes: null, day: null };
  expect(await tutti.parquetRows(file).collect()).toEqual([
    {
      tiny: 1,
      int: 2,
      big: 3n,
      real: 1.5,
      yes: true,
      word: "text",
      bytes: Uint8Array.of(0xab),
      day: new Date("2001-02-03T00:00:00Z"),
      moment: new Date("2001-02-03T04:05:06.789Z"),
      // Parquet has no 128-bit integers; the engine writes them as doubles.
      'it\'s "huge"': 2,
    },
    { ...nothing, moment: null, 'it\'s "huge"': null },
  ]);
});

test("files are cut at row groups, and every row is read once, in order", async () => {
  const file = await write("groups.parquet", "select range::integer as n from range(10000)", ", row_group_size 2048");
  for (const partitionsMin of [1, 2, 3, 100]) {
    const ranges = await planParquetRanges(file, { columns: undefined, partitionsMin });
    expect(ranges.length).toBe(Math.min(partitionsMin, 5));
    const rows = await tutti.parquetRows<{ n: number }>(file, { partitionCount: partitionsMin }).collect();
    expect(rows.map((row) => row.n)).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  }
});

test("only the named columns are read, in the named order, whatever they are called", async () => {
  const file = await write("names.parquet", `select 1 as a, 2 as "__proto__", 3 as "select"`);
  const rows = await tutti.parquetRows(file, { columns: ["select", "__proto__"] }).collect();
  expect(Object.entries(rows[0] ?? {})).toEqual([
    ["select", 3],
    ["__proto__", 2],
  ]);
});

test("a column that is not there is refused with those that are", async () => {
  const file = await write("columns.parquet", "select 1 as origin, 2 as delay");
  const rows = tutti.parquetRows(file, { columns: ["delay", "orgin"] });
  await expect(rows.collect()).rejects.toThrow("has no column orgin; it has origin, delay");
});

test("a type that has no JavaScript value, and a timestamp that a Date cannot hold, are refused by column", async () => {
  const lists = await write("lists.parquet", "select [1, 2] as numbers");
  await expect(tutti.parquetRows(lists).count()).rejects.toThrow("the column numbers has the type INTEGER[]");
  const fine = await write("fine.parquet", "select timestamp '2001-02-03 04:05:06.789012' as moment");
  await expect(tutti.parquetRows(fine).collect()).rejects.toThrow("the column moment has a timestamp");
});

test("a file without rows has none", async () => {
  const file = await write("empty.parquet", "select 1 as n where false");
  expect(await tutti.parquetRows(file).collect()).toEqual([]);
  expect(await tutti.parquetRows(file).count()).toBe(0);
});
