import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Order {
  readonly suite: string;
  readonly seed: number;
  /** The mutant that is active, if any. */
  readonly mutant: string | undefined;
}

export interface Outcome {
  readonly violation: string | undefined;
  /** Equal where nothing was different. */
  readonly traceHash: number;
  /** The mutants whose place the run came to. */
  readonly reached: readonly string[];
  /** There is no process for another run. */
  readonly isLost?: true;
}

/** A core with all mutants in it, in a process that may be lost to one of them. */
export interface Simulator {
  /** Those that are reached while the core is loaded: they must be active before. */
  readonly reachedAtLoad: ReadonlySet<string>;
  run(order: Order): Promise<Outcome>;
  close(): void;
}

export const endless = "does not end";

const late: Outcome = { violation: endless, traceHash: 0, reached: [], isLost: true };
const lost: Outcome = { violation: "the process ended", traceHash: 0, reached: [], isLost: true };

const script = fileURLToPath(new URL("../mutant-process.ts", import.meta.url));

/** A run takes a fraction of a second, and most of those that do not end are ended by the limit of hits. */
const runMsMax = 60_000;

/** `loadedWith`: the mutant that is active while the core is loaded. */
export async function startSimulator(textsFile: string, loadedWith?: string): Promise<Simulator> {
  const child = fork(script, [textsFile, ...(loadedWith === undefined ? [] : [loadedWith])], {
    execArgv: ["--conditions=@tutti/source", "--max-old-space-size=768", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // Where this process is ended a run that does not end must not stay.
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  const loaded = await nextOutcome(child);
  if (loaded.isLost === true && loadedWith === undefined)
    throw new Error("the core could not be loaded without any mutant");
  return {
    reachedAtLoad: new Set(loaded.reached),
    run: async (order) => {
      if (child.exitCode !== null || child.signalCode !== null) return lost;
      child.send(order);
      return nextOutcome(child);
    },
    close: end,
  };
}

async function nextOutcome(child: ChildProcess): Promise<Outcome> {
  const stop = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, runMsMax);
  try {
    const { signal } = stop;
    const answered = once(child, "message", { signal }).then(([outcome]) => outcome as Outcome);
    const exited = once(child, "exit", { signal }).then(() => (isLate ? late : lost));
    return await Promise.race([answered, exited]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}
