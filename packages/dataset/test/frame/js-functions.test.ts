import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContext, decimal, struct, t, timestamp, udaf, udtf, type Context } from "../../src/index.ts";

const Word = struct({ word: t.string.nullable(), weight: t.int.nullable() });
const words = [
  { word: "on", weight: 2 },
  { word: "time", weight: 3 },
  { word: "on", weight: null },
  { word: null, weight: 9 },
  { word: "off", weight: 5 },
];

const weighed = udaf([t.string, t.int], t.string, {
  zero: () => [] as string[],
  add: (all, word, weight) => [...all, `${word}${weight}`],
  finish: (all) => (all.length === 0 ? null : all.toSorted().join(" ")),
});

const letters = udtf([t.string], { letter: t.string, place: t.int }, (word) =>
  Array.from(word, (letter, place) => ({ letter, place })),
);

describe.each([
  ["in process", () => createContext()],
  ["on threads", () => createContext({ threads: 2 })],
  ["on threads, in parts", () => createContext({ threads: 2, partitionedPlans: "always", broadcastBytesMax: 0 })],
] as const)("%s", (_, open) => {
  let tutti: Context;
  let directory: string;
  beforeAll(async () => {
    tutti = open();
    directory = await mkdtemp(path.join(tmpdir(), "tutti-js-"));
  });
  afterAll(async () => {
    await tutti.close();
    await rm(directory, { recursive: true });
  });

  test("an aggregate in JavaScript sees the rows of its group that have no NULL", async () => {
    const rows = await tutti
      .createDataFrame(words, Word)
      .groupBy("word")
      .agg((c) => ({ all: weighed(c.word, c.weight) }))
      .orderBy("word")
      .collect();
    expect(rows).toEqual([
      { word: null, all: null },
      { word: "off", all: "off5" },
      { word: "on", all: "on2" },
      { word: "time", all: "time3" },
    ]);
  });

  test("an aggregate in JavaScript of no row is what its zero finishes as", async () => {
    const none = tutti.createDataFrame(words, Word).filter((c) => c.weight.gt(100));
    expect(await none.agg((c) => ({ all: weighed(c.word, c.weight) })).collect()).toEqual([{ all: null }]);
  });

  test("a table function in JavaScript gives rows beside the columns", async () => {
    const rows = await tutti
      .createDataFrame(words, Word)
      .filter((c) => c.weight.lt(4))
      .select("word", (c) => letters(c.word))
      .collect();
    expect(rows).toHaveLength(6);
    expect(rows).toContainEqual({ word: "time", letter: "e", place: 3 });
  });

  test("a frame is an RDD whose tasks read parts of its files", async () => {
    const file = path.join(directory, "numbers");
    await tutti
      .rangeFrame(0, 1000)
      .select("id", (c) => c.id.cast(t.decimal(10, 2)).as("d"))
      .write.mode("overwrite")
      .parquet(file);
    const Numbers = struct({ id: t.long, d: t.decimal(10, 2) });
    const { rdd } = tutti.read
      .schema(Numbers)
      .parquet(file)
      .filter((c) => c.id.ge(990n));
    const sums = await rdd.map(({ id }) => Number(id)).collect();
    expect(sums.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (__, index) => 990 + index));
  });

  test("a frame of groups is an RDD too", async () => {
    const rdd = tutti.createDataFrame(words, Word).groupBy("word").count().rdd;
    expect((await rdd.map(({ word, count }) => `${word} ${count}`).collect()).toSorted()).toEqual([
      "null 1",
      "off 1",
      "on 2",
      "time 1",
    ]);
  });

  test("an RDD becomes a frame that computes it when a query asks", async () => {
    const squares = tutti
      .range(0, 100)
      .map((n) => ({ n, square: BigInt(n * n) }))
      .toDF(struct({ n: t.int, square: t.long }));
    expect(
      await squares
        .filter((c) => c.n.ge(98))
        .orderBy("n")
        .collect(),
    ).toEqual([
      { n: 98, square: 9604n },
      { n: 99, square: 9801n },
    ]);
    expect(await tutti.sql`select max(square) as m from ${squares}`.collect()).toEqual([{ m: 9801n }]);
  });

  test("an RDD whose elements are no such rows is refused by the query, with the value", async () => {
    const wrong = tutti.parallelize([{ n: "x" }]).toDF(struct({ n: t.int }));
    await expect(wrong.collect()).rejects.toMatchObject({ code: "schema-mismatch" });
  });

  test("batches of a frame go through a function and are a frame again", async () => {
    const doubled = tutti
      .rangeFrame(0, 10_000)
      .mapBatches(
        (rows) => rows.filter(({ id }) => id % 1000n === 0n).map(({ id }) => ({ twice: id * 2n })),
        struct({ twice: t.long }),
      );
    expect(await doubled.orderBy("twice").collect()).toEqual(
      Array.from({ length: 10 }, (__, index) => ({ twice: BigInt(index) * 2000n })),
    );
  });
});

test("decimals and moments of a frame are whole in its RDD", async () => {
  const tutti = createContext();
  const rows = [{ d: decimal("12.34"), at: timestamp("2024-05-06T07:08:09.123456Z") }];
  const frame = tutti.createDataFrame(rows, struct({ d: t.decimal(8, 2), at: t.timestamp }));
  const [whole] = await frame.collect();
  expect(await frame.rdd.collect()).toEqual([whole]);
  await tutti.close();
});
