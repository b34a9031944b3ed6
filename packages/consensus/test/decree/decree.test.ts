import { describe, expect, test } from "vitest";
import { decreeFaults, simulateDecree } from "../../src/sim/index.ts";

const seedsMax = 30_000;

describe("under a network that loses, repeats and reorders, with crashes", { timeout: 30_000 }, () => {
  test("never more than one value is chosen, and mostly one is", () => {
    let decided = 0;
    for (let seed = 1; seed <= 1500; seed += 1) {
      const chosen = simulateDecree(seed, undefined);
      expect(chosen.size, `SEED=${seed}`).toBeLessThanOrEqual(1);
      decided += chosen.size;
    }
    expect(decided).toBeGreaterThan(750);
  });

  test.each(decreeFaults)("$name: two values are chosen", (fault) => {
    let seed = 1;
    while (seed <= seedsMax && simulateDecree(seed, fault).size < 2) seed += 1;
    expect(seed).toBeLessThanOrEqual(seedsMax);
  });
});
