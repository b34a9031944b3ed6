import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runCommand } from "../../src/cluster/cli/run-command.ts";
import { connectCluster } from "../../src/cluster/index.ts";
import { broadcast, type JobGraph, type Stage } from "../../src/index.ts";
import { startLocalCluster, type LocalCluster, type LocalOptions } from "./local-cluster.ts";
import { startMembers } from "./member-processes.ts";

const closes: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
});

async function start(options: LocalOptions = {}): Promise<LocalCluster> {
  const cluster = await startLocalCluster(options);
  closes.push(cluster.close);
  return cluster;
}

const gated = { specifier: "gated-tasks", url: new URL("./gated-tasks.ts", import.meta.url).href };
const plain = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
const split = [
  [1, 2, 3],
  [4, 5, 6],
];
const sums = [[12], [9]];

function stageOf(id: number, about: Pick<Stage, "name" | "exportName" | "inputs"> & Partial<Stage>): Stage {
  return { id, partitionCount: 2, module: gated, args: undefined, closures: [], ...about };
}

function gatedJob(directory: string, gate?: string): JobGraph {
  const args = gate === undefined ? { directory } : { directory, gate };
  const slices = { kind: "slice", from: { stage: 0 }, sliceCount: 2 } as const;
  const rows = { kind: "rows", partitions: split } as const;
  return {
    name: "sums",
    stages: [
      stageOf(0, { name: "split", exportName: "gatedSplit", inputs: [rows], args: { directory } }),
      stageOf(1, { name: "sum", exportName: "gatedSum", inputs: [slices], args }),
    ],
  };
}

function mapped(fn: (row: never) => unknown): JobGraph {
  const rows = { kind: "rows", partitions: split } as const;
  const stage = stageOf(0, { name: "map", exportName: "mapRows", inputs: [rows], module: plain, closures: [fn] });
  return { name: "mapped", stages: [stage] };
}

