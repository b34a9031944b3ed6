// One seed of the simulator by the options of a command line, for the command itself and for its worker threads.
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import {
  plantedFaults,
  simulate,
  simulateStack,
  stackFaults,
  type FaultCounts,
  type PlantedFault,
  type Scenario,
  type SimProtocol,
} from "../src/sim/index.ts";

export interface SeedOptions {
  readonly level: "A" | "B";
  readonly protocol: SimProtocol;
  readonly durationMs?: number;
  readonly eventsMin?: number;
  readonly plant?: string;
  readonly reconfigures: boolean;
  readonly trace: boolean;
  /** Runs each seed twice: equal seeds must give equal traces. */
  readonly twice: boolean;
}

export interface SeedRun {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly faults: FaultCounts;
  readonly marks: FaultCounts;
  readonly traceHash: number;
  readonly trace: readonly string[];
  /** Where something was wrong. */
  readonly scenario: Scenario | undefined;
}

export function plantOf({ level, plant }: Pick<SeedOptions, "level" | "plant">): PlantedFault | undefined {
  if (plant === undefined) return undefined;
  const found = (level === "A" ? plantedFaults : stackFaults).find(({ name }) => name === plant);
  if (found === undefined) throw new RangeError(`there is no fault ${plant} to plant at level ${level}`);
  return found;
}

export async function runSeed(seed: number, { twice, ...options }: SeedOptions): Promise<SeedRun> {
  const run = await runOnce(seed, options);
  const violations = run.violation === undefined ? [] : [run.violation];
  if (twice && (await runOnce(seed, options)).traceHash !== run.traceHash) {
    violations.push("the same seed gives another trace");
  }
  const { numbers, faults, marks, traceHash, trace, scenario } = run;
  const isWrong = run.violation !== undefined;
  return { seed, violations, numbers, faults, marks, traceHash, trace, scenario: isWrong ? scenario : undefined };
}

async function runOnce(seed: number, { level, plant: name, ...options }: Omit<SeedOptions, "twice">) {
  const plant = plantOf({ level, ...(name === undefined ? {} : { plant: name }) });
  const given = { seed, ...options, ...(plant === undefined ? {} : { plant }) };
  if (level === "A") {
    const report = simulate(given);
    const { events, steps, commits, reads, submitted, configurations } = report;
    return { ...report, numbers: { events, steps, commits, reads, submitted, configurations } };
  }
  const report = await simulateStack(given);
  const { events, commits, calls, isBeyondBudget } = report;
  return { ...report, numbers: { events, commits, ...calls, beyondBudget: isBeyondBudget ? 1 : 0 } };
}

// As a worker: a seed comes, its run goes.
if (!isMainThread) {
  parentPort?.on("message", (seed: number) => {
    void runSeed(seed, workerData as SeedOptions).then((run) => parentPort?.postMessage(run));
  });
}
