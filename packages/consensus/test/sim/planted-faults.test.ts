import { describe, expect, test } from "vitest";
import { plantedFaults, simulate } from "../../src/sim/index.ts";

/** Random seeds alone must find each of them; the most elusive one shows itself within the first hundred. */
const seedsMax = 150;

describe("a planted fault is caught by random seeds", () => {
  test.each(plantedFaults.map((plant) => [plant.name, plant] as const))("%s", (_name, plant) => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      if (simulate({ seed, plant }).violation !== undefined) return;
    }
    expect.fail(`${plant.name} (${plant.source}) stayed unseen in ${seedsMax} seeds`);
  });
});
