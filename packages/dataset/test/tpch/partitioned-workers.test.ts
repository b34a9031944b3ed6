import { expect, test } from "vitest";
import { createContext, type Context } from "../../src/index.ts";
import { startTestCluster } from "../../../runtime/test/cluster/worker-processes.ts";
import { packageFolder } from "../rdd/on-workers.ts";
import { testPartitionedQueries } from "./partitioned.ts";

const seen = { workers: new Set<string>(), fetchedBytes: 0 };

testPartitionedQueries({
  async open(options): Promise<Context> {
    const cluster = await startTestCluster({ workerCount: 3, cwd: packageFolder });
    cluster.executor.events.on("taskFinished", ({ worker, fetchedBytes = 0 }) => {
      if (worker !== undefined) seen.workers.add(worker);
      seen.fetchedBytes += fetchedBytes;
    });
    const tutti = createContext({ ...options, executor: cluster.executor });
    const close = async (): Promise<void> => {
      await tutti.close();
      await cluster.close();
    };
    return { ...tutti, close, [Symbol.asyncDispose]: close };
  },
  scale: 0.01,
  timeoutMs: 60_000,
  broadcastBytesMax: 0,
});

test("all workers took part, and fetched from each other", () => {
  expect(seen.workers.size).toBe(3);
  expect(seen.fetchedBytes).toBeGreaterThan(0);
});
