import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { plants, soonSeen, textsOf } from "./plants.ts";
import { simulateServers } from "./simulate-servers.ts";

/** `npm run sim:coord` runs more. */
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test("servers and clients under all faults keep what ZooKeeper promises, and come right when these are over", async () => {
  const violations: string[] = [];
  for (const seed of seeds) {
    const { violation } = await simulateServers({ seed });
    if (violation !== undefined) violations.push(`SEED=${seed}: ${violation}`);
  }
  expect(violations).toEqual([]);
}, 120_000);

test("a seed is one run, whoever asks and how often", async () => {
  const [once, again, other] = [
    await simulateServers({ seed: 1 }),
    await simulateServers({ seed: 1 }),
    await simulateServers({ seed: 2 }),
  ];
  expect(again).toEqual(once);
  expect(other.traceHash).not.toBe(once.traceHash);
});

/** In a process of its own: the mistakes are other texts in the files as Node.js loads them. */
test("mistakes on purpose are found under seeds that are clean without them", { timeout: 120_000 }, async () => {
  const script = fileURLToPath(new URL("known-plants.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@tutti/source", script]);
  const found = JSON.parse(stdout) as readonly { readonly isFound: boolean; readonly isClean: boolean }[];
  expect(found).toHaveLength(soonSeen.length);
  expect(found.filter(({ isFound, isClean }) => !isFound || !isClean)).toEqual([]);
});

test("every mistake still has its place in the code", () => {
  for (const plant of plants) expect(textsOf(plant).length).toBe(1);
});
