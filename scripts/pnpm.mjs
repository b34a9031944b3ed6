// Runs the pnpm that package.json pins, on any Node >= 18, before any dependency exists: node scripts/pnpm.mjs <args>
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function pnpm(args) {
  const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const run = spawnSync("npx", ["--yes", "--prefer-offline", packageManager, ...args], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (run.error) process.stderr.write(`npx could not be started: ${run.error.message}\n`);
  return run.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(pnpm(process.argv.slice(2)));
