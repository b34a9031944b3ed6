import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { avg, count, createContext, max, sum, type Context, type DataFrame, type ShapeOf } from "../src/index.ts";
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

/** Seconds of processors that a process has taken; where the system does not say, 0. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** `npm run bench -- exchange`: two worker processes against this process with as many threads, on jobs whose rows change places. */
export const benchmark: Benchmark = {
  name: "exchange",
  async open() {
    const directory = await mkdtemp(path.join(tmpdir(), "tutti-exchange-"));
    const file = path.join(directory, "rows.parquet");
    await writeRows(file, rowCount);
    const cluster = await startTestCluster({ workerCount: 2, cwd: packageFolder });
    const spread = createContext({ executor: cluster.executor, partitionedPlans: "always" });
    const whole = createContext();
    const spent = new Map<string, { runs: number; ours: number; reference: number }>();
    const pids = [process.pid, ...cluster.processes.map(({ pid = 0 }) => pid)];
    const run = async (
      name: string,
      job: Job,
      { tutti, side }: { readonly tutti: Context; readonly side: "ours" | "reference" },
    ): Promise<string> => {
      const now = (): number => pids.reduce((total, pid) => total + cpuSeconds(pid), 0);
      const before = now();
      const answer = await job(tutti.read.schema(Rows).parquet(file)).collect();
      const entry = spent.get(name) ?? { runs: 0, ours: 0, reference: 0 };
      entry[side] += now() - before;
      entry.runs += side === "ours" ? 1 : 0;
      spent.set(name, entry);
      return JSON.stringify(answer, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : typeof value === "number" ? Number(value.toPrecision(9)) : value,
      );
    };
    const cases = jobs.map(([name, job]): BenchmarkCase => ({
      name,
      unit: "rows",
      unitCount: rowCount,
      reference: "one process",
      runOurs: async () => await run(name, job, { tutti: spread, side: "ours" }),
      runReference: async () => await run(name, job, { tutti: whole, side: "reference" }),
    }));
    return {
      cases,
      async close() {
        for (const [name, { runs, ours, reference }] of spent)
          console.log(
            `${name}: CPU of all processes ${(ours / reference).toFixed(2)}x of one process (${(ours / runs).toFixed(2)} s a run)`,
          );
        await spread.close();
        await whole.close();
        await cluster.close();
        await rm(directory, { recursive: true });
      },
    };
  },
};
