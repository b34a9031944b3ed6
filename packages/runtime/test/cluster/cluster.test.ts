import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { broadcast, RuntimeError, type JobGraph, type Stage } from "../../src/index.ts";
import { startClusterExecutor, startWorker } from "../../src/cluster/index.ts";
import { startTestCluster, type TestCluster } from "./worker-processes.ts";

const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
const plain = { module, args: undefined, closures: [] };

// Processes take long to start on a machine that is busy.
vi.setConfig({ testTimeout: 30_000 });

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function refusal(call: Promise<unknown>): Promise<RuntimeError> {
  const thrown = await call.then(
    (value) => `nothing was thrown, but ${String(value)} returned`,
    (one: unknown) => one,
  );
  if (thrown instanceof RuntimeError) return thrown;
  throw new Error(String(thrown), { cause: thrown });
}

/** Numbers cut by parity on four partitions, then gathered by two. */
function parityJob(): JobGraph {
  const partitions = [0, 1, 2, 3].map((part) => Array.from({ length: 1000 }, (_, index) => part * 1000 + index));
  const split: Stage = {
    ...plain,
    id: 0,
    name: "split",
    exportName: "splitByParity",
    partitionCount: 4,
    inputs: [{ kind: "rows", partitions }],
  };
  const inputs = [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }] as const;
  return {
    name: "parity",
    stages: [split, { ...plain, id: 1, name: "echo", exportName: "echo", partitionCount: 2, inputs }],
  };
}

const parityResult = [0, 1].map((parity) => [
  [parity, [Array.from({ length: 2000 }, (_, index) => index * 2 + parity)]],
]);

interface Ran {
  readonly name: string;
  readonly worker: string | undefined;
}

function watchTasks({ executor }: TestCluster): Ran[] {
  const ran: Ran[] = [];
  executor.events.on(
    "taskFinished",
    ({ stage, partition, worker }) => void ran.push({ name: `${stage}.${partition}`, worker }),
  );
  return ran;
}

