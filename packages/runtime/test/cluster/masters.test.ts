import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "@tutti/coord";
import { createElection } from "@tutti/coord/recipes";
import { startServer } from "@tutti/coord/server";
import { afterEach, describe, expect, test } from "vitest";
import { askMaster } from "../../src/cluster/ask-master.ts";
import { openMasterLog } from "../../src/cluster/master-log.ts";
import { connectCluster, startMaster, startWorker } from "../../src/cluster/index.ts";
import type { Executor, JobGraph, JobResult, RuntimeError } from "../../src/index.ts";
import type { GateArgs } from "./gated-tasks.ts";
import { startLocalCluster } from "./local-cluster.ts";
import { startMembers, type MemberCluster, type MemberOptions } from "./member-processes.ts";

let cluster: MemberCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

const module = { specifier: "gated-tasks", url: new URL("./gated-tasks.ts", import.meta.url).href };
const rows = [0, 1, 2, 3].map((part) => Array.from({ length: 100 }, (_, index) => part * 100 + index));
const sums = [0, 1].map((parity) => [
  Array.from({ length: 200 }, (_, index) => index * 2 + parity).reduce((a, b) => a + b),
]);

/** Four tasks cut numbers, two add them up. A gate that is named holds the tasks of its stage back. */
function gatedJob(directory: string, gates: { split?: string; sum?: string } = {}, keepAs?: string): JobGraph {
  const args = (gate: string | undefined): GateArgs => (gate === undefined ? { directory } : { directory, gate });
  const split = {
    id: 0,
    name: "split",
    exportName: "gatedSplit",
    partitionCount: 4,
    inputs: [{ kind: "rows", partitions: rows }],
    args: args(gates.split),
    module,
    closures: [],
    ...(keepAs === undefined ? {} : { keepAs }),
  } as const;
  const sum = {
    id: 1,
    name: "sum",
    exportName: "gatedSum",
    partitionCount: 2,
    inputs: [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }],
    args: args(gates.sum),
    module,
    closures: [],
  } as const;
  return { name: "sums", stages: [split, sum] };
}

async function start(
  options: MemberOptions = {},
): Promise<MemberCluster & { open: (gate: string) => void; began: () => string[] }> {
  cluster = await startMembers(options);
  const { directory } = cluster;
  return {
    ...cluster,
    open: (gate) => writeFileSync(path.join(directory, `gate-${gate}`), ""),
    began: () => {
      const file = path.join(directory, "began");
      const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      return lines.map((line) => line.split(" ")[0] ?? "");
    },
  };
}

/** Resolves at so many events of a kind. */
function seen(
  executor: Executor,
  name: "taskStarted" | "taskFinished" | "workerLost" | "workerJoined",
  count: number,
): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    executor.events.on(name, () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
}

const kill = (member: MemberCluster["masters"][number] | undefined, signal: NodeJS.Signals = "SIGKILL"): void =>
  void member?.process.kill(signal);

