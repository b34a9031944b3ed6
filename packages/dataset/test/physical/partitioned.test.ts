import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { avg, count, createContext, struct, t, type Context, type DataFrame, type ShapeOf } from "../../src/index.ts";
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

test("rows in order come in order from many tasks", async () => {
  const [whole, parts] = await both((frame) => frame.orderBy((c) => [c.k.desc(), c.i.asc()]).collect());
  expect(parts).toEqual(whole);
});
