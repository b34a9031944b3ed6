import { importPlanted, type PlantBed, type SourcePlant } from "@tutti/testkit";
import type * as Explorer from "../src/sim/explore.ts";
import type * as Simulator from "../src/sim/index.ts";

/** A mistake that is made on purpose, in files below `src`. */
export interface TextPlant extends SourcePlant {
  /** Which entry of the catalogue it repeats, or what it forgets. */
  readonly source: string;
}

const sources = new URL("../src/", import.meta.url);
const bed: PlantBed = { folder: sources, copied: [sources] };

/** The simulator over what ships with the mistake in it. */
export async function simulatorWith(plant: TextPlant): Promise<typeof Simulator> {
  return (await importPlanted(new URL("sim/index.ts", sources), plant, bed)) as typeof Simulator;
}

/** The walk through every state of a core with the mistake in it. */
export async function explorerWith(plant: TextPlant): Promise<typeof Explorer> {
  return (await importPlanted(new URL("sim/explore.ts", sources), plant, bed)) as typeof Explorer;
}
