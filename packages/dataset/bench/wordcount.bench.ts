import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark } from "@tutti/testkit";
import { createContext } from "../src/index.ts";
import { countWords, writeWords } from "./words.ts";

const textBytes = 500 * 1024 * 1024;

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
    await writeWords(file, textBytes);
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
          runOurs: () => countWords(alone, file),
          runReference: () => countByHand(file),
        },
        {
          ...base,
          name: "on two threads",
          reference: "same on one",
          targetRatioMax: 0.71,
          runOurs: () => countWords(two, file),
          runReference: () => countWords(alone, file),
        },
      ],
      async close() {
        await Promise.all([alone.close(), two.close()]);
        await rm(folder, { recursive: true });
      },
    };
  },
};