describe("a job under elected masters", () => {
  test("runs on the workers, which fetch from each other", { timeout: 20_000 }, async () => {
    const { executor, directory, events } = await start();
    const workers = new Set<string | undefined>();
    let fetchedBytes = 0;
    executor.events.on("taskFinished", (event) => {
      workers.add(event.worker);
      fetchedBytes += event.fetchedBytes ?? 0;
    });
    expect((await executor.run(gatedJob(directory))).partitions).toEqual(sums);
    expect(workers.size).toBe(2);
    expect(fetchedBytes).toBeGreaterThan(0);
    expect((await events()).map(({ event }) => event)).toEqual(
      expect.arrayContaining(["elected", "workerJoined", "taskStarted", "taskFinished", "jobFinished"]),
    );
  });

  test(
    "goes on under the standby when the master is killed: tasks that run are not begun again, nor what was done",
    { timeout: 30_000 },
    async () => {
      const { executor, directory, masters, open, began, events } = await start();
      const result = executor.run(gatedJob(directory, { sum: "sum" }));
      await expect.poll(() => began().length, { timeout: 10_000 }).toBe(6);
      kill(masters[0]);
      await masters[1]?.said(/leads/);
      open("sum");
      expect((await result).partitions).toEqual(sums);
      expect(began().toSorted()).toEqual(["split.0", "split.1", "split.2", "split.3", "sum.0", "sum.1"]);
      const told = await events();
      expect(told.filter(({ event }) => event === "elected")).toHaveLength(2);
      expect(told.filter(({ event, isAdopted }) => event === "taskStarted" && isAdopted === true)).toHaveLength(6);
    },
  );

  test("goes on when its first stage was in the middle", { timeout: 30_000 }, async () => {
    const { executor, directory, masters, open, began } = await start();
    const result = executor.run(gatedJob(directory, { split: "split" }));
    await expect.poll(() => began().length, { timeout: 10_000 }).toBe(2);
    kill(masters[0]);
    await masters[1]?.said(/leads/);
    open("split");
    expect((await result).partitions).toEqual(sums);
    expect(began()).toHaveLength(6);
  });

  test(
    "is not disturbed by a master that was stopped and goes on: it can neither write nor give orders",
    { timeout: 30_000 },
    async () => {
      const { executor, directory, masters, open, began, events } = await start();
      const result = executor.run(gatedJob(directory, { sum: "sum" }));
      await expect.poll(() => began().length, { timeout: 10_000 }).toBe(6);
      kill(masters[0], "SIGSTOP");
      await masters[1]?.said(/leads/);
      kill(masters[0], "SIGCONT");
      await masters[0]?.said(/leads no more/);
      open("sum");
      expect((await result).partitions).toEqual(sums);
      expect(began()).toHaveLength(6);
      expect((await events()).filter(({ event }) => event === "jobFinished")).toHaveLength(1);
    },
  );
});

test(
  "a slow task is overtaken by a second attempt on another worker, and ended there",
  { timeout: 20_000 },
  async () => {
    const local = await startLocalCluster({ master: { speculation: { minimumMs: 100, quantile: 0.5 } } });
    const { directory, began, events, open } = local;
    const executor = await local.comeBack();
    const job = gatedJob(directory);
    const [split, sum] = job.stages;
    const slow = { ...split!, args: { directory, gate: "never", slowPartition: 3 } satisfies GateArgs };
    const { partitions, stages } = await executor.run({ ...job, stages: [slow, sum!] });
    expect(partitions).toEqual(sums);
    expect(stages.map(({ taskCount, failedAttemptCount }) => [taskCount, failedAttemptCount])).toEqual([
      [4, 0],
      [2, 0],
    ]);
    expect(began().filter((name) => name === "split.3")).toHaveLength(2);
    const told = events().filter((one) => one["stage"] === 0 && one["partition"] === 3);
    const [first, second] = told.filter((one) => one["event"] === "taskStarted");
    expect([first?.["overtakes"], second?.["overtakes"]]).toEqual([false, true]);
    expect(first?.["worker"]).not.toBe(second?.["worker"]);
    expect(told.filter((one) => one["event"] === "taskStopped")).toMatchObject([{ attempt: 0 }]);
    // Its slot is free again: with one worker alone this would wait for ever.
    const both = seen(executor, "taskStarted", 2);
    const next = executor.run(gatedJob(directory, { split: "both" }));
    await both;
    open("both");
    expect((await next).partitions).toEqual(sums);
    await local.close();
  },
);

