// Runs a core with mutants in it, for bench/mutants.ts, which ends this process where a run does not end.
import { readFileSync } from "node:fs";
import { loadOtherTexts } from "@tutti/testkit";
import { endless, type Order, type Outcome } from "./mutants/simulator.ts";

/** What the instrumented texts read and write, by Stryker's names. */
interface Switch {
  activeMutant: string | undefined;
  mutantCoverage: { static: Record<string, number> };
  /** How often the active one was come to; beyond the limit it throws. */
  hitCount: number;
  hitLimit: number;
}

/** A run without any mutant comes to no place so often. */
const hitLimit = 2_000_000;

const [textsFile = "", loadedWith] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsFile, "utf8")) as Readonly<Record<string, string>>;
const mutantSwitch: Switch = { activeMutant: loadedWith, mutantCoverage: { static: {} }, hitCount: 0, hitLimit };
Object.assign(globalThis, { __stryker__: mutantSwitch });
loadOtherTexts((url) => texts[url]);
const { suiteNamed } = await import("./mutants/suites.ts");
const takeReached = (): string[] => {
  const reached = Object.keys(mutantSwitch.mutantCoverage.static);
  mutantSwitch.mutantCoverage.static = {};
  return reached;
};
const outcomeOf = ({ suite, seed, mutant }: Order): Outcome => {
  mutantSwitch.activeMutant = mutant;
  mutantSwitch.hitCount = 0;
  try {
    const { violation, traceHash } = suiteNamed(suite).run(seed);
    const isEndless = mutantSwitch.hitCount > hitLimit;
    return { violation: isEndless ? endless : violation, traceHash, reached: takeReached() };
  } catch (thrown) {
    return { violation: String(thrown), traceHash: 0, reached: takeReached() };
  }
};
process.on("message", (order: Order) => process.send?.(outcomeOf(order)));
process.send?.({ violation: undefined, traceHash: 0, reached: takeReached() } satisfies Outcome);
