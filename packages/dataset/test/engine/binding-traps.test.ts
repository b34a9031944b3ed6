import { afterAll, expect, test } from "vitest";
import {
  createContext,
  length,
  year,
  rank,
  sum,
  t,
  struct,
  window,
  col,
  avg,
  size,
  sequence,
  lit,
} from "../../src/index.ts";
import { connectEngine } from "../../src/engine/duckdb.ts";

const tutti = createContext();
afterAll(() => tutti.close());

test("two streams of one context do not end each other: each has its connection", async () => {
  const many = tutti.rangeFrame(0, 50_000);
  const one = many.batches();
  const first = await one.next();
  expect((first.value as unknown[]).length).toBeLessThan(50_000);
  expect(await many.count()).toBe(50_000);
  await many.schema();
  let count = (first.value as unknown[]).length;
  for await (const batch of one) count += batch.length;
  expect(count).toBe(50_000);
});

test("a second statement on the connection of a stream ends it silently: what the rule above is for", async () => {
  const engine = await connectEngine();
  const stream = await engine.stream("select range from range(100000)");
  await stream.fetchChunk();
  await engine.run("select 1");
  let count = 0;
  for (
    let chunk = await stream.fetchChunk().catch(() => null);
    chunk !== null && chunk.rowCount > 0;
    chunk = await stream.fetchChunk()
  )
    count += chunk.rowCount;
  expect(count).toBeLessThan(100_000 - 2048);
  engine.closeSync();
});

test("rows in memory are readable while other streams are open, since their function is registered when the engine opens", async () => {
  const open = tutti.rangeFrame(0, 100_000).batches();
  await open.next();
  expect(await tutti.createDataFrame([{ a: 1 }]).collect()).toEqual([{ a: 1 }]);
  await open.return?.();
});

test("NULL in a column of numbers is null, not the number that its slot holds", async () => {
  const rows = Array.from({ length: 5000 }, (_, index) => ({ a: index % 3 === 0 ? null : index }));
  const frame = tutti.createDataFrame(rows, struct({ a: t.int.nullable() }));
  expect(await frame.collect()).toEqual(rows);
});

test("days and moments are values, not the engine's storage", async () => {
  const day = new Date("1969-12-31T00:00:00Z");
  const frame = tutti.createDataFrame([{ day }], struct({ day: t.date }));
  expect(await frame.collect()).toEqual([{ day }]);
  expect((await frame.toColumns()).day).toEqual([day]);
});

test("functions that the engine gives 64 bits are 32 where Spark's are, and numbers in rows", async () => {
  const frame = tutti.createDataFrame(
    [{ s: "abc", d: new Date(0), n: 1 }],
    struct({ s: t.string, d: t.date, n: t.int }),
  );
  const [row] = await frame
    .select(
      (c) => length(c.s).as("length"),
      (c) => year(c.d).as("year"),
      (c) => rank().over(window().orderBy(c.n.asc())).as("rank"),
      (c) => sum(c.n).over(window()).as("sum"),
      (c) => avg(c.n).over(window()).as("avg"),
      () => size(sequence(lit(1), lit(3))).as("size"),
    )
    .collect();
  expect(row).toEqual({ length: 3, year: 1970, rank: 1, sum: 1n, avg: 1, size: 3 });
});

test("names that differ in case alone are ambiguous, and never the first of them", async () => {
  await expect(tutti.sql`select 1 as a, 2 as "A"`.select(col("a")).collect()).rejects.toThrow(
    /\[(ambiguous|duplicate)-column\]/,
  );
});
