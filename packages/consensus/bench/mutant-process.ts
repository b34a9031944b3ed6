// Runs a core with mutants in it, for bench/mutants.ts, which ends this process where a run does not end.
import { readFileSync } from "node:fs";
import { loadOtherTexts } from "@tutti/testkit";
import type { Order, Outcome } from "./mutants/simulator.ts";

/** What the instrumented texts read and write, by Stryker's names. */
interface Switch {
  activeMutant: string | undefined;
  mutantCoverage: { static: Record<string, number> };
}

const [textsFile = "", loadedWith] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsFile, "utf8")) as Readonly<Record<string, string>>;
const mutantSwitch: Switch = { activeMutant: loadedWith, mutantCoverage: { static: {} } };
Object.assign(globalThis, { __stryker__: mutantSwitch });
loadOtherTexts((url) => texts[url]);
const { suiteNamed } = await import("./mutants/suites.ts");
const takeReached = (): string[] => {
  const { mutantCoverage } = mutantSwitch;
  const reached = Object.keys(mutantCoverage.static);
  // The counters are found once by each file, so these stay and are emptied.
  for (const id of reached) delete mutantCoverage.static[id];
  return reached;
};
const outcomeOf = ({ suite, seed, mutant }: Order): Outcome => {
  mutantSwitch.activeMutant = mutant;
  try {
    return { violation: suiteNamed(suite).run(seed), reached: takeReached() };
  } catch (thrown) {
    return { violation: String(thrown), reached: takeReached() };
  }
};
process.on("message", (order: Order) => process.send?.(outcomeOf(order)));
process.send?.({ violation: undefined, reached: takeReached() } satisfies Outcome);
