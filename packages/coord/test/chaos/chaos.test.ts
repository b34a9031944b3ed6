import { expect, test } from "vitest";
import { runChaos } from "./run-chaos.ts";

test("servers that are killed, paused and cut off lose nothing that they acknowledged, and serve no lie", async () => {
  const report = await runChaos({ seed: 20_261_123, forMs: 8000 });
  expect(report.violations).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.watchEvents).toBeGreaterThan(10);
}, 60_000);