describe("workers that go", () => {
  test("only what the killed one had is done again", { timeout: 30_000 }, async () => {
    const { executor, directory, workers, open, began } = await start();
    const ranOn = new Map<string, string | undefined>();
    executor.events.on("taskFinished", ({ stage, partition, worker }) => ranOn.set(`${stage}.${partition}`, worker));
    const running = seen(executor, "taskStarted", 6);
    const result = executor.run(gatedJob(directory, { sum: "sum" }));
    await running;
    const lost = new Promise<string>((resolve) => executor.events.once("workerLost", ({ worker }) => resolve(worker)));
    const done = new Map(ranOn);
    kill(workers[0]);
    const lostWorker = await lost;
    open("sum");
    expect((await result).partitions).toEqual(sums);
    const ofLost = [...done].filter(([, worker]) => worker === lostWorker).length;
    expect(ofLost).toBeGreaterThan(0);
    expect(began().filter((name) => name.startsWith("split"))).toHaveLength(4 + ofLost);
  });

  test(
    "one that was stopped for longer than its session comes back under another name, with nothing",
    { timeout: 30_000 },
    async () => {
      const { executor, directory, workers, open } = await start();
      const running = seen(executor, "taskStarted", 6);
      const result = executor.run(gatedJob(directory, { sum: "sum" }));
      await running;
      const lost = seen(executor, "workerLost", 1);
      kill(workers[0], "SIGSTOP");
      await lost;
      const joined = seen(executor, "workerJoined", 1);
      kill(workers[0], "SIGCONT");
      await joined;
      open("sum");
      expect((await result).partitions).toEqual(sums);
    },
  );

  test("what was kept and is lost fails with a code, and can be made again", { timeout: 30_000 }, async () => {
    const { executor, directory, workers } = await start();
    const keptLost = new Promise<string>((resolve) => executor.events.once("keptLost", ({ key }) => resolve(key)));
    expect((await executor.run(gatedJob(directory, {}, "cut"))).kept).toEqual(["cut"]);
    const [, sum] = gatedJob(directory).stages;
    const reader: JobGraph = {
      name: "reads what is kept",
      stages: [{ ...sum!, id: 0, inputs: [{ kind: "slice", from: { kept: "cut" }, sliceCount: 2 }] }],
    };
    expect((await executor.run(reader)).partitions).toEqual(sums);
    kill(workers[0]);
    expect(await keptLost).toBe("cut");
    await expect(executor.run(reader)).rejects.toMatchObject({ code: "kept-lost" });
    expect((await executor.run(gatedJob(directory, {}, "cut"))).partitions).toEqual(sums);
  });
});

test("what jobs left with the workers is there under the next master", { timeout: 30_000 }, async () => {
  const { executor, directory, masters } = await start();
  await executor.run(gatedJob(directory, {}, "cut"));
  kill(masters[0]);
  const [, sum] = gatedJob(directory).stages;
  const inputs = [{ kind: "slice", from: { kept: "cut" }, sliceCount: 2 }] as const;
  const result: JobResult = await executor.run({ name: "reads", stages: [{ ...sum!, id: 0, inputs }] });
  expect(result.partitions).toEqual(sums);
});

test("calls that were on their way are made again under the next master", { timeout: 30_000 }, async () => {
  const { executor, masters } = await start();
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const half = new Promise<void>((resolve) => {
    let left = 100;
    executor.events.on("callFinished", () => (left -= 1) === 0 && resolve());
  });
  const squares = executor.map(numbers, (x) => x * x);
  await half;
  kill(masters[0]);
  expect(await squares).toEqual(numbers.map((x) => x * x));
});

test("a task's own error arrives with its message, and the cluster goes on", { timeout: 20_000 }, async () => {
  const { executor, directory } = await start();
  const thrown = await executor
    .submit(() => {
      throw new RangeError("no such airport");
    })
    .then(
      () => undefined,
      (error: unknown) => error as RuntimeError,
    );
  expect(thrown).toMatchObject({ code: "task-failed" });
  expect(thrown?.message).toContain("no such airport");
  expect((await executor.run(gatedJob(directory))).partitions).toEqual(sums);
});

