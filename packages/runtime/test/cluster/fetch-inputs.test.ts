import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