/** The block files of all workers. */
function blockFiles(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

describe("blocks that are lost", () => {
  test.each([
    ["removed", (file: string) => rmSync(file)],
    ["cut short", (file: string) => truncateSync(file, statSync(file).size - 1)],
    [
      "changed in one bit",
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
    ],
  ])("a block file that was %s is made again, and the result is the same", async (_, damage) => {
    cluster = await startTestCluster({ workerCount: 2 });
    const { executor, directory } = cluster;
    const ran = watchTasks(cluster);
    // Inside of the event: the readers have not been sent yet.
    executor.events.once("stageFinished", () => damage(blockFiles(directory)[0] ?? ""));
    expect((await executor.run(parityJob())).partitions).toEqual(parityResult);
    const names = ran.map((one) => one.name);
    // That of one partition, and no other.
    expect(names.filter((name) => name.startsWith("0."))).toHaveLength(5);
    // Workers remove them when they are told, which is a moment later.
    await expect.poll(() => blockFiles(directory)).toEqual([]);
  });
});

describe("workers that go", () => {
  test(
    "a worker that is stopped loses its tasks, and registers anew when it goes on",
    { timeout: 30_000 },
    async () => {
      cluster = await startTestCluster({ workerCount: 2, silenceMs: 500 });
      const { executor, processes } = cluster;
      const joined: string[] = [];
      executor.events.on("workerJoined", ({ worker }) => void joined.push(worker));
      const ran = watchTasks(cluster);
      executor.events.once("stageFinished", () => processes[0]?.kill("SIGSTOP"));
      expect((await executor.run(parityJob())).partitions).toEqual(parityResult);
      // What it held was made again, by the other one.
      expect(ran.filter((one) => one.name.startsWith("0.")).length).toBeGreaterThan(4);
      const again = new Promise((resolve) => executor.events.once("workerJoined", resolve));
      processes[0]?.kill("SIGCONT");
      await again;
      expect(joined).toEqual(["w3"]);
      expect((await executor.run(parityJob())).partitions).toEqual(parityResult);
    },
  );

  test("a worker that comes during a job takes part in it", async () => {
    cluster = await startTestCluster({ workerCount: 1 });
    const { executor, start } = cluster;
    const ran = watchTasks(cluster);
    const wait = async (x: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return x;
    };
    executor.events.once("callFinished", start);
    const results = await executor.map(Array.from({ length: 60 }).keys(), wait);
    expect(results).toHaveLength(60);
    expect(ran).toEqual([]);
    expect((await executor.run(parityJob())).partitions).toEqual(parityResult);
    expect(new Set(ran.map((one) => one.worker)).size).toBe(2);
  });

  test("without any worker, what waits ends with a message that says so", { timeout: 15_000 }, async () => {
    cluster = await startTestCluster({ workerCount: 1, workerWaitMs: 3_000 });
    const { executor, processes } = cluster;
    expect(await executor.submit((x: number) => x + 1, 1)).toBe(2);
    const lost = new Promise((resolve) => executor.events.once("workerLost", resolve));
    processes[0]?.kill("SIGKILL");
    await lost;
    const error = await refusal(executor.run(parityJob()));
    expect(error).toMatchObject({ code: "no-workers" });
    expect(error.message).toContain("no worker has been there for 3000 ms");
  });

  test("a call whose worker is killed runs again on another one", async () => {
    cluster = await startTestCluster({ workerCount: 2 });
    const { executor } = cluster;
    const dieOn = broadcast(cluster.processes.map((child) => child.pid)[0]);
    const results = await executor.map([1, 2, 3, 4, 5, 6], (x) => {
      if (process.pid === dieOn.value) process.kill(process.pid, "SIGKILL");
      return x * 2;
    });
    expect(results).toEqual([2, 4, 6, 8, 10, 12]);
  });
});

test(
  "what is too large for a message is refused with its size, and the worker stays",
  { timeout: 20_000 },
  async () => {
    cluster = await startTestCluster({ workerCount: 1 });
    const { executor } = cluster;
    const tooLarge = executor.submit((length: number) => "x".repeat(length), 70_000_000);
    const error = await refusal(tooLarge);
    expect(error.message).toMatch(/a called message has \d+ bytes, and may have 67108864/);
    const argument = await refusal(executor.submit((text: string) => text.length, "x".repeat(70_000_000)));
    expect(argument.message).toMatch(/a calls message has/);
    expect(await executor.submit((x: number) => x + 1, 1)).toBe(2);
  },
);

describe("who may take part", () => {
  const listen = { host: "127.0.0.1", port: 0 };
  const secret = Buffer.alloc(32, 7);

  test("an address that strangers reach needs a secret, and a secret has 32 bytes", async () => {
    const open = { host: "0.0.0.0", port: 0 };
    expect(await refusal(startClusterExecutor({ listen: open }))).toMatchObject({ code: "invalid-argument" });
    expect((await refusal(startClusterExecutor({ secret: Buffer.alloc(8) }))).message).toContain("8 bytes");
    expect(await refusal(startWorker({ master: listen, listen: open }))).toMatchObject({ code: "invalid-argument" });
  });

  test("a worker with another secret, or none, is not let in", async () => {
    for (const worker of [{ secret: Buffer.alloc(32, 8) }, {}]) {
      const refused = Promise.withResolvers<string>();
      let open: Awaited<ReturnType<typeof startWorker>> | undefined;
      const starting = startClusterExecutor({
        secret,
        workerWaitMs: 2_000,
        onListening(master) {
          void startWorker({ ...worker, master, slotCount: 1, onEvent: refused.resolve }).then((one) => (open = one));
        },
      });
      const timedOut = refusal(starting);
      expect(await refused.promise).toMatch(/secret/);
      expect(await timedOut).toMatchObject({ code: "timeout" });
      await open?.close();
    }
  });

  test("a worker with the secret is, and its frames are authenticated", async () => {
    let worker: Awaited<ReturnType<typeof startWorker>> | undefined;
    const executor = await startClusterExecutor({
      secret,
      onListening: (master) => void startWorker({ secret, master, slotCount: 2 }).then((one) => (worker = one)),
    });
    expect((await executor.run(parityJob())).partitions).toEqual(parityResult);
    await executor.close();
    await worker?.close();
  });
});