test("a job that is canceled ends on the workers too", { timeout: 20_000 }, async () => {
  const { executor, directory } = await start();
  const controller = new AbortController();
  const running = seen(executor, "taskStarted", 2);
  const result = executor.run(gatedJob(directory, { split: "never" }), { signal: controller.signal });
  await running;
  controller.abort();
  await expect(result).rejects.toMatchObject({ code: "canceled" });
  expect((await executor.run(gatedJob(directory))).partitions).toEqual(sums);
});

test(
  "workers that have fetched from each other close, and a master that a driver still asks",
  { timeout: 20_000 },
  async () => {
    const server = await startServer({ tickTimeMs: 100 });
    const directory = mkdtempSync(path.join(tmpdir(), "tutti-closes-"));
    const common = { coord: server.connectString, sessionTimeoutMs: 1000 };
    const master = await startMaster(common);
    const workers = [await startWorker({ ...common, slotCount: 1 }), await startWorker({ ...common, slotCount: 1 })];
    const executor = await connectCluster(common.coord, { sessionTimeoutMs: 1000, slotsMin: 2 });
    expect((await executor.run(gatedJob(directory))).partitions).toEqual(sums);
    for (const worker of workers) await worker.close();
    await master.close();
    await executor.close();
    await server.close();
    rmSync(directory, { recursive: true });
  },
);

test(
  "a worker that drains ends what it has and takes nothing new: nothing is done again",
  { timeout: 30_000 },
  async () => {
    const server = await startServer({ tickTimeMs: 100 });
    const directory = mkdtempSync(path.join(tmpdir(), "tutti-drains-"));
    const common = { coord: server.connectString, sessionTimeoutMs: 1000 };
    const master = await startMaster(common);
    const leaving = await startWorker({ ...common, slotCount: 1 });
    const staying = await startWorker({ ...common, slotCount: 1 });
    const executor = await connectCluster(common.coord, { sessionTimeoutMs: 1000, slotsMin: 2 });
    const ranOn = new Map<string, string>();
    executor.events.on("taskStarted", ({ stage, partition, worker }) => ranOn.set(`${stage}.${partition}`, worker));
    const running = seen(executor, "taskStarted", 2);
    const result = executor.run(gatedJob(directory, { split: "split" }));
    await running;
    const first = new Map(ranOn);
    const drained = leaving.drain();
    const gone = seen(executor, "workerLost", 1);
    writeFileSync(path.join(directory, "gate-split"), "");
    expect((await result).partitions).toEqual(sums);
    await drained;
    await gone;
    const lines = readFileSync(path.join(directory, "began"), "utf8").trim().split("\n");
    expect(lines).toHaveLength(6);
    // All but what it had then ran elsewhere.
    const later = [...ranOn].filter(([task]) => !first.has(task)).map(([, worker]) => worker);
    expect(new Set(later).size).toBe(1);
    await executor.close();
    await staying.close();
    await master.close();
    await server.close();
    rmSync(directory, { recursive: true });
  },
);

test("a job that its driver does not ask for any more ends under the next master", { timeout: 20_000 }, async () => {
  const server = await startServer({ tickTimeMs: 100 });
  const common = { coord: server.connectString, sessionTimeoutMs: 1000 };
  // What a master leaves that died between a result and the record of it.
  const session = await connect(server);
  await session.ensurePath("/tutti/log");
  const lease = await createElection(session, "/tutti/masters", { id: "{}" }).campaign();
  const log = await openMasterLog(session, "/tutti/log", lease);
  await log.append({ kind: "job", job: "j1", request: "gone/1", driver: "gone", name: "over", atMs: 1 });
  await session.close();
  const master = await startMaster({ ...common, driverLeaseMs: 100 });
  const { jobs } = await askMaster(common, { kind: "report" });
  expect(jobs).toMatchObject([{ job: "j1" }]);
  await expect
    .poll(async () => (await askMaster(common, { kind: "report" })).jobs.map(({ state }) => state))
    .toEqual(["canceled"]);
  await master.close();
  await server.close();
});
