import { expect, test } from "vitest";
import { runChaos } from "./run-chaos.ts";

test("processes that are killed, stopped and cut off lose nothing that they acknowledged", async () => {
  const report = await runChaos({ seed: 20_261_129, forMs: 6000 });
  expect(report.violations).toEqual([]);
  expect(report.swaps).toBeGreaterThan(50);
}, 60_000);
