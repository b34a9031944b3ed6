import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { soonSeen } from "../../bench/slot-plants.ts";

const script = fileURLToPath(new URL("../../bench/slot-plants-known.ts", import.meta.url));

/** In a process of its own: the mistakes are other texts in the files as Node.js loads them. */
test("mistakes in per-slot Paxos are seen under seeds that are clean without them", { timeout: 120_000 }, async () => {
  const run = promisify(execFile)(process.execPath, ["--conditions=@tutti/source", script]);
  const { stdout } = await run;
  const found = JSON.parse(stdout) as readonly {
    readonly name: string;
    readonly seed?: number;
    readonly clean: boolean;
  }[];
  expect(found.length).toBe(soonSeen.length);
  expect(soonSeen.length).toBeGreaterThan(12);
  expect(found.filter(({ seed, clean }) => seed === undefined || !clean)).toEqual([]);
});
