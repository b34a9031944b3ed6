import { afterEach, describe, expect, test } from "vitest";
import { startWorker } from "../../src/cluster/index.ts";
import type { JobGraph, RuntimeError } from "../../src/index.ts";
import { startTestCluster, type TestCluster } from "./worker-processes.ts";

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

function jobOf(exportName: string, partitionCount: number): JobGraph {
  const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
  const stage = { id: 0, name: exportName, exportName, partitionCount, inputs: [], module, args: undefined };
  return { name: exportName, stages: [{ ...stage, closures: [] }] };
}

describe("a worker process that holds too much", { timeout: 60_000 }, () => {
  test("ends the task that holds most of it, with a message, takes no others meanwhile, and goes on", async () => {
    const memoryBytesMax = 600 * 1024 * 1024;
    cluster = await startTestCluster({ workerCount: 1, slots: 2, settings: { memoryBytesMax } });
    const { executor, processes } = cluster;
    const before = processes[0]?.pid;
    const pauses: boolean[] = [];
    const paused = new Promise<void>((resolve) => {
      executor.events.on("workerPaused", ({ isPaused }) => {
        pauses.push(isPaused);
        resolve();
      });
    });
    const failed = executor.run(jobOf("hoardBuffers", 2)).then(
      () => undefined,
      (thrown: unknown) => thrown as RuntimeError,
    );
    await paused;
    // A slot is free, and not lent.
    const order: string[] = [];
    const later = executor.submit((x: number) => x + 1, 1).then((value) => (order.push("call"), value));
    const error = await failed;
    order.push("job");
    expect(error).toMatchObject({ code: "out-of-memory" });
    expect(error?.message).toMatch(
      /stage 0 \(hoardBuffers\), partition 0: j1\.0\.0\.0 was ended: the process of the worker w1 holds \d+ of 629145600 bytes, \d+ of them in the thread of this task/,
    );
    expect(Number(/(\d+) of them/.exec(error?.message ?? "")?.[1])).toBeGreaterThan(300 * 1024 * 1024);
    expect(await later).toBe(2);
    expect(order).toEqual(["job", "call"]);
    // It may come again with the call, until memory is given back.
    expect(pauses.slice(0, 2)).toEqual([true, false]);
    expect(processes[0]?.pid).toBe(before);
  });

  test("lets tasks put more into files from 60 % on", async () => {
    const settings = { memoryBytesMax: 500 * 1024 * 1024, workBytesMax: 1_000_000 };
    cluster = await startTestCluster({ workerCount: 1, settings });
    const { partitions } = await cluster.executor.run(jobOf("budgets", 1));
    expect(partitions).toEqual([[1_000_000, 125_000, 70]]);
  });
});

test("a limit that no process can keep is refused", async () => {
  const master = { host: "127.0.0.1", port: 1 };
  await expect(startWorker({ master, memoryBytesMax: 1_000 })).rejects.toThrow(
    /memoryBytesMax is 1000; it must be at least/,
  );
});
