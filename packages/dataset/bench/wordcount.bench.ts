import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createPrng } from "@tutti/stdx";
import type { Benchmark } from "@tutti/testkit";
import { createContext, type Context } from "../src/index.ts";

const textBytes = 500 * 1024 * 1024;
const vocabulary = 50_000;

/** Words as rare as their rank, lines of ten. */
async function writeText(file: string): Promise<void> {
  const prng = createPrng(1);
  const out = createWriteStream(file);
  for (let written = 0; written < textBytes;) {
    let chunk = "";
    while (chunk.length < 1 << 20) {
      const words = Array.from({ length: 10 }, () => `w${Math.floor(vocabulary ** prng.nextUnit())}`);
      chunk += `${words.join(" ")}\n`;
    }
    written += chunk.length;
    if (!out.write(chunk)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

async function count(tutti: Context, file: string): Promise<number> {
  const counts = tutti
    .textFile(file)
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1] as const)
    .reduceByKey((a, b) => a + b);
  return await counts.filter(([, n]) => n > 1000).count();
}

/** What a person would write: a Map, over lines of chunks. */
async function countByHand(file: string): Promise<number> {
  const counts = new Map<string, number>();
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 256 * 1024 })) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts.values()].filter((n) => n > 1000).length;
}

/** `npm run bench -- wordcount`: 500 MB of text, beside a loop by hand, and on two threads beside one. */
export const benchmark: Benchmark = {
  name: "wordcount",
  async open() {
    const folder = await mkdtemp(path.join(tmpdir(), "tutti-words-"));
    const file = path.join(folder, "words.txt");
    await writeText(file);
    const alone = createContext();
    const two = createContext({ threads: 2 });
    const base = { unit: "bytes", unitCount: textBytes };
    return {
      cases: [
        {
          ...base,
          name: "on one thread",
          reference: "hand-written Map loop",
          targetRatioMax: 1.1,
          runOurs: () => count(alone, file),
          runReference: () => countByHand(file),
        },
        {
          ...base,
          name: "on two threads",
          reference: "same on one",
          targetRatioMax: 0.71,
          runOurs: () => count(two, file),
          runReference: () => count(alone, file),
        },
      ],
      async close() {
        await Promise.all([alone.close(), two.close()]);
        await rm(folder, { recursive: true });
      },
    };
  },
};
