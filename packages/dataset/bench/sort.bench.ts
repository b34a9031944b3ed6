import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { createPrng } from "@tutti/stdx";
import type { Benchmark } from "@tutti/testkit";

const run = promisify(execFile);
const textBytes = 2 * 1024 ** 3;
const program: string = path.join(import.meta.dirname, "sort-run.ts");

/** Lines of about 90 bytes that differ at their beginning. */
async function writeText(file: string): Promise<void> {
  const prng = createPrng(1);
  const padding = "what is carried along, of a length that is never twice the same in a row, or hardly ever";
  const word = (): string => Math.floor(prng.nextUnit() * 2 ** 48).toString(36);
  const out = createWriteStream(file);
  for (let written = 0; written < textBytes;) {
    let chunk = "";
    while (chunk.length < 1 << 20) chunk += `${word()}${word()} ${padding.slice(prng.nextBelow(30))}\n`;
    written += chunk.length;
    if (!out.write(chunk)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash("sha1");
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function sortOurs(input: string, folder: string): Promise<string> {
  const output = path.join(folder, "ours");
  await rm(output, { recursive: true, force: true });
  const { stdout } = await run(process.execPath, ["--conditions=@tutti/source", program, input, output, folder]);
  console.log(stdout.trim());
  const parts = (await readdir(output)).filter((name) => name.startsWith("part-")).sort();
  return await digestOf(parts.map((name) => path.join(output, name)));
}

async function sortByCoreutils(input: string, folder: string): Promise<string> {
  const output = path.join(folder, "theirs");
  const args = ["--buffer-size=300M", "--parallel=2", `--temporary-directory=${folder}`, "--output", output, input];
  await run("sort", args, { env: { ...process.env, LC_ALL: "C" } });
  return await digestOf([output]);
}

/**
 * `npm run bench -- sort --rounds 1`: 2 GB of lines on two threads with a budget of 512 MB for the whole process, of which
 * it prints the peak; beside `sort` of the GNU coreutils with 300 MB of buffer. Both are separate processes, so that the
 * CPU times of the table say nothing.
 */
export const benchmark: Benchmark = {
  name: "sort",
  async open() {
    const folder = await mkdtemp(path.join(tmpdir(), "tutti-sort-"));
    const input = path.join(folder, "lines.txt");
    await writeText(input);
    return {
      cases: [
        {
          name: "2 GB of lines by sortBy, within 512 MB",
          unit: "bytes",
          unitCount: textBytes,
          reference: "sort of coreutils",
          runOurs: () => sortOurs(input, folder),
          runReference: () => sortByCoreutils(input, folder),
        },
      ],
      close: () => rm(folder, { recursive: true }),
    };
  },
};
