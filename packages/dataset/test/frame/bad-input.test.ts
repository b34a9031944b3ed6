import fc from "fast-check";
import { fromEngine } from "../../src/engine/engine-error.ts";
import { afterAll, expect, test } from "vitest";
import {
  col,
  count,
  createContext,
  lit,
  struct,
  sum,
  t,
  toDate,
  type Column,
  type DataFrame,
} from "../../src/index.ts";

const tutti = createContext();
afterAll(() => tutti.close());

const numbers = tutti.createDataFrame(
  [
    { id: 1, word: "1" },
    { id: 0, word: "zwei" },
  ],
  struct({ id: t.int, word: t.string }),
);

test("values for which there is no answer are errors with a code, and name the value", async () => {
  const one = (column: Column<unknown>) => (numbers as unknown as DataFrame).select(column).collect();
  await expect(one(lit(1).div(col("id")).as("x"))).rejects.toThrow(/\[division-by-zero\]/);
  await expect(one(col("word").cast(t.int).as("x"))).rejects.toThrow(/\[invalid-cast\].*zwei/);
  await expect(
    one(
      lit(2 ** 31 - 1)
        .plus(col<number>("id"))
        .as("x"),
    ),
  ).rejects.toThrow(/\[overflow\]/);
  await expect(one(toDate("2001-02-30").as("x"))).rejects.toThrow(/\[invalid-cast\].*2001-02-30/);
});

test("plans that mean nothing are refused where they are built", () => {
  expect(() => numbers.groupBy("word").agg((c) => ({ x: c.id }))).toThrow(
    /\[invalid-plan\].*neither grouped by nor aggregated/,
  );
  expect(() => numbers.agg((c) => ({ x: sum(sum(c.id)) }))).toThrow(/\[invalid-plan\].*a step before/);
  expect(() => numbers.select("id", (c) => c.word.as("ID"))).toThrow(/\[duplicate-column\]/);
  expect(() => numbers.filter(col("id"))).toThrow(/\[type-mismatch\].*boolean/);
  expect(() =>
    numbers.select(
      col("word")
        .times(2 as never)
        .as("x"),
    ),
  ).toThrow(/\[type-mismatch\]/);
  expect(() => numbers.join(numbers, (l, r) => l.id.eq(r.id))).toThrow(/\[duplicate-column\]/);
  expect(() => numbers.join(numbers, "id", "outer" as never)).toThrow(/\[invalid-argument\].*"?outer/);
  expect(() => numbers.limit(-1)).toThrow(/\[invalid-argument\]/);
  expect(() => numbers.select(5 as never)).toThrow(/\[invalid-argument\].*5/);
  expect(() => lit(Symbol("x") as never)).toThrow(/\[invalid-argument\]/);
  expect(() => lit(2n ** 70n)).toThrow(/\[invalid-argument\].*64 bits/);
  expect(() => tutti.createDataFrame([{ a: 1 }, { a: "x" }])).toThrow(/\[schema-mismatch\] row 1.*"a"/);
  expect(() => tutti.createDataFrame([{ id: 1.5, word: "x" }], struct({ id: t.int, word: t.string }))).toThrow(
    /\[schema-mismatch\] row 0 has 1.5/,
  );
  expect(() => createContext({ timeZone: "Nowhere" })).toThrow(/\[invalid-argument\].*Nowhere/);
});

test("a disk that is full is told from a file that cannot be read", () => {
  const full = new Error('IO Error: Could not write file "/out/part-00000.csv": No space left on device');
  expect(fromEngine(full)).toMatchObject({ code: "write-failed" });
  const torn = new Error("Invalid Input Error: No magic bytes found at end of file 'a.parquet'");
  expect(fromEngine(torn)).toMatchObject({ code: "unreadable" });
});

test("a cast to something that is no type says what one looks like", () => {
  const frame = tutti.rangeFrame(0, 1);
  for (const type of ["string", undefined, {}]) {
    expect(() => frame.select((c) => c.id.cast(type as never).as("t"))).toThrow(
      /\[invalid-argument\] cast needs a type such as t\.string/,
    );
  }
});

test("SQL texts read frames and views alone", async () => {
  const refused = (text: string) => tutti.sql(Object.assign([text], { raw: [text] })).collect();
  await expect(refused("select * from '/etc/passwd'")).rejects.toThrow(/\[unknown-table\]/);
  await expect(refused("select * from read_text('/etc/passwd')")).rejects.toThrow(/\[invalid-argument\].*read_text/);
  await expect(refused("select * from (select * from read_csv('/etc/passwd')) t")).rejects.toThrow(
    /\[invalid-argument\].*read_csv/,
  );
  await expect(refused("copy (select 1) to '/tmp/x'")).rejects.toThrow(/\[invalid-argument\]/);
  await expect(refused("select 1; select 2")).rejects.toThrow(/\[invalid-argument\]/);
  await expect(refused("attach 'x.db'")).rejects.toThrow(/\[invalid-argument\]/);
  await expect(refused("select nope(1)")).rejects.toThrow(/nope/);
  expect(() => (tutti.sql as unknown as (text: string) => unknown)("select 1")).toThrow(/\[invalid-argument\].*tag/);
});

test("no name and no value becomes part of a query, whatever it holds", { timeout: 30_000 }, async () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("'", '"', "--", ";", "/*", "\\", "\0", "$1", "');drop table x;--", '"x', "c0", "t1.c0"),
  );
  const text = fc.array(nasty, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
  const wellFormed = text.filter((value) => value.isWellFormed());
  await fc.assert(
    fc.asyncProperty(wellFormed, wellFormed, async (name, value) => {
      const frame = tutti.createDataFrame([{ [name]: value }]) as unknown as DataFrame;
      const rows = await frame
        .filter(col(`${name}`).eq(lit(value)))
        .withColumn("is", col(`${name}`).eq(value))
        .groupBy(col(name).as(`${name}!`))
        .agg(() => ({ n: count(), [`${name}?`]: sum(lit(1)) }))
        .collect();
      expect(rows).toEqual([{ [`${name}!`]: value, n: 1n, [`${name}?`]: 1n }]);
      expect(await tutti.sql`select ${value} as v`.collect()).toEqual([{ v: value }]);
    }),
    { numRuns: 60 },
  );
});

test("a query ends when its signal is aborted, or its time is over", async () => {
  const endless = tutti.rangeFrame(0, 10n ** 12n).agg((c) => ({ s: sum(c.id.mod(7)) }));
  await expect(endless.collect({ timeoutMs: 20 })).rejects.toThrow(/\[timeout\]/);
  await expect(endless.collect({ signal: AbortSignal.abort() })).rejects.toThrow(/\[canceled\]/);
  const controller = new AbortController();
  const running = tutti.rangeFrame(0, 10n ** 12n).batches({ signal: controller.signal });
  await running.next();
  controller.abort();
  await expect(
    (async () => {
      for await (const batch of running) expect(batch.length).toBeGreaterThan(0);
    })(),
  ).rejects.toThrow(/\[canceled\]/);
});

test("a bound on rows is kept, and a closed context refuses", async () => {
  await expect(tutti.rangeFrame(0, 10_000).collect({ rowsMax: 100 })).rejects.toThrow(/\[too-many-rows\]/);
  const short = createContext();
  const frame = short.rangeFrame(0, 3);
  await short.close();
  await expect(frame.collect()).rejects.toThrow(/\[executor-closed\]/);
});
