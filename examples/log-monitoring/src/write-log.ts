import { writeFile } from "node:fs/promises";

const pages = ["/", "/search", "/cart", "/pay", "/help"];
const agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.9.1"];

/** Writes a log of ten minutes: the same one every time. From 12:06 on paying fails often. */
export async function writeLog(file: string, lineCount: number): Promise<number> {
  const random = numbersFrom(2026);
  const below = (limit: number): number => Math.floor(random() * limit);
  const two = (value: number): string => String(value).padStart(2, "0");
  const lines: string[] = [];
  for (let index = 0; index < lineCount; index += 1) {
    const second = Math.floor((index * 600) / lineCount);
    const minute = Math.floor(second / 60);
    const page = pages[Math.floor(random() ** 2 * pages.length)] ?? "/";
    const isBroken = page === "/pay" && (minute === 6 || minute === 7);
    const status = isBroken && below(10) < 9 ? 503 : below(200) === 0 ? 500 : below(30) === 0 ? 404 : 200;
    const tookMs = 5 + below(40) + (status === 503 ? 2000 : 0);
    const time = `[23/Nov/2026:12:${two(minute)}:${two(second % 60)} +0000]`;
    const bytes = status === 200 ? below(20_000) : "-";
    const client = `10.0.${below(4)}.${below(250)}`;
    const agent = agents[below(agents.length)] ?? "";
    lines.push(`${client} - - ${time} "GET ${page} HTTP/1.1" ${status} ${bytes} "-" "${agent}" ${tookMs}`);
    // What logs have, too.
    if (below(5000) === 0) lines.push("=== log rotated ===");
  }
  await writeFile(file, `${lines.join("\n")}\n`);
  return lines.length;
}

/** Numbers in [0, 1) that a seed decides: a linear congruential generator, which is enough for a log. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
