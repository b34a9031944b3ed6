import { describe, expect, test } from "vitest";
import { plantedFaults, simulate } from "../../src/sim/index.ts";

/** Random seeds alone must find each of them; the most elusive show themselves in one of twenty to sixty. */
const seedsMax = 200;

/** Where the elusive ones were last seen, tried first to save time. A stale number only costs the search. */
const lastSeen: Readonly<Record<string, number>> = {
  "epoch-before-log": 36,
  "sync-without-quorum": 32,
  "votes-while-empty": 32,
};

describe("a planted fault is caught by random seeds", { timeout: 60_000 }, () => {
  test.each(plantedFaults.map((plant) => [plant.name, plant] as const))("%s", (name, plant) => {
    const hint = lastSeen[name] ?? 1;
    for (let step = 0; step <= seedsMax; step += 1) {
      const seed = step === 0 ? hint : step;
      if (simulate({ seed, plant }).violation === undefined) continue;
      // The same run without the fault is clean: it is the fault that was seen.
      expect(simulate({ seed }).violation).toBeUndefined();
      return;
    }
    expect.fail(`${plant.name} (${plant.source}) stayed unseen in ${seedsMax} seeds`);
  });
});
