import { createPrng } from "@tutti/stdx";
import type { FinalStates } from "./judge.ts";
import { violationsOf } from "./judge.ts";
import { RealNemesis } from "./nemesis.ts";
import { askMember, RealClient } from "./real-client.ts";
import { RealEnsemble, type RealEnsembleOptions } from "./real-ensemble.ts";
import { fromJson, type Kept } from "./swap-machine.ts";

export interface ChaosOptions extends Pick<RealEnsembleOptions, "protocol"> {
  readonly seed: number;
  readonly forMs: number;
  /** Disks say that they synced, and did not. */
  readonly neverSyncs?: boolean;
  readonly tell?: (line: string) => void;
}

export interface ChaosReport {
  readonly violations: readonly string[];
  readonly swaps: number;
  readonly reads: number;
  readonly lost: number;
  readonly unknown: number;
  readonly faults: Readonly<Record<string, number>>;
}

const clientCount = 6;
/** Long after everything is healed. */
const recoveryMsMax = 20_000;

/** Clients at work on three processes while these are killed, stopped and cut off; then everything is healed and judged. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, forMs, neverSyncs = false, tell = () => undefined, ...shared } = options;
  const disk = neverSyncs ? "never-synced" : "unsynced";
  const ensemble = await RealEnsemble.open({ ...shared, disk, serves: "swaps", canCut: true, snapshotEntries: 500 });
  try {
    let turns = 0;
    const until = performance.now() + forMs;
    const isOver = (): boolean => performance.now() > until;
    const clients = Array.from({ length: clientCount }, (_, client) => {
      const turn = (): number => (turns += 1);
      return new RealClient({ client, prng: createPrng(seed * 1000 + client), ensemble, turn, isOver });
    });
    const working = clients.map((client) => client.run());
    const nemesis = new RealNemesis(ensemble, createPrng(seed), tell);
    while (!isOver()) await nemesis.step();
    await Promise.all(working);
    const operations = clients.flatMap((client) => client.operations);
    const keys = [...new Set(operations.map(({ input }) => input.key))];
    const { states, silent } = await finalStates(ensemble, keys);
    const count = (kept: (operation: (typeof operations)[number]) => boolean): number => operations.filter(kept).length;
    return {
      violations: [...silent, ...violationsOf(operations, states)],
      swaps: count(({ input, outcome }) => input.kind === "swap" && outcome === "done"),
      reads: count(({ input, outcome }) => input.kind === "read" && outcome === "done"),
      lost: count(({ outcome }) => outcome === "lost"),
      unknown: count(({ outcome }) => outcome === "unknown"),
      faults: nemesis.counts,
    };
  } finally {
    await ensemble[Symbol.asyncDispose]();
  }
}

async function finalStates(
  ensemble: RealEnsemble,
  keys: readonly string[],
): Promise<{ readonly states: FinalStates; readonly silent: readonly string[] }> {
  const states = new Map<number, Map<string, Kept | undefined>>();
  const silent: string[] = [];
  const untilMs = performance.now() + recoveryMsMax;
  for (const id of ensemble.ids) {
    const state = new Map<string, Kept | undefined>();
    for (const key of keys) {
      let outcome = await askMember(ensemble, id, readOf(key));
      while (outcome.kind !== "done" && performance.now() < untilMs)
        outcome = await askMember(ensemble, id, readOf(key));
      if (outcome.kind === "done") state.set(key, outcome.found === null ? undefined : fromJson(outcome.found));
      else silent.push(`member ${id} does not serve ${key} although everything is healed`);
    }
    states.set(id, state);
  }
  return { states, silent };
}

function readOf(key: string): Parameters<typeof askMember>[2] {
  return { input: { kind: "read", key }, request: { client: "0", sequence: 0 } };
}
