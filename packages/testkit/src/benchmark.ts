import { existsSync, readFileSync } from "node:fs";

/** One comparison: the same work done by us and by a reference, on the same data, in the same process. */
export interface BenchmarkCase {
  readonly name: string;
  /** What is counted, for the column of speeds: "rows", "operations". */
  readonly unit: string;
  /** How many of them one run handles. */
  readonly unitCount: number;
  /** What the reference is: "hand-written loop". */
  readonly reference: string;
  /** Both give their answer; answers that differ end the benchmark: a fast wrong answer is no answer. */
  readonly runOurs: () => unknown;
  readonly runReference: () => unknown;
  /** Runs once before the rounds and is not measured. */
  readonly prepare?: () => unknown;
  /** Ours over the reference, at most. For the table; nothing fails by it, since machines are noisy. */
  readonly targetRatioMax?: number;
  /** What else was seen in all rounds, in a line. */
  readonly note?: () => string;
}

/** What a `*.bench.ts` file exports under the name `benchmark`. */
export interface Benchmark {
  readonly name: string;
  readonly open: () => Promise<OpenBenchmark> | OpenBenchmark;
}

export interface OpenBenchmark {
  readonly cases: readonly BenchmarkCase[];
  /** Processes that work for a case, beside this one: their CPU time is counted, where the system tells it (Linux). */
  readonly processIds?: readonly number[];
  /** What can be said when all cases were measured, in lines. */
  readonly notes?: () => readonly string[] | Promise<readonly string[]>;
  readonly close?: () => Promise<void>;
}

export interface CaseResult {
  readonly name: string;
  readonly reference: string;
  readonly unit: string;
  /** Median over rounds of ours divided by the reference, wall clock. Below 1 is faster than the reference. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  /** The same for CPU time of all processes that work for it, threads included: the steadier figure on a shared machine. */
  readonly cpuRatio: number;
  readonly unitsPerSecond: number;
  readonly referenceUnitsPerSecond: number;
  readonly roundCount: number;
  readonly targetRatioMax: number | undefined;
  readonly note: string | undefined;
}

interface Timing {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Ours and the reference in turn, the order changing with every round, after one round that does not count. */
export async function measureCase(
  one: BenchmarkCase,
  roundCount: number,
  processIds: readonly number[] = [],
): Promise<CaseResult> {
  const time = (run: () => unknown): Promise<Timing> => timeOf(run, processIds);
  await one.prepare?.();
  const answers = [JSON.stringify(await one.runOurs()), JSON.stringify(await one.runReference())];
  if (answers[0] !== answers[1]) throw new Error(`${one.name}: ours gave ${answers[0]}, the reference ${answers[1]}`);
  const rounds: { readonly ours: Timing; readonly reference: Timing }[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    if (round % 2 === 0) {
      const ours = await time(one.runOurs);
      rounds.push({ ours, reference: await time(one.runReference) });
    } else {
      const reference = await time(one.runReference);
      rounds.push({ ours: await time(one.runOurs), reference });
    }
  }
  const ratios = rounds.map(({ ours, reference }) => ours.wallMs / reference.wallMs);
  return {
    name: one.name,
    reference: one.reference,
    unit: one.unit,
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    cpuRatio: median(rounds.map(({ ours, reference }) => ours.cpuMs / reference.cpuMs)),
    unitsPerSecond: (one.unitCount * 1000) / median(rounds.map(({ ours }) => ours.wallMs)),
    referenceUnitsPerSecond: (one.unitCount * 1000) / median(rounds.map(({ reference }) => reference.wallMs)),
    roundCount,
    targetRatioMax: one.targetRatioMax,
    note: one.note?.(),
  };
}

async function timeOf(run: () => unknown, processIds: readonly number[]): Promise<Timing> {
  // Garbage of the run before is not this run's fault. Present under --expose-gc.
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const othersBeforeMs = cpuMsOf(processIds);
  const startedAtMs = performance.now();
  await run();
  const wallMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1000 + cpuMsOf(processIds) - othersBeforeMs };
}

/** In hundredths of a second, as Linux counts it for other processes; elsewhere 0. */
function cpuMsOf(processIds: readonly number[]): number {
  const ticks = processIds
    .filter((id) => existsSync(`/proc/${id}/stat`))
    .map((id) => {
      // The second field is the name of the program, which may have any character.
      const fields = readFileSync(`/proc/${id}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      return Number(fields[11]) + Number(fields[12]);
    });
  return ticks.reduce((sum, one) => sum + one * 10, 0);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const [low = 0, high = low] = sorted.slice(Math.max(0, middle - 1), middle + 1);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : (low + high) / 2;
}
