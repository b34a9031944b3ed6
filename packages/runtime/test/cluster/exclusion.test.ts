import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runCommand } from "../../src/cluster/cli/run-command.ts";
import { connectCluster } from "../../src/cluster/index.ts";
import type { JobGraph, RuntimeError } from "../../src/index.ts";
import { startLocalCluster, type LocalCluster } from "./local-cluster.ts";

let cluster: LocalCluster;
afterEach(async () => await cluster.close());

/** Each task leaves its rows in a file, for one that reads them all. */
function echoes(partitionCount: number): JobGraph {
  const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
  const partitions = Array.from({ length: partitionCount }, (_, index) => [index]);
  const common = { exportName: "rows", module, args: undefined, closures: [] };
  return {
    name: "echoes",
    stages: [
      { id: 0, name: "echo", partitionCount, inputs: [{ kind: "rows", partitions }], ...common },
      { id: 1, name: "all", partitionCount: 1, inputs: [{ kind: "all", from: { stage: 0 } }], ...common },
    ],
  };
}

/** A worker whose disk takes nothing any more: its directory is gone. */
async function startBadWorker(slotCount: number): Promise<void> {
  const directory = path.join(cluster.directory, "bad");
  mkdirSync(directory);
  await cluster.startWorker({ directory, slotCount });
  for (const name of readdirSync(directory)) rmSync(path.join(directory, name), { recursive: true });
}

const told = (event: string): Readonly<Record<string, unknown>>[] =>
  cluster.events().filter((one) => one["event"] === event);

describe("a worker on which tasks fail", { timeout: 20_000 }, () => {
  test("gets no more of them, the job succeeds, and everybody is told why", async () => {
    cluster = await startLocalCluster({ workerCount: 1 });
    const driver = await cluster.comeBack();
    const joined = new Promise<string>((resolve) =>
      driver.events.once("workerJoined", ({ worker }) => resolve(worker)),
    );
    // More room than the other one has: it gets the first tasks.
    await startBadWorker(3);
    const bad = await joined;
    const { partitions } = await driver.run(echoes(8));
    expect(partitions).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
    expect(told("workerExcluded")).toMatchObject([
      {
        worker: bad,
        stage: "j1.0",
        reason: expect.stringMatching(/^2 tasks of the stage j1\.0 failed there.*cannot be written/) as string,
      },
    ]);
    const failures = told("taskFailed");
    expect(new Set(failures.map((one) => one["worker"]))).toEqual(new Set([bad]));
    // Those that it had at once, and one that came between the first failure and the second.
    expect(failures.length).toBeLessThanOrEqual(4);
    // Once more, and it gets nothing at all.
    await driver.run(echoes(8));
    expect(told("workerExcluded").at(-1)?.["reason"]).toMatch(/^it was excluded from 2 stages/);
    let written = "";
    const io = { write: (text: string) => void (written += text), say: () => undefined, environment: {} };
    await runCommand(["workers", "--coord", cluster.coord], { ...io, signal: new AbortController().signal });
    expect(written).toMatch(new RegExp(`${bad} .* excluded\n`));
    expect(written).toMatch(
      new RegExp(`${bad} gets no tasks for another \\d+ s: it was excluded from 2 stages; .*cannot be written`),
    );
    const before = told("taskFailed").length;
    await driver.run(echoes(8));
    expect(told("taskFailed")).toHaveLength(before);
  });

  test("gets none from the next master either, which says so", async () => {
    cluster = await startLocalCluster({ workerCount: 1 });
    await startBadWorker(3);
    const driver = await connectCluster(cluster.coord, { sessionTimeoutMs: 1_000, slotsMin: 4 });
    try {
      for (let job = 0; job < 2; job += 1) await driver.run(echoes(8));
      const [fromStage, ...later] = told("workerExcluded");
      expect(later.map((one) => one["stage"])).toEqual(["j2.0", undefined]);
      const failureCount = told("taskFailed").length;
      await cluster.replaceMaster();
      // All workers are there again: the last one would be used whatever it did.
      await (await connectCluster(cluster.coord, { sessionTimeoutMs: 1_000, slotsMin: 4 })).close();
      expect((await driver.run(echoes(8))).partitions).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
      expect(told("taskFailed")).toHaveLength(failureCount);
      const again = told("workerExcluded").filter((one) => one["master"] !== fromStage?.["master"]);
      // Before it perhaps the one from a stage whose end was not yet written down.
      expect(again.at(-1)).toMatchObject({ worker: fromStage?.["worker"], reason: later[1]?.["reason"] });
      expect(Number(again.at(-1)?.["forMs"])).toBeLessThanOrEqual(Number(later[1]?.["forMs"]));
    } finally {
      await driver.close();
    }
  });

  test("is used all the same where it is the only one, which is said, and the job ends with what is wrong", async () => {
    cluster = await startLocalCluster({ workerCount: 0 });
    await startBadWorker(1);
    const driver = await cluster.comeBack();
    const error = await driver.run(echoes(3)).then(
      () => undefined,
      (thrown: unknown) => thrown as RuntimeError,
    );
    expect(error).toMatchObject({ code: "worker-lost" });
    expect(error?.message).toMatch(
      /stage 0 \(echo\), partition \d: 4 attempts lost their worker; the last: on w\d+: .*cannot be written/,
    );
    expect(told("workerSpared")).toMatchObject([
      {
        stage: "j1.0",
        reason: expect.stringMatching(/^no other worker is there; another one, .* is awaited: 2 tasks/) as string,
      },
    ]);
  });
});
