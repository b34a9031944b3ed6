import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { listenForLinks } from "@tutti/link";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkOptions } from "../../src/cluster/cluster-link.ts";
import { damagedBlocks, fetchInputs, type BlockSource } from "../../src/cluster/fetch-inputs.ts";
import type { HeldBlock } from "../../src/cluster/messages.ts";
import { createPeers, type Peers } from "../../src/cluster/worker-peers.ts";

let directory: string;
let reader: Peers;
let holder: Peers;
let server: Awaited<ReturnType<typeof listenForLinks>>;
let source: BlockSource;
/** Three blocks of another worker, in one file. */
let blocks: readonly HeldBlock[];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "tutti-fetch-"));
  holder = createPeers(directory, {});
  const onLink = holder.accept;
  server = await listenForLinks({ host: "127.0.0.1", port: 0 }, { ...linkOptions("worker w2", {}, {}), onLink });
  const content = Buffer.alloc(3_000_000, "rows ");
  writeFileSync(path.join(directory, "task-j1"), content);
  const { host, port } = server.address;
  blocks = [0, 1, 2].map((index): HeldBlock => {
    const offset = index * 1_000_000;
    const crc = crc32(content.subarray(offset, offset + 1_000_000));
    return { kind: "held", worker: "w2", host, port, file: "task-j1", offset, bytes: 1_000_000, crc32: crc };
  });
  reader = createPeers(directory, {});
  source = { worker: "w1", directory, fetch: reader.fetch };
});
afterEach(async () => {
  for (const peers of [reader, holder]) peers.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

function flipBit(offset: number): void {
  const content = readFileSync(path.join(directory, "task-j1"));
  content[offset] = (content[offset] ?? 0) ^ 1;
  writeFileSync(path.join(directory, "task-j1"), content);
}

test("blocks of another worker come as they are there, and the one that is damaged there is found when it is asked for", async () => {
  const into = path.join(directory, "fetched");
  expect(await damagedBlocks([blocks], source)).toEqual([]);
  flipBit(1_500_000);
  const { lost, fetchedBytes } = await fetchInputs([blocks], source, into);
  expect({ lost, fetchedBytes }).toEqual({ lost: [], fetchedBytes: 3_000_000 });
  expect(Buffer.compare(readFileSync(into), readFileSync(path.join(directory, "task-j1")))).toBe(0);
  expect(await damagedBlocks([blocks], source)).toEqual([blocks[1]]);
});

test("all blocks of a worker that cannot be reached are lost", async () => {
  await server.close();
  holder.close();
  expect((await fetchInputs([blocks], source, path.join(directory, "fetched"))).lost).toEqual(blocks);
  expect(await damagedBlocks([blocks], source)).toEqual(blocks);
});

test.runIf(existsSync("/dev/full"))(
  "a full disk of the reader's is no fault of those who hold the blocks",
  async () => {
    await expect(fetchInputs([blocks], source, "/dev/full")).rejects.toMatchObject({ code: "spill-failed" });
  },
);

test("several workers are read at once, each into its own place of the file", async () => {
  const started: string[] = [];
  const bothStarted = Promise.withResolvers<void>();
  const held = (worker: string, bytes: number): HeldBlock => ({ ...(blocks[0] as HeldBlock), worker, bytes });
  const fetch: BlockSource["fetch"] = async ({ worker }, ranges, take) => {
    started.push(worker);
    if (started.length === 2) bothStarted.resolve();
    // One after the other would wait here for ever.
    await bothStarted.promise;
    for (const { bytes } of ranges) take(Buffer.alloc(bytes, worker));
    // Says more than it was asked for: that is not what was asked for, and nobody else's place.
    if (worker === "c") take(Buffer.alloc(3, "x"));
    return undefined;
  };
  const into = path.join(directory, "fetched");
  const wanted = [held("b", 4), held("c", 5), held("b", 2)];
  const { inputs, lost, fetchedBytes } = await fetchInputs([wanted], { worker: "a", directory, fetch }, into);
  expect(lost).toEqual([wanted[1]]);
  expect(fetchedBytes).toBe(11);
  const [ofB, , last] = (inputs[0] ?? []) as readonly { readonly offset: number; readonly bytes: number }[];
  const content = readFileSync(into, "utf8");
  expect([ofB, last].map((one) => content.slice(one?.offset, (one?.offset ?? 0) + (one?.bytes ?? 0)))).toEqual([
    "bbbb",
    "bb",
  ]);
});
