import type { Mutant } from "./make-mutants.ts";
import { endless, startSimulator } from "./simulator.ts";
import { suites } from "./suites.ts";
import { startTests, type TestFolder } from "./tests.ts";

export type Verdict = Pick<Mutant, "id" | "file" | "line" | "operator" | "original" | "replacement" | "context"> & {
  readonly ms: number;
  /** How many runs came to its place. */
  readonly runs: number;
} & (
    | { readonly kind: "killed"; readonly by: string; readonly seed: number | undefined; readonly reason: string }
    /** `differs`: something happened in another way, or at another time, and broke no promise. */
    | { readonly kind: "survived"; readonly differs: boolean }
  );

interface Simulated {
  readonly kill: Kill | undefined;
  readonly count: number;
  readonly isLost: boolean;
  readonly differs: boolean;
}

type Kill = { readonly by: string; readonly seed: number | undefined; readonly reason: string };

export interface Judge extends AsyncDisposable {
  judge(mutant: Mutant): Promise<Verdict>;
}

interface Run {
  readonly suite: string;
  readonly seed: number;
  /** Without any mutant. */
  readonly traceHash: number;
}

/** Of each suite so many runs are tried before one has more, and then so many of all. */
const firstRunsMax = 4;
const furtherRunsMax = 24;

const testFolders = ["test/core", "test/driver"] as const satisfies readonly TestFolder[];

/** Which runs come to which mutants, as they are without any. */
export async function createJudge({
  countingFile,
  textsFile,
  seeds,
  runsTests,
}: {
  /** The core with mutants in it, once so that it counts what is reached, once so that it does not. */
  readonly countingFile: string;
  readonly textsFile: string;
  readonly seeds: readonly number[];
  readonly runsTests: boolean;
}): Promise<Judge> {
  let simulator = await startSimulator(countingFile);
  const { reachedAtLoad } = simulator;
  const reaching = new Map<string, Run[]>();
  for (const { name: suite } of suites) {
    for (const seed of seeds) {
      const { violation, traceHash, reached } = await simulator.run({ suite, seed, mutant: undefined });
      if (violation !== undefined) throw new Error(`${suite}, SEED=${seed}, without any mutant: ${violation}`);
      for (const id of reached) reaching.set(id, [...(reaching.get(id) ?? []), { suite, seed, traceHash }]);
    }
  }
  simulator.close();
  simulator = await startSimulator(textsFile);
  const tests = runsTests ? await startTests(textsFile) : undefined;
  for (const folder of testFolders) {
    const failed = await tests?.failing(undefined, folder);
    if (failed !== undefined) throw new Error(`without any mutant: ${failed}`);
  }
  const renew = async (loadedWith?: string): Promise<void> => {
    simulator.close();
    simulator = await startSimulator(textsFile, loadedWith);
  };
  /** One after the other, until one goes wrong. */
  const simulateAll = async (id: string, runs: readonly Run[]): Promise<Simulated> => {
    let differs = false;
    for (const [index, { suite, seed, traceHash }] of runs.entries()) {
      const outcome = await simulator.run({ suite, seed, mutant: id });
      const { violation } = outcome;
      differs ||= outcome.traceHash !== traceHash;
      if (violation === undefined) continue;
      const by = violation === endless ? endless : suite;
      return { kill: { by, seed, reason: violation }, count: index + 1, isLost: outcome.isLost === true, differs };
    }
    return { kill: undefined, count: runs.length, isLost: false, differs };
  };
  /** In the process that judged others before, as long as these left nothing in it that makes a run without any fail. */
  const simulateShared = async (id: string, runs: readonly Run[]): Promise<Simulated> => {
    const simulated = await simulateAll(id, runs);
    const last = runs[simulated.count - 1];
    if (simulated.kill === undefined || last === undefined) return simulated;
    if (!simulated.isLost && (await simulator.run({ ...last, mutant: undefined })).violation === undefined)
      return simulated;
    await renew();
    if (simulated.isLost) return simulated;
    const again = await simulateAll(id, runs);
    await renew();
    return again;
  };
  const simulateAlone = async (id: string, runs: readonly Run[]): Promise<Simulated> => {
    await renew(id);
    const simulated = await simulateAll(id, runs);
    await renew();
    return simulated;
  };
  const testIn = async (id: string, folder: TestFolder): Promise<Kill | undefined> => {
    if (tests === undefined) return undefined;
    const own = reachedAtLoad.has(id) ? await startTests(textsFile, id) : tests;
    const reason = await own.failing(id, folder);
    if (own !== tests) own.close();
    return reason === undefined ? undefined : { by: reason === endless ? endless : "tests", seed: undefined, reason };
  };
  return {
    judge: async ({ isRefused: _isRefused, ...mutant }) => {
      const startedMs = performance.now();
      const { id } = mutant;
      const simulate = reachedAtLoad.has(id) ? simulateAlone : simulateShared;
      let [count, differs] = [0, false];
      const simulateSome = async (runs: readonly Run[]): Promise<Kill | undefined> => {
        const simulated = await simulate(id, runs);
        count += simulated.count;
        differs ||= simulated.differs;
        return simulated.kill;
      };
      const { first, second, further } = inTurns(reaching.get(id) ?? []);
      const kill =
        (await simulateSome(first)) ??
        (await testIn(id, "test/core")) ??
        (await simulateSome(second)) ??
        (await testIn(id, "test/driver")) ??
        (await simulateSome(further));
      const shared = { ...mutant, ms: performance.now() - startedMs, runs: count };
      return kill === undefined ? { ...shared, kind: "survived", differs } : { ...shared, ...kill, kind: "killed" };
    },
    [Symbol.asyncDispose]: async () => {
      simulator.close();
      tests?.close();
    },
  };
}

interface Turns {
  /** One of each suite. */
  readonly first: readonly Run[];
  /** A few more of each. */
  readonly second: readonly Run[];
  /** Of each in turn. */
  readonly further: readonly Run[];
}

function inTurns(runs: readonly Run[]): Turns {
  const counts = new Map<string, number>();
  const ranked = runs.map((run) => {
    const rank = counts.get(run.suite) ?? 0;
    counts.set(run.suite, rank + 1);
    return { run, rank };
  });
  const [first, second, further]: readonly [Run[], Run[], Run[]] = [[], [], []];
  for (const { run, rank } of ranked.toSorted((left, right) => left.rank - right.rank))
    (rank === 0 ? first : rank < firstRunsMax ? second : further).push(run);
  return { first, second, further: further.slice(0, furtherRunsMax) };
}
