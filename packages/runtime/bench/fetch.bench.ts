import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { dial } from "@tutti/link";
import type { Benchmark } from "@tutti/testkit";
import { openChannel, type Channel } from "../src/cluster/channel.ts";
import { linkOptions } from "../src/cluster/cluster-link.ts";
import type { FileRange } from "../src/cluster/messages.ts";

const file = "blocks";
const blockBytes = 4 * 1024 * 1024;
const blockCount = 64;

async function channelTo(port: number, secret: Uint8Array | undefined): Promise<Channel> {
  const link = await dial(
    { host: "127.0.0.1", port },
    linkOptions("reader", {}, secret === undefined ? {} : { secret }),
  );
  return openChannel({ link, directory: undefined, onMessage: () => undefined, onDown: () => undefined });
}

/** As workers fetch from each other: every record of the link is checked; the blocks are, by the task that reads them. */
async function fetchAll(channel: Channel, ranges: readonly FileRange[], isChecked: boolean = false): Promise<number> {
  let bytes = 0;
  const problem = await channel.fetch(ranges, (chunk) => void (bytes += chunk.length), isChecked);
  if (problem !== undefined) throw new Error(problem.message);
  return bytes;
}

/**
 * `npm run bench -- fetch`: a worker's blocks from another process, with checksums and bounds on what waits, beside the same
 * file over a bare socket; and what a secret costs.
 */
export const benchmark: Benchmark = {
  name: "fetch",
  async open() {
    const directory = await mkdtemp(path.join(tmpdir(), "tutti-fetch-"));
    const content = Buffer.alloc(blockBytes * blockCount);
    for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
    await writeFile(path.join(directory, file), content);
    const ranges = Array.from({ length: blockCount }, (_, index): FileRange => {
      const offset = index * blockBytes;
      return { file, offset, bytes: blockBytes, crc32: crc32(content.subarray(offset, offset + blockBytes)) };
    });
    const child = fork(path.join(import.meta.dirname, "block-server.ts"), [directory, file]);
    const [[plainPort, keyedPort, rawPort]] = (await once(child, "message")) as [[number, number, number]];
    const plain = await channelTo(plainPort, undefined);
    const keyed = await channelTo(keyedPort, Buffer.alloc(32, 1));
    const socket = connect(rawPort, "127.0.0.1");
    await once(socket, "connect");
    const readRaw = async (): Promise<number> => {
      let bytes = 0;
      socket.write("go");
      await new Promise<void>((resolve) => {
        const onData = (chunk: Buffer): void => {
          bytes += chunk.length;
          if (bytes < content.length) return;
          socket.off("data", onData);
          resolve();
        };
        socket.on("data", onData);
      });
      return bytes;
    };
    const base = { unit: "bytes", unitCount: content.length };
    const fetchPlain = (): Promise<number> => fetchAll(plain, ranges);
    return {
      cases: [
        {
          ...base,
          name: "blocks of 4 MiB from another process, with a checksum for each record",
          targetRatioMax: 1 / 0.6,
          reference: "bare socket",
          runReference: readRaw,
          runOurs: fetchPlain,
        },
        {
          ...base,
          name: "the same, and their holder compares the checksums of blocks too",
          reference: "same without",
          runReference: fetchPlain,
          runOurs: () => fetchAll(plain, ranges, true),
        },
        {
          ...base,
          name: "the same, authenticated by a secret",
          reference: "same with checksums alone",
          runReference: fetchPlain,
          runOurs: () => fetchAll(keyed, ranges),
        },
      ],
      async close() {
        for (const { link } of [plain, keyed]) link.destroy();
        socket.destroy();
        child.kill();
        await rm(directory, { recursive: true });
      },
    };
  },
};
