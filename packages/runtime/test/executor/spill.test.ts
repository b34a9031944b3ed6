import { readdirSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createThreadExecutor, type JobGraph, type Stage } from "../../src/index.ts";

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
