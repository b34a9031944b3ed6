import { plantedFaults } from "./faults.ts";
import { shrink, type Scenario, type ShrinkOptions } from "./shrink.ts";
import type { Machine } from "../driver/machine.ts";
import { simulate, type SimulationOptions } from "./simulate.ts";
import { stackFaults } from "./stack-plants.ts";
import { simulateStack, type StackOptions } from "./simulate-stack.ts";

/** What a scenario leads to. */
export interface Replay {
  readonly violation: string | undefined;
  readonly traceHash: number;
  /** The last lines of the trace if it was asked for. */
  readonly trace: readonly string[];
}

/** What a scenario does not say: whoever ran it with these gives them again. */
export type ReplayOptions = Pick<SimulationOptions, "trace" | "zab"> & Pick<StackOptions<Machine>, "wire">;

/**
 * Runs what a scenario says. The whole scenario of a run gives that run again.
 *
 * ```ts
 * import { replayScenario, simulate } from "@tutti/consensus/sim";
 *
 * const { scenario, traceHash } = simulate({ seed: 7 });
 * console.log((await replayScenario(scenario)).traceHash === traceHash); // => true
 * ```
 *
 * @throws RangeError if the scenario names a mistake that is not known here.
 */
export async function replayScenario(scenario: Scenario, options: ReplayOptions = {}): Promise<Replay> {
  const { level, protocol, seed, voters, observers, durationMs } = scenario;
  const plant = (level === "A" ? plantedFaults : stackFaults).find(({ name }) => name === scenario.plant);
  if (scenario.plant !== undefined && plant === undefined) {
    throw new RangeError(`there is no planted fault ${scenario.plant} at level ${level}`);
  }
  const planted = plant === undefined ? {} : { plant };
  const shared = { protocol, seed, voters, observers, durationMs, script: scenario, ...options, ...planted };
  const run = { ...shared, reconfigures: scenario.reconfigures === true };
  return level === "A" ? simulate(run) : simulateStack(run);
}

/**
 * A scenario that fails in the same way with as little as possible in it.
 *
 * ```ts
 * import { plantedFaults, shrinkScenario, simulate } from "@tutti/consensus/sim";
 *
 * const plant = plantedFaults.find(({ name }) => name === "retry-applied-twice");
 * const { scenario } = simulate({ seed: 1, ...(plant === undefined ? {} : { plant }) });
 * const { events } = await shrinkScenario(scenario);
 * console.log(events.map(({ act }) => act).join(", ")); // => propose, propose
 * ```
 *
 * @throws RangeError if it does not fail.
 */
export function shrinkScenario(scenario: Scenario, options: Partial<ShrinkOptions> = {}): Promise<Scenario> {
  const run = async (candidate: Scenario): Promise<string | undefined> => (await replayScenario(candidate)).violation;
  return shrink(scenario, { run, ...options });
}
