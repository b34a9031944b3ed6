import { expect, test } from "vitest";
import { checkPlans } from "./check-plans.ts";

test(
  "random plans give the rows of a plain array, rewritten or not, and every rule fires often",
  { timeout: 120_000 },
  async () => {
    const fired = await checkPlans({ kind: "whole" }, { numRuns: 600 });
    for (const [name, times] of fired) expect(times, name).toBeGreaterThanOrEqual(100);
  },
);
