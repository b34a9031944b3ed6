import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCluster } from "../../../runtime/test/cluster/worker-processes.ts";
import { createContext, sum, t, udf, type Context, type DataFrame } from "../../src/index.ts";
import { packageFolder } from "../rdd/on-workers.ts";

const inParts = { partitionedPlans: "always", partitionCount: 3, broadcastBytesMax: 0 } as const;
const parts = createContext(inParts);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-written-"));
});
afterAll(async () => {
  await parts.close();
  await rm(directory, { recursive: true });
});

const numbers = (tutti: Context, rowCount: number): DataFrame<{ readonly n: bigint; readonly rest: bigint }> =>
  tutti.rangeFrame(0, rowCount).select(
    (c) => c.id.as("n"),
    (c) => c.id.mod(3).as("rest"),
  ) as never;

const filesIn = async (output: string): Promise<string[]> =>
  (await readdir(output, { recursive: true })).filter((name) => /\.|_SUCCESS/.test(name)).toSorted();

test("each task writes a file, and together they have all rows in their order", async () => {
  const output = path.join(directory, "sorted");
  const written = await numbers(parts, 1000)
    .orderBy((c) => [c.n.desc()])
    .write.csv(output, { header: false });
  expect(written).toEqual({ directory: output, rowCount: 1000 });
  expect(await filesIn(output)).toEqual(["_SUCCESS", "part-00000.csv", "part-00001.csv", "part-00002.csv"]);
  const texts = await Promise.all(
    ["part-00000.csv", "part-00001.csv", "part-00002.csv"].map((name) => readFile(path.join(output, name), "utf8")),
  );
  expect(texts.join("")).toBe(
    Array.from({ length: 1000 }, (_, index) => `${999 - index},${(999 - index) % 3}\n`).join(""),
  );
});

test("what is partitioned by values lies in their directories, whoever wrote it", async () => {
  const output = path.join(directory, "by-rest");
  expect((await numbers(parts, 900).write.partitionBy("rest").parquet(output)).rowCount).toBe(900);
  const files = await filesIn(output);
  expect(files).toHaveLength(1 + 3 * 3);
  expect(files).toContain("rest=1/part-00002-0.parquet");
  const totals = await parts.read
    .parquet(output)
    .groupBy("rest" as never)
    .agg((c) => ({ s: sum(c["n"] as never) }))
    .collect();
  expect((totals as unknown as { s: bigint }[]).map(({ s }) => Number(s)).toSorted((a, b) => a - b)).toEqual([
    134_550, 134_850, 135_150,
  ]);
});

test("tasks without rows leave no file, but for one where none has any", async () => {
  const some = path.join(directory, "some");
  await numbers(parts, 900)
    .filter((c) => c.n.lt(10n))
    .write.json(some);
  expect(await filesIn(some)).toEqual(["_SUCCESS", "part-00000.json"]);
  const none = path.join(directory, "none");
  await numbers(parts, 900)
    .filter((c) => c.n.lt(0n))
    .write.parquet(none);
  expect(await filesIn(none)).toEqual(["_SUCCESS", "part-00000.parquet"]);
  expect(await parts.read.parquet(none).count()).toBe(0);
});

test("what fails, or exists, leaves nothing", async () => {
  const output = path.join(directory, "failed");
  const broken = numbers(parts, 900).select((c) => c.n.div(c.n.minus(500n)).as("x"));
  await expect(broken.write.parquet(output)).rejects.toMatchObject({ code: "division-by-zero" });
  expect((await readdir(directory)).filter((name) => name.includes("failed"))).toEqual([]);
  await numbers(parts, 9).write.parquet(output);
  await expect(numbers(parts, 9).write.parquet(output)).rejects.toMatchObject({ code: "output-exists" });
  expect((await numbers(parts, 9).write.mode("append").parquet(output)).rowCount).toBe(9);
  expect(await parts.read.parquet(output).count()).toBe(18);
});

test("rows are there once, although a worker is killed while it writes", { timeout: 60_000 }, async () => {
  const cluster = await startTestCluster({ workerCount: 3, cwd: packageFolder });
  try {
    const lost: string[] = [];
    const writers = new Set<string | undefined>();
    cluster.executor.events.on("workerLost", ({ worker }) => lost.push(worker));
    cluster.executor.events.on("taskFinished", ({ worker }) => writers.add(worker));
    // Each of the three has its first task now, and has it for longer than a signal takes.
    let begun = 0;
    cluster.executor.events.on("taskStarted", () => {
      begun += 1;
      if (begun === 3) cluster.processes[0]?.kill("SIGKILL");
    });
    const tutti = createContext({ ...inParts, partitionCount: 12, executor: cluster.executor, ownsExecutor: false });
    const slow = udf([t.long], t.long, (n) => {
      let value = n;
      for (let round = 0; round < 40; round += 1) value = (value * 31n + 7n) % 1_000_003n;
      return value < 0n ? value : n;
    });
    const output = path.join(directory, "killed");
    const written = await numbers(tutti, 30_000)
      .select((c) => slow(c.n).as("n"))
      .write.csv(output, { header: false });
    expect(written.rowCount).toBe(30_000);
    expect(lost).toHaveLength(1);
    expect(writers.size).toBeGreaterThan(1);
    const files = await filesIn(output);
    expect(files).toHaveLength(1 + 12);
    const texts = await Promise.all(files.slice(1).map((name) => readFile(path.join(output, name), "utf8")));
    expect(texts.join("")).toBe(Array.from({ length: 30_000 }, (_, index) => `${index}\n`).join(""));
    expect((await readdir(directory)).filter((name) => name.startsWith("."))).toEqual([]);
  } finally {
    await cluster.close();
  }
});
