import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { createContext, type Context } from "../../src/index.ts";
import { startTestCluster, type TestCluster } from "../../../runtime/test/cluster/worker-processes.ts";

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

const words = Array.from({ length: 3000 }, (_, index) => `w${index % 97} w${index % 11} w${index % 3}`);

/** Words of lines and how often they occur, in the order of the words. */
async function countWords(tutti: Context): Promise<(readonly [string, number])[]> {
  return await tutti
    .parallelize(words, { partitionCount: 6 })
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1] as const)
    .reduceByKey((a, b) => a + b, { partitionCount: 5 })
    .sortByKey()
    .collect();
}

interface Finished {
  readonly stage: number;
  readonly partition: number;
  readonly worker?: string;
  readonly fetchedBytes?: number;
}

function watch(executor: TestCluster["executor"]): { finished: Finished[]; lost: string[] } {
  const seen = { finished: [] as Finished[], lost: [] as string[] };
  executor.events.on("taskFinished", (event) => void seen.finished.push(event));
  executor.events.on("workerLost", ({ worker }) => void seen.lost.push(worker));
  return seen;
}

test("a word count runs on three worker processes, which fetch from each other", { timeout: 60_000 }, async () => {
  const expected = await countWords(createContext());
  cluster = await startTestCluster({ workerCount: 3 });
  const { finished } = watch(cluster.executor);
  const tutti = createContext({ executor: cluster.executor, ownsExecutor: false });
  expect(await countWords(tutti)).toEqual(expected);
  expect(new Set(finished.map((one) => one.worker)).size).toBe(3);
  expect(finished.reduce((sum, one) => sum + (one.fetchedBytes ?? 0), 0)).toBeGreaterThan(0);
});

test("a worker that is killed costs what it held, and nothing else", { timeout: 60_000 }, async () => {
  const expected = await countWords(createContext());
  cluster = await startTestCluster({ workerCount: 3 });
  const { processes, executor } = cluster;
  const { finished, lost } = watch(executor);
  const tutti = createContext({ executor, ownsExecutor: false });
  // As soon as the first stage is complete, so that its outputs are on all three.
  executor.events.once("stageFinished", () => processes[0]?.kill("SIGKILL"));
  expect(await countWords(tutti)).toEqual(expected);
  expect(lost).toHaveLength(1);
  const runs = new Map<string, (string | undefined)[]>();
  for (const { stage, partition, worker } of finished) {
    const name = `${stage}.${partition}`;
    runs.set(name, [...(runs.get(name) ?? []), worker]);
  }
  const repeated = [...runs.values()].filter((workers) => workers.length > 1);
  expect(repeated.length).toBeGreaterThan(0);
  for (const workers of repeated) expect(workers.slice(0, -1)).toEqual(workers.slice(0, -1).map(() => lost[0]));
});

test(
  "output is complete and there once, although a worker is killed while it writes",
  { timeout: 60_000 },
  async () => {
    cluster = await startTestCluster({ workerCount: 3 });
    const { executor, processes, directory } = cluster;
    const output = path.join(directory, "output");
    const { lost, finished } = watch(executor);
    // The write begins when the first partition is done; the others of the victim are on their way then.
    executor.events.once("taskFinished", () => processes[0]?.kill("SIGKILL"));
    const tutti = createContext({ executor, ownsExecutor: false });
    const numbers = Array.from({ length: 40_000 }, (_, index) => `line ${index} ${"x".repeat(index % 50)}`);
    const saved = await tutti
      .parallelize(numbers, { partitionCount: 12 })
      .map((line) => `${line}!`)
      .saveAsTextFile(output);
    expect(saved).toMatchObject({ partCount: 12, rowCount: 40_000 });
    expect(lost).toHaveLength(1);
    expect(finished).toHaveLength(12);
    const files = (await readdir(output)).sort();
    expect(files).toEqual([
      "_SUCCESS",
      ...Array.from({ length: 12 }, (_, index) => `part-${String(index).padStart(5, "0")}`),
    ]);
    const parts = await Promise.all(files.slice(1).map((name) => readFile(path.join(output, name), "utf8")));
    expect(parts.join("")).toBe(numbers.map((line) => `${line}!\n`).join(""));
  },
);

test("what was persisted and died with its worker is computed anew", { timeout: 60_000 }, async () => {
  cluster = await startTestCluster({ workerCount: 3 });
  const { executor, processes } = cluster;
  const { lost } = watch(executor);
  const tutti = createContext({ executor, ownsExecutor: false });
  const squares = tutti
    .parallelize(
      Array.from({ length: 600 }, (_, index) => index),
      { partitionCount: 6 },
    )
    .map((x) => x * x)
    .persist();
  const sum = await squares.reduce((a, b) => a + b);
  const gone = new Promise((resolve) => executor.events.once("workerLost", resolve));
  processes[0]?.kill("SIGKILL");
  // Before anybody knows that it is gone, and after.
  expect(await squares.reduce((a, b) => a + b)).toBe(sum);
  await gone;
  expect(await squares.reduce((a, b) => a + b)).toBe(sum);
  expect(lost).toHaveLength(1);
});
