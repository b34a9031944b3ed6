import { describe, expect, test } from "vitest";
import { plantedFaults, replayScenario, shrinkScenario, simulate, simulateStack } from "../../src/sim/index.ts";

describe("a run that is written down", { timeout: 30_000 }, () => {
  test("is the same run again, at both levels", async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const { scenario, traceHash } = simulate({ seed, durationMs: 1000, reconfigures: seed > 2 });
      expect((await replayScenario(scenario)).traceHash).toBe(traceHash);
    }
    for (let seed = 1; seed <= 2; seed += 1) {
      const { scenario, traceHash } = await simulateStack({ seed, durationMs: 500, reconfigures: seed > 1 });
      expect((await replayScenario(JSON.parse(JSON.stringify(scenario)) as typeof scenario)).traceHash).toBe(traceHash);
    }
  });

  test("shrinks to a few events that fail in the same way, and only with the mistake in", async () => {
    const plant = plantedFaults.find(({ name }) => name === "applied-for-logged");
    expect(plant).toBeDefined();
    if (plant === undefined) return;
    const { scenario, violation } = simulate({ seed: 4, plant, submits: false });
    expect(violation).toBeDefined();
    expect(scenario.events.length).toBeGreaterThan(200);
    const shrunk = await shrinkScenario(scenario);
    expect(shrunk.events.length).toBeLessThanOrEqual(8);
    expect((await replayScenario(shrunk)).violation).toBe(shrunk.violation);
    const { plant: _, ...clean } = shrunk;
    expect((await replayScenario(clean)).violation).toBeUndefined();
  });

  test("that fails in nothing cannot be shrunk", async () => {
    await expect(shrinkScenario(simulate({ seed: 1, durationMs: 200 }).scenario)).rejects.toThrow(RangeError);
  });
});
