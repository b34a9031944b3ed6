import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
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
  udf,
} from "../../src/index.ts";
import { connectEngine, sqlText } from "../../src/engine/duckdb.ts";
import { runFragment } from "../../src/worker.ts";

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

test("a function over a dictionary is called for entries that no row has, NULL among them, and never sees that", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "tutti-traps-"));
  try {
    const file = path.join(directory, "words.parquet");
    const engine = await connectEngine();
    await engine.run(
      `COPY (SELECT 'Word ' || (i % 5) AS word FROM range(100000) t(i)) TO ${sqlText(file)} (FORMAT parquet)`,
    );
    engine.closeSync();
    let callCount = 0;
    const loud = udf([t.string], t.string, (word) => {
      callCount += 1;
      return word.toUpperCase();
    });
    const words = tutti.read.schema(struct({ word: t.string })).parquet(file);
    const rows = await words
      .select((c) => loud(c.word).as("loud"))
      .distinct()
      .orderBy("loud")
      .collect();
    expect(rows.map(({ loud: word }) => word)).toEqual([0, 1, 2, 3, 4].map((one) => `WORD ${one}`));
    expect(callCount).toBeLessThan(100_000);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a function of NULL is NULL, whether the NULL is a constant or in a row", async () => {
  const plusOne = udf([t.double], t.double, (x) => x + 1);
  const rows = tutti.createDataFrame([{ x: 1.5 }, { x: null }], struct({ x: t.double.nullable() }));
  expect(
    await rows
      .select(
        (c) => plusOne(c.x).as("row"),
        () => plusOne(lit(null) as never).as("constant"),
      )
      .collect(),
  ).toEqual([
    { row: 2.5, constant: null },
    { row: null, constant: null },
  ]);
});

test("a function that is first called while a stream is open is known after it", async () => {
  const numbers = tutti.rangeFrame(0, 100_000);
  const half = udf([t.long], t.long, (x) => x / 2n);
  let sum = 0n;
  let seenCount = 0;
  for await (const batch of numbers.batches()) {
    seenCount += batch.length;
    if (sum === 0n)
      sum = (
        await numbers
          .limit(10)
          .select((c) => half(c.id).as("h"))
          .collect()
      ).reduce((all, row) => all + (row.h ?? 0n), 0n);
  }
  expect([seenCount, sum]).toEqual([100_000, 20n]);
  expect(await numbers.filter((c) => half(c.id).eq(3n)).count()).toBe(2);
});

test("a task of another version of the engine is refused: its hashes may be others", async () => {
  const context = {
    args: { engineVersion: "v0.1", branches: [{ first: 0, partitionCount: 1 }], functions: [] },
    partition: 0,
  };
  await expect(runFragment(context as never)).rejects.toMatchObject({ code: "invalid-plan" });
});
