import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { avg, count, createContext, max, sum, when, type Context, type DataFrame, type ShapeOf } from "../src/index.ts";
import { startTestCluster } from "../../runtime/test/cluster/worker-processes.ts";
import { packageFolder } from "../test/rdd/on-workers.ts";
import { Rows, writeRows } from "./h2o-rows.ts";

const rowCount = Number(process.env["EXCHANGE_ROWS"] ?? 5_000_000);

type Frame = DataFrame<ShapeOf<typeof Rows>>;
type Job = (x: Frame) => { collect(): Promise<unknown[]> };

const jobs: readonly (readonly [name: string, job: Job])[] = [
  [
    "partial aggregates, a hundredth of the rows as groups",
    (x) =>
      x
        .groupBy("id6")
        .agg((c) => ({ v1: sum(c.v1), v3: avg(c.v3) }))
        .agg((c) => ({ n: count(), v1: sum(c.v1), v3: max(c.v3) })),
  ],
  [
    "all rows change places: groups of six keys",
    (x) =>
      x
        .groupBy("id1", "id2", "id3", "id4", "id5", "id6")
        .agg((c) => ({ v3: sum(c.v3), n: count() }))
        .agg((c) => ({ groups: count(), n: sum(c.n) })),
  ],
  [
    "both sides of a join change places",
    (x) => {
      const right = x
        .filter((c) => c.v1.eq(1))
        .select(
          (c) => c.id3.as("key"),
          (c) => c.v2.as("w"),
        );
      return x
        .select("id3", "v1")
        .join(right, (a, b) => a.id3.eq(b.key))
        .agg((c) => ({ n: count(), w: sum(c.w), v1: sum(c.v1) }));
    },
  ],
];

/** Nine rows of ten have one key, and meet a hundred: whoever gets them has nearly all of the work. */
const skewed: Job = (x) => {
  const left = x.select((c) => when(c.v2.gt(1), 0).otherwise(c.id6).as("key"), "v1");
  const right = x
    .filter((c) => c.id6.le(100))
    .select(
      (c) => c.id6.mod(10).as("key"),
      (c) => c.v2.as("w"),
    )
    .limit(1000);
  return left.join(right, "key").agg((c) => ({ n: count(), w: sum(c.w), v1: sum(c.v1) }));
};

/** `npm run bench -- exchange`: two worker processes against this process with as many threads, on jobs whose rows change places. */
export const benchmark: Benchmark = {
  name: "exchange",
  async open() {
    const directory = await mkdtemp(path.join(tmpdir(), "tutti-exchange-"));
    const file = path.join(directory, "rows.parquet");
    await writeRows(file, rowCount);
    const cluster = await startTestCluster({ workerCount: 2, cwd: packageFolder });
    const spread = createContext({ executor: cluster.executor, partitionedPlans: "always" });
    const spreadAsCut = createContext({
      executor: cluster.executor,
      ownsExecutor: false,
      partitionedPlans: "always",
      broadcastBytesMax: 0,
      skewedRowsMin: Infinity,
    });
    const spreadShared = createContext({
      executor: cluster.executor,
      ownsExecutor: false,
      partitionedPlans: "always",
      broadcastBytesMax: 0,
    });
    const whole = createContext();
    const run = async (job: Job, tutti: Context): Promise<string> => {
      const answer = await job(tutti.read.schema(Rows).parquet(file)).collect();
      return JSON.stringify(answer, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : typeof value === "number" ? Number(value.toPrecision(9)) : value,
      );
    };
    const cases = jobs.map(([name, job]): BenchmarkCase => ({
      name,
      unit: "rows",
      unitCount: rowCount,
      reference: "one process",
      runOurs: () => run(job, spread),
      runReference: () => run(job, whole),
    }));
    cases.push({
      name: "a join where nine rows of ten have one key: its large part shared by both workers",
      unit: "rows",
      unitCount: rowCount,
      reference: "same as one task",
      runOurs: () => run(skewed, spreadShared),
      runReference: () => run(skewed, spreadAsCut),
    });
    return {
      cases,
      processIds: cluster.processes.map(({ pid = 0 }) => pid),
      async close() {
        await spread.close();
        await whole.close();
        await cluster.close();
        await rm(directory, { recursive: true });
      },
    };
  },
};
