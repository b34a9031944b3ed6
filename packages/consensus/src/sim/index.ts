export { plantedFaults, type PlantedFault } from "./faults.ts";
export { type FaultCounts } from "./nemesis.ts";
export { simulate, type SimulationOptions, type SimulationReport } from "./simulate.ts";
