import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createPrng } from "@tutti/stdx";
import type { Context } from "../src/index.ts";

const vocabulary = 50_000;

/** Words as rare as their rank, lines of ten. */
export async function writeWords(file: string, textBytes: number): Promise<void> {
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

/** How many words occur more than a thousand times. */
export async function countWords(tutti: Context, file: string): Promise<number> {
  const counts = tutti
    .textFile(file)
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1] as const)
    .reduceByKey((a, b) => a + b);
  return await counts.filter(([, n]) => n > 1000).count();
}
