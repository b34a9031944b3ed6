import { fileURLToPath } from "node:url";
import { startChild, type Loss } from "./child.ts";

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

const losses: Readonly<Record<Loss, Outcome>> = {
  late: { violation: endless, traceHash: 0, reached: [], isLost: true },
  lost: { violation: "the process ended", traceHash: 0, reached: [], isLost: true },
};

const script = fileURLToPath(new URL("../mutant-process.ts", import.meta.url));

/** `loadedWith`: the mutant that is active while the core is loaded. */
export async function startSimulator(textsFile: string, loadedWith?: string): Promise<Simulator> {
  const args = [textsFile, ...(loadedWith === undefined ? [] : [loadedWith])];
  const child = await startChild<Order, Outcome>({ script, args });
  if (typeof child.first === "string" && loadedWith === undefined)
    throw new Error("the core could not be loaded without any mutant");
  return {
    reachedAtLoad: new Set(typeof child.first === "string" ? [] : child.first.reached),
    run: async (order) => {
      const answer = await child.ask(order);
      return typeof answer === "string" ? losses[answer] : answer;
    },
    close: () => child.close(),
  };
}