describe("a job that outlives its driver", { timeout: 60_000 }, () => {
  test("goes on without it and under the next master; whoever comes back gets its result", async () => {
    const cluster = await startMembers();
    closes.push(cluster.close);
    const { coord, directory, masters } = cluster;
    const began = (): string[] => {
      const file = path.join(directory, "began");
      const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      return lines.map((line) => line.split(" ")[0] ?? "").toSorted();
    };
    const first = await connectCluster(coord, { sessionTimeoutMs: 1_000 });
    const job = await first.startDetached(gatedJob(directory, "sum"));
    await expect.poll(began, { timeout: 10_000 }).toHaveLength(4);
    await first.close();
    masters[0]?.process.kill("SIGKILL");
    await masters[1]?.said(/leads/);
    const second = await connectCluster(coord, { sessionTimeoutMs: 1_000 });
    closes.push(() => second.close());
    const result = second.attach(job);
    writeFileSync(path.join(directory, "gate-sum"), "");
    expect((await result).partitions).toEqual(sums);
    // Under the new master nothing that ran or was done began again.
    expect(began()).toEqual(["split.0", "split.1", "sum.0", "sum.1"]);
    // As often as wanted, and from what is written down.
    expect((await second.attach(job)).partitions).toEqual(sums);
  });

  test("has with it what its functions need, although the driver is gone", async () => {
    const cluster = await start();
    const first = await cluster.comeBack();
    const table = broadcast(new Map([[3, "three"]]));
    const { directory } = cluster;
    const slow = (row: number): string => {
      const nap = new Int32Array(new SharedArrayBuffer(4));
      while (!existsSync(`${directory}/gate-on`)) Atomics.wait(nap, 0, 0, 5);
      return table.value.get(row) ?? String(row);
    };
    const job = await first.startDetached(mapped(slow));
    await first.close();
    cluster.open("on");
    const second = await cluster.comeBack();
    expect((await second.attach(job)).partitions.flat()).toEqual(["1", "2", "three", "4", "5", "6"]);
  });

  test("is found by its name when its program is run again, and another job is not taken for it", async () => {
    const cluster = await start();
    const { directory } = cluster;
    const first = await cluster.comeBack();
    const waiting = first.detachedAs("nightly").run(gatedJob(directory, "sum"));
    const left = expect(waiting).rejects.toMatchObject({ code: "executor-closed" });
    await expect.poll(() => cluster.began(), { timeout: 10_000 }).toHaveLength(4);
    await first.close();
    await left;
    cluster.open("sum");
    const again = (await cluster.comeBack()).detachedAs("nightly");
    expect((await again.run(gatedJob(directory, "sum"))).partitions).toEqual(sums);
    expect(cluster.began()).toHaveLength(4);
    const other = (await cluster.comeBack()).detachedAs("nightly");
    await expect(other.run(mapped((row) => row))).rejects.toThrow(
      /mapped was to go on as nightly\/1, which is the job j1/,
    );
  });

  test("tells whoever asks how it failed, and is shown, killed and forgotten by command", async () => {
    const cluster = await start();
    const { coord, directory } = cluster;
    const driver = await cluster.comeBack();
    const tutti = async (...args: string[]): Promise<{ status: number; text: string }> => {
      let text = "";
      const io = { write: (one: string) => void (text += one), say: (one: string) => void (text += one) };
      const { signal } = new AbortController();
      return { status: await runCommand([...args, "--coord", coord], { ...io, environment: {}, signal }), text };
    };
    const fails = mapped(() => {
      throw new RangeError("no such airport");
    });
    await expect(driver.attach(await driver.startDetached(fails))).rejects.toThrow(/no such airport/);
    expect((await tutti("job", "j1")).text).toMatch(
      /j1 +mapped +failed .*detached, result of \d+ bytes kept\n.*no such airport/,
    );
    const killed = await driver.startDetached(gatedJob(directory, "never"));
    await expect.poll(() => cluster.began(), { timeout: 10_000 }).toHaveLength(4);
    const waiting = expect(driver.attach(killed)).rejects.toMatchObject({ code: "canceled" });
    expect((await tutti("kill", killed)).status).toBe(0);
    await waiting;
    await driver.attach(await driver.startDetached(mapped((row: number) => ({ row: BigInt(row) }))));
    expect((await tutti("result", "j3")).text).toMatch(/^\{"row":"1"\}\n\{"row":"2"\}\n.*6 rows$/s);
    expect((await tutti("forget", "j3")).status).toBe(0);
    expect(await tutti("result", "j3")).toMatchObject({
      status: 1,
      text: expect.stringMatching(/not kept any longer/) as string,
    });
    expect((await tutti("jobs")).text).toMatch(/j3 +mapped +succeeded .*detached, result gone/);
    // Those of the two that failed.
    expect(await cluster.blobs()).toHaveLength(2);
  });

  test("is refused where it is too large for the masters, wants what goes with its driver, or is not known", async () => {
    const cluster = await start({ workerCount: 1 });
    const driver = await cluster.comeBack();
    const large = mapped((row) => row);
    const inputs = [{ kind: "rows", partitions: [["x".repeat(300_000)], [1]] }] as const;
    const [stage] = large.stages;
    await expect(driver.startDetached({ ...large, stages: [{ ...stage!, inputs }] })).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringMatching(/the job mapped, .* without a blobDirectory/) as string,
    });
    await expect(driver.startDetached({ ...large, stages: [{ ...stage!, keepAs: "key" }] })).rejects.toThrow(
      /the job mapped outlives its driver, and keeps its output under key/,
    );
    const verbose = await driver.startDetached(mapped((row: number) => String(row).repeat(200_000)));
    await expect(driver.attach(verbose)).rejects.toThrow(
      /the result of the job j\d cannot be kept: \d+ bytes; without/,
    );
    await expect(driver.attach("j77")).rejects.toMatchObject({ code: "no-job" });
    const own = driver.run(mapped((row) => row));
    await own;
    await expect(driver.attach("j3")).rejects.toThrow(/the job j3 is not detached/);
    await expect(
      driver.attach(await driver.startDetached(gatedJob(cluster.directory, "never")), { timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: "timeout" });
    expect((await cluster.report()).jobs.at(-1)).toMatchObject({ state: "running" });
  });

  test("leaves what is large in the directory that masters share, until its time is over", async () => {
    const blobDirectory = mkdtempSync(path.join(tmpdir(), "tutti-blobs-"));
    closes.push(async () => rmSync(blobDirectory, { recursive: true }));
    const cluster = await start({ master: { resultRetentionMs: 1_000, blobDirectory } });
    const files = (): string[] => readdirSync(blobDirectory);
    const driver = await cluster.comeBack();
    const job = await driver.startDetached(mapped((row: number) => String(row).repeat(200_000)));
    const { partitions } = await driver.attach(job);
    expect(partitions.flat().map((text) => (text as string).length)).toEqual(new Array(6).fill(200_000));
    expect(files()).toHaveLength(1);
    await expect.poll(files, { timeout: 10_000 }).toEqual([]);
    await expect(driver.attach(job)).rejects.toMatchObject({ code: "no-job" });
  });
});
