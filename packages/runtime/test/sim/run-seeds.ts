import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs seeds in a process of its own, since the simulator takes over its clocks. Gives what went wrong, if something did. */
export function runSeeds(seeds: number, plant?: string): Promise<string | undefined> {
  const planted = plant === undefined ? [] : ["--plant", plant];
  const args = ["--conditions=@tutti/source", main, "--seeds", String(seeds), ...planted];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      const found = stdout.split("\n").find((line) => line.startsWith("seed "));
      if (error !== null && found === undefined) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(found);
    });
  });
}
