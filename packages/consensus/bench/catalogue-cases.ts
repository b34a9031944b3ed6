import type * as Simulator from "../src/sim/index.ts";
import * as clean from "../src/sim/index.ts";
import { slotPlants } from "./slot-plants.ts";
import { simulatorWith, type TextPlant } from "./text-plants.ts";
import { zabPlants } from "./zab-plants.ts";

/** What one run of a mistake came to. */
export interface Attempt {
  readonly violation: string | undefined;
  readonly scenario: Simulator.Scenario;
}

/** A mistake of the catalogue at one level of the simulator, under one protocol. */
export interface CatalogueCase {
  readonly name: string;
  readonly level: "A" | "B";
  readonly protocol: Simulator.SimProtocol;
  readonly source: string;
  /** A seed that shows it late is looked for up to here. */
  readonly seedsMin: number;
  run(seed: number, isPlanted: boolean): Promise<Attempt>;
  replay(scenario: Simulator.Scenario, isPlanted: boolean): Promise<string | undefined>;
}

type Shared = Pick<CatalogueCase, "name" | "level" | "protocol" | "source" | "seedsMin">;
type Settings = Pick<Simulator.SimulationOptions, "zab" | "reconfigures"> &
  Pick<Simulator.StackOptions<never>, "wire" | "durationMs">;

/** Where `planted` has no switch, its own text of the simulator has the mistake in it. */
function caseOf(
  shared: Shared,
  settings: Settings,
  planted: { readonly fault: Simulator.PlantedFault } | { readonly text: TextPlant },
): CatalogueCase {
  const { level, protocol } = shared;
  const simulatorOf = async (isPlanted: boolean): Promise<typeof Simulator> =>
    isPlanted && "text" in planted ? simulatorWith(planted.text) : clean;
  const plantOf = (isPlanted: boolean) => (isPlanted && "fault" in planted ? { plant: planted.fault } : {});
  return {
    ...shared,
    run: async (seed, isPlanted) => {
      const { simulate, simulateStack } = await simulatorOf(isPlanted);
      const options = { seed, protocol, ...settings, ...plantOf(isPlanted) };
      return level === "A" ? simulate(options) : simulateStack(options);
    },
    replay: async (scenario, isPlanted) => {
      const { replayScenario } = await simulatorOf(isPlanted);
      const { plant, ...rest } = scenario;
      const isNamed = isPlanted && plant !== undefined;
      return (await replayScenario(isNamed ? { ...rest, plant } : rest, settings)).violation;
    },
  };
}

/** All mistakes but those of a single decree, which has a simulator of its own. */
export function catalogueCases(): readonly CatalogueCase[] {
  const both = ["zab", "paxos"] as const;
  const atCores = clean.plantedFaults.flatMap((fault) =>
    (fault.protocols ?? both).map((protocol) => {
      const { name, source, reconfigures = false } = fault;
      return caseOf({ name, level: "A", protocol, source, seedsMin: 0 }, { reconfigures }, { fault });
    }),
  );
  // What level A finds in the core is not looked for again; `npm run sim -- --level B --plant NAME` does.
  const atStacks = clean.stackFaults
    .filter((fault) => !clean.plantedFaults.includes(fault))
    .flatMap((fault) =>
      both.map((protocol) => {
        const { name, source } = fault;
        return caseOf({ name, level: "B", protocol, source, seedsMin: 0 }, { durationMs: 2000 }, { fault });
      }),
    );
  const ofZab = zabPlants.map((text) => {
    const { name, level, source, options } = text;
    const settings = { ...options, ...(level === "B" ? { durationMs: 2000 } : {}) };
    return caseOf({ name, level, protocol: "zab", source, seedsMin: 0 }, settings, { text });
  });
  const ofSlots = slotPlants.map((text) => {
    const { name, source, foundBy, reconfigures = false } = text;
    return caseOf({ name, level: "A", protocol: "slot-paxos", source, seedsMin: foundBy }, { reconfigures }, { text });
  });
  return [...atCores, ...atStacks, ...ofZab, ...ofSlots];
}
