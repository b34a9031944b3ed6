import { readdirSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInProcessExecutor, createThreadExecutor, type JobGraph, type Stage } from "../../src/index.ts";

const module = { specifier: "tasks", url: new URL("./tasks.ts", import.meta.url).href };
const plain = { module, args: undefined, closures: [] };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "tutti-spill-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** Files in the executor's own directory. */
function spilledFiles(): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

function splitAndEcho(keepAs?: string): JobGraph {
  const rows = { kind: "rows", partitions: [Array.from({ length: 1000 }, (_, index) => index), [1, 2, 3]] } as const;
  const split: Stage = {
    ...plain,
    id: 0,
    name: "split",
    exportName: "splitByParity",
    partitionCount: 2,
    inputs: [rows],
    ...(keepAs === undefined ? {} : { keepAs }),
  };
  const inputs = [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }] as const;
  return {
    name: "job",
    stages: [split, { ...plain, id: 1, name: "echo", exportName: "echo", partitionCount: 2, inputs }],
  };
}

test("rows over the budget go to files, which are gone when the job is, and the answer is the same", async () => {
  const roomy = createThreadExecutor({ threadsMax: 2 });
  const expected = (await roomy.run(splitAndEcho())).partitions;
  await roomy.close();
  const executor = createThreadExecutor({ threadsMax: 2, memoryBytesMax: 100, spillDirectory: directory });
  let seen: string[] = [];
  // Looked at inside of the event: a moment later the job may be over.
  executor.events.once("stageFinished", () => {
    seen = spilledFiles();
  });
  expect((await executor.run(splitAndEcho())).partitions).toEqual(expected);
  expect(seen.length).toBeGreaterThan(0);
  expect(spilledFiles()).toEqual([]);
  await executor.close();
  expect(await readdir(directory)).toEqual([]);
});

test("what is kept stays in its file until it is released", async () => {
  const executor = createThreadExecutor({ threadsMax: 1, memoryBytesMax: 0, spillDirectory: directory });
  await executor.run(splitAndEcho("k"));
  expect(spilledFiles().length).toBe(2);
  const from = { kept: "k" };
  const read: Stage = {
    ...plain,
    id: 0,
    name: "read",
    exportName: "splitByParity",
    partitionCount: 1,
    inputs: [{ kind: "all", from }],
  };
  const { partitions } = await executor.run({ name: "read", stages: [read] });
  expect(partitions.flat()).toHaveLength(501);
  executor.release("k");
  expect(spilledFiles()).toEqual([]);
  await executor.close();
});

test("a directory that cannot be written to is named", async () => {
  const executor = createThreadExecutor({ memoryBytesMax: 0, spillDirectory: path.join(directory, "missing") });
  await expect(executor.run(splitAndEcho())).rejects.toThrow(/a directory for blocks cannot be made in .*missing/);
  await executor.close();
});

test("a budget that makes no sense is named", () => {
  expect(() => createThreadExecutor({ memoryBytesMax: -1 })).toThrow("memoryBytesMax is -1");
});

test("slices that leave early come before the rest, and what a task spilled is gone with it", async () => {
  const executor = createThreadExecutor({ threadsMax: 1, memoryBytesMax: 300, spillDirectory: directory });
  const inputs = [{ kind: "rows", partitions: [["a", "b"], []] }] as const;
  const pieces: Stage = { ...plain, id: 0, name: "pieces", exportName: "inPieces", partitionCount: 2, inputs };
  const slices = [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }] as const;
  const echo: Stage = { ...plain, id: 1, name: "echo", exportName: "echo", partitionCount: 2, inputs: slices };
  executor.events.once("stageFinished", () =>
    expect(spilledFiles().filter((name) => name.endsWith("scratch"))).toEqual([]),
  );
  const { partitions } = await executor.run({ name: "job", stages: [pieces, echo] });
  expect(partitions).toEqual([[[0, [["a", "b", "a", "b"]]]], [[1, [["a", "b"]]]]]);
  await executor.close();
});

test("a result in several pieces arrives as one", async () => {
  const executor = createThreadExecutor({ threadsMax: 1 });
  const inputs = [{ kind: "rows", partitions: [[1, 2]] }] as const;
  const stage: Stage = { ...plain, id: 0, name: "pieces", exportName: "inPieces", partitionCount: 1, inputs };
  expect((await executor.run({ name: "job", stages: [stage] })).partitions).toEqual([[1, 2, 1, 2]]);
  await executor.close();
});

test.each([
  ["memory", 10_000, true],
  ["memory", 100, false],
  ["memory-and-disk", 100, true],
  ["disk", 10_000, true],
] as const)("kept in %s with a budget of %i bytes: %s", async (keepIn, memoryBytesMax, isKept) => {
  const executor = createThreadExecutor({ threadsMax: 1, memoryBytesMax, spillDirectory: directory });
  const [split, ...others] = splitAndEcho("k").stages as [Stage, ...Stage[]];
  const { kept } = await executor.run({ name: "job", stages: [{ ...split, keepIn }, ...others] });
  expect(kept).toEqual(isKept ? ["k"] : []);
  expect(spilledFiles().length > 0).toBe(isKept && (keepIn === "disk" || memoryBytesMax === 100));
  await executor.close();
});

test("in process, what is to be kept on disk is", async () => {
  const executor = createInProcessExecutor();
  const [split] = splitAndEcho("k").stages as [Stage];
  expect((await executor.run({ name: "job", stages: [{ ...split, keepIn: "disk" }] })).kept).toEqual(["k"]);
  const inputs = [{ kind: "all", from: { kept: "k" } }] as const;
  const read: Stage = { ...plain, id: 0, name: "read", exportName: "splitByParity", partitionCount: 1, inputs };
  expect((await executor.run({ name: "read", stages: [read] })).partitions.flat()).toHaveLength(501);
  await executor.close();
});

test("a task that needs more memory than its thread may have fails at once, and the executor goes on", async () => {
  const executor = createThreadExecutor({ threadsMax: 1, heapBytesMax: 32 * 1024 * 1024 });
  let failureCount = 0;
  executor.events.on("taskFailed", () => (failureCount += 1));
  const hoard: Stage = { ...plain, id: 0, name: "hoard", exportName: "hoard", partitionCount: 1, inputs: [] };
  const failure = executor.run({ name: "hoarding", stages: [hoard] });
  await expect(failure).rejects.toThrow(/partition 0: .*needs more memory than a thread may have/);
  expect(failureCount).toBe(1);
  expect((await executor.run(splitAndEcho())).partitions).toHaveLength(2);
  await executor.close();
  expect(() => createThreadExecutor({ heapBytesMax: 1 })).toThrow("heapBytesMax is 1;");
});
