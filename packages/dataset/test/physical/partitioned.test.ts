import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  avg,
  every,
  count,
  countIf,
  createContext,
  max,
  rowNumber,
  struct,
  sum,
  t,
  when,
  window,
  type Column,
  type Context,
  type DataFrame,
  type ShapeOf,
} from "../../src/index.ts";
import { startTestCluster } from "../../../runtime/test/cluster/worker-processes.ts";
import { packageFolder } from "../rdd/on-workers.ts";
import { connectEngine, sqlText } from "../../src/engine/duckdb.ts";

const Rows = struct({ i: t.long, k: t.long, d: t.decimal(10, 2) });

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-partitioned-"));
  file = path.join(directory, "rows.parquet");
  const engine = await connectEngine();
  await engine.run(
    `COPY (SELECT i, (i * 7) % 13 AS k, (i / 8)::DECIMAL(10, 2) AS d FROM range(10000) t(i)) TO ${sqlText(file)} (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  engine.closeSync();
});
afterAll(() => rm(directory, { recursive: true }));

type Frame = DataFrame<ShapeOf<typeof Rows>>;

/** The same query whole and in parts. */
async function both<R>(query: (frame: Frame, tutti: Context) => Promise<R>): Promise<readonly [whole: R, parts: R]> {
  const whole = createContext({ partitionedPlans: "never" });
  const parts = createContext({ partitionedPlans: "always", partitionCount: 3, broadcastBytesMax: 0 });
  const run = (tutti: Context): Promise<R> => query(tutti.read.schema(Rows).parquet(file), tutti);
  try {
    return [await run(whole), await run(parts)];
  } finally {
    await whole.close();
    await parts.close();
  }
}

test("a filter and an aggregate over parts of a file give what one query gives", async () => {
  const [whole, parts] = await both((frame) =>
    frame
      .filter((c) => c.i.gt(10n))
      .groupBy("k")
      .agg((c) => ({ n: count(), mean: avg(c.d) }))
      .orderBy("k")
      .collect(),
  );
  expect(parts).toHaveLength(13);
  expect(parts).toEqual(whole);
});

test("explain shows the stages of a plan that is cut", async () => {
  const [whole, parts] = await both((frame) => frame.groupBy("k").count().explain());
  expect(whole).not.toContain("== Stages ==");
  expect(parts).toContain("Stage 0 -> slices by hash of k\n  reads tutti_input_1: a part of Scan parquet");
  expect(parts).toContain("Stage 1 -> the result\n  reads tutti_input_2: stage 0, a slice");
});

describe("a join where most rows have one key", () => {
  type How = "inner" | "left" | "right" | "full" | "semi" | "anti";
  type Then = (joined: DataFrame) => { collect(): Promise<unknown[]> };
  const asItIs: Then = (joined) => joined;

  const joinIn = async (tutti: Context, how: How, then: Then): Promise<string[]> => {
    const skewed = tutti.rangeFrame(0, 3000).select(
      (c) => when(c.id.mod(20).eq(0), c.id.mod(7)).otherwise(0n).as("k"),
      (c) => c.id.as("i"),
    );
    const few = tutti.rangeFrame(0, 40).select(
      (c) => c.id.mod(10).as("k"),
      (c) => c.id.as("j"),
    );
    const rows: readonly unknown[] = await then(skewed.join(few, "k", how) as never).collect();
    return rows.map((row) =>
      JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
    );
  };

  /** In parts as whole; and how many tasks had the join. */
  async function tasksOf(how: How, then: Then = asItIs, isOrdered = false): Promise<number> {
    const whole = createContext({ partitionedPlans: "never" });
    const options = {
      partitionedPlans: "always",
      partitionCount: 3,
      broadcastBytesMax: 0,
      skewedRowsMin: 100,
    } as const;
    const parts = createContext(options);
    const counts: number[] = [];
    parts.events.on("stageStarted", ({ taskCount }) => counts.push(taskCount));
    try {
      const [expected, rows] = [await joinIn(whole, how, then), await joinIn(parts, how, then)];
      if (isOrdered) expect(rows).toEqual(expected);
      else expect(rows.toSorted()).toEqual(expected.toSorted());
      // Two leaves come before it.
      return counts[2] ?? 0;
    } finally {
      await whole.close();
      await parts.close();
    }
  }

  test.each(["inner", "left", "semi", "anti"] as const)("is shared by several tasks: %s", async (how) => {
    expect(await tasksOf(how)).toBeGreaterThan(3);
  });

  test.each(["right", "full"] as const)("is not where others must know that they met nobody: %s", async (how) => {
    expect(await tasksOf(how)).toBe(3);
  });

  test("is shared where what follows goes row by row, changes places, or puts rows in order", async () => {
    const byRest: Then = (joined) =>
      joined
        .filter((c) => (c["i"] as never as Column<bigint>).gt(3n))
        .groupBy("j")
        .count();
    expect(await tasksOf("inner", byRest)).toBeGreaterThan(3);
    expect(await tasksOf("inner", (joined) => joined.orderBy("i", "j"), true)).toBeGreaterThan(3);
  });

  test("is not where what follows needs rows of one key in one task", async () => {
    expect(await tasksOf("inner", (joined) => joined.groupBy("k").count())).toBe(3);
    expect(await tasksOf("inner", (joined) => joined.select("k").distinct())).toBe(3);
  });
});

test("rows in order come in order from many tasks", async () => {
  const [whole, parts] = await both((frame) => frame.orderBy((c) => [c.k.desc(), c.i.asc()]).collect());
  expect(parts).toEqual(whole);
});

test("rows that have met by a key stay where they are for groups, windows and joins by it", async () => {
  const exchanges = (text: string): number => text.split("slices by hash").length - 1;
  const [, once] = await both((frame) =>
    frame
      .select("k", (c) => rowNumber().over(window().partitionBy(c.k).orderBy(c.i)).as("n"))
      .groupBy("k")
      .count()
      .explain(),
  );
  expect(exchanges(once)).toBe(1);
  const joined = (frame: Frame): DataFrame<never> => {
    const groups = frame.groupBy("k").agg(() => ({ n: count() }));
    const others = frame.groupBy("k").agg((c) => ({ m: max(c.i) }));
    return groups
      .join(others, "k")
      .groupBy("k")
      .agg((c) => ({ s: sum(c.m) })) as never;
  };
  const [, text] = await both((frame) => joined(frame).explain());
  expect(exchanges(text)).toBe(2);
  const [whole, parts] = await both((frame) =>
    joined(frame)
      .orderBy("k" as never)
      .collect(),
  );
  expect(parts).toEqual(whole);
});

test("keys that hardly repeat are not aggregated twice, and the answer is the same", async () => {
  const [whole, parts] = await both(async (_, tutti) => {
    const rows = tutti.rangeFrame(0, 130_000).select(
      (c) => c.id.mod(129_000).as("key"),
      (c) => when(c.id.mod(3).eq(0), null).otherwise(c.id).as("v"),
      (c) => c.id.cast(t.decimal(12, 2)).as("d"),
      (c) => c.id.mod(2).eq(0).as("even"),
      (c) => c.id.mod(2).as("half"),
    );
    const groups = rows.groupBy("key").agg((c) => ({
      rows: count(),
      present: count(c.v, c.d),
      evens: countIf(c.even),
      total: sum(c.v),
      exact: avg(c.d),
      mean: avg(c.v),
      most: max(c.v),
      all: every(c.even),
    }));
    const cells = rows
      .groupBy("key")
      .pivot("half", [0n, 1n])
      .agg((c) => ({ n: count(), s: sum(c.d) }));
    const last = (frame: DataFrame): Promise<unknown> =>
      frame
        .orderBy((c) => [c["key"] as never])
        .limit(1500)
        .collect();
    return [await last(groups as never), await last(cells as never)];
  });
  expect(parts).toEqual(whole);
});

test("auto cuts large queries where tasks run in other processes, and no others", { timeout: 60_000 }, async () => {
  const stagesOf = async (tutti: Context): Promise<boolean> =>
    (await tutti.read.schema(Rows).parquet(file).groupBy("k").count().explain()).includes("== Stages ==");
  const here = createContext({ threads: 2, partitionedBytesMin: 0 });
  expect(await stagesOf(here)).toBe(false);
  await here.close();
  const cluster = await startTestCluster({ workerCount: 2, cwd: packageFolder });
  try {
    const { executor } = cluster;
    expect(await stagesOf(createContext({ executor, ownsExecutor: false }))).toBe(false);
    const large = createContext({ executor, ownsExecutor: false, partitionedBytesMin: 1000 });
    expect(await stagesOf(large)).toBe(true);
    expect(await large.read.schema(Rows).parquet(file).distinct().count()).toBe(10_000);
  } finally {
    await cluster.close();
  }
});

test("options that mean nothing are refused", () => {
  expect(() => createContext({ partitionedPlans: "maybe" as never })).toThrow(/\[invalid-argument\].*maybe/);
  expect(() => createContext({ partitionCount: 0 })).toThrow(/\[invalid-argument\]/);
  expect(() => createContext({ broadcastBytesMax: -1 })).toThrow(/\[invalid-argument\].*broadcastBytesMax/);
  expect(() => createContext({ skewedRowsMin: -1 })).toThrow(/\[invalid-argument\].*skewedRowsMin/);
  expect(() => createContext({ partitionedBytesMin: NaN })).toThrow(/\[invalid-argument\].*partitionedBytesMin/);
});
