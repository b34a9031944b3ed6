import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { startWorker } from "../../src/cluster/index.ts";
import { openAttemptBlocks } from "../../src/executor/attempt-blocks.ts";
import { readBlock, type SpilledBlock } from "../../src/executor/stored-block.ts";
import type { JobGraph } from "../../src/index.ts";
import { startLocalCluster, type LocalCluster } from "./local-cluster.ts";

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test("a block is packed where that makes it smaller, and says so; its rows are the same", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "tutti-codec-"));
  const place = {
    memoryBytesLeft: -1,
    spillPath: path.join(directory, "a"),
    workBytesMax: 1_000_000,
    codec: "zstd",
  } as const;
  const blocks = openAttemptBlocks(place);
  const alike = Array.from({ length: 2_000 }, (_, index) => `departure from gate ${index % 30}`);
  const noise = Array.from({ length: 200 }, () => randomBytes(300).toString("latin1"));
  const few = ["a", "b"];
  const slices = blocks.finish([alike, noise, few]).flat() as SpilledBlock[];
  blocks.close();
  expect(slices.map(({ codec }) => codec)).toEqual(["zstd", undefined, undefined]);
  expect(slices[0]?.bytes).toBeLessThan(alike.join("").length / 4);
  expect(slices.map((block) => readBlock(block))).toEqual([alike, noise, few]);
  rmSync(directory, { recursive: true });
});

function shuffle(): JobGraph {
  const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };
  const partitions = [0, 1, 2, 3].map((part) =>
    Array.from({ length: 5_000 }, (_, index) => `row ${part} ${index % 50}`),
  );
  const common = { exportName: "rows", module, args: undefined, closures: [] };
  return {
    name: "shuffle",
    stages: [
      { id: 0, name: "write", partitionCount: 4, inputs: [{ kind: "rows", partitions }], ...common },
      { id: 1, name: "read", partitionCount: 2, inputs: [{ kind: "all", from: { stage: 0 } }], ...common },
    ],
  };
}

async function bytesFetched(compressions: readonly ("zstd" | "none")[]): Promise<{ bytes: number; rows: unknown[] }> {
  cluster = await startLocalCluster({ workerCount: 0 });
  for (const compression of compressions) await cluster.startWorker({ compression });
  const driver = await cluster.comeBack();
  await expect.poll(() => driver.slotCount, { timeout: 10_000 }).toBe(2);
  let bytes = 0;
  driver.events.on("taskFinished", ({ fetchedBytes = 0 }) => (bytes += fetchedBytes));
  const { partitions } = await driver.run(shuffle());
  await cluster.close();
  cluster = undefined;
  return { bytes, rows: partitions.flat() };
}

test("less goes between workers that pack, and what they pack another one reads", { timeout: 30_000 }, async () => {
  const plain = await bytesFetched(["none", "none"]);
  const packed = await bytesFetched(["zstd", "zstd"]);
  const mixed = await bytesFetched(["zstd", "none"]);
  expect(packed.rows).toEqual(plain.rows);
  expect(mixed.rows).toEqual(plain.rows);
  expect(packed.bytes).toBeGreaterThan(0);
  expect(packed.bytes * 3).toBeLessThan(plain.bytes);
});

test("a codec that nobody knows is refused", async () => {
  const master = { host: "127.0.0.1", port: 1 };
  await expect(startWorker({ master, compression: "lz4" as never })).rejects.toThrow(
    /compression is lz4; it must be zstd or none/,
  );
});
