// Makes small mistakes in the core, one at a time, and looks whether the simulator or a test sees them:
// npm run mutants [-- --sample 150] [--base 1] [--files "zab/*.ts"] [--seeds 30] [--mutant ID,ID] [--no-tests] [--json]
// Not made: other strings, assertions that say something else, and what TypeScript refuses. Not counted: bench/mutants/equivalent.ts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { createPrng } from "@tutti/stdx";
import { equivalents, isEquivalent, isThat } from "./mutants/equivalent.ts";
import { createJudge, type Verdict } from "./mutants/judge.ts";
import { makeMutants, withoutCounting, type Mutant } from "./mutants/make-mutants.ts";

const allFiles = "**/*.ts";
const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    base: { type: "string", default: "1" },
    files: { type: "string", default: allFiles },
    seeds: { type: "string", default: "30" },
    mutant: { type: "string" },
    "no-tests": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const startedMs = performance.now();
const { mutants: made, textsWith } = await makeMutants(values.files);
const chosen =
  values.mutant === undefined ? shuffled(made) : made.filter(({ id }) => values.mutant?.split(",").includes(id));
const mutants: Mutant[] = [];
let [refused, explained] = [0, 0];
for (const mutant of chosen) {
  if (mutants.length >= Number(values.sample ?? Infinity)) break;
  if (isEquivalent(mutant) && values.mutant === undefined) explained += 1;
  else if (mutant.isRefused()) refused += 1;
  else mutants.push(mutant);
}
const stale = equivalents.filter((one) => values.files === allFiles && !made.some((mutant) => isThat(mutant, one)));
if (stale.length > 0)
  throw new RangeError(`of the equivalent mutants these are none any more: ${JSON.stringify(stale)}`);
const folder = await mkdtemp(path.join(tmpdir(), "mutants-"));
const verdicts: Verdict[] = [];
try {
  const texts = textsWith(new Set(mutants.map(({ id }) => id)));
  const [countingFile, textsFile] = [path.join(folder, "counting.json"), path.join(folder, "texts.json")];
  await writeFile(countingFile, JSON.stringify(texts));
  await writeFile(textsFile, JSON.stringify(withoutCounting(texts)));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  await using judge = await createJudge({ countingFile, textsFile, seeds, runsTests: !values["no-tests"] });
  for (const mutant of mutants) {
    const verdict = await judge.judge(mutant);
    verdicts.push(verdict);
    if (!values.json) console.log(`${verdicts.length}/${mutants.length} ${lineOf(mutant, verdict)}`);
  }
} finally {
  await rm(folder, { recursive: true });
}
const survivors = verdicts.filter(({ kind }) => kind === "survived");
const summary = {
  mutants: mutants.length,
  refusedByTheCompiler: refused,
  explained,
  killed: verdicts.filter(({ kind }) => kind === "killed").length,
  survived: survivors.length,
  killedShare: `${((100 * (verdicts.length - survivors.length)) / verdicts.length).toFixed(1)} %`,
  killedBy: countBy(verdicts.flatMap((verdict) => (verdict.kind === "killed" ? [verdict.by] : []))),
  seconds: Math.round((performance.now() - startedMs) / 1000),
};
if (values.json) console.log(JSON.stringify({ ...summary, verdicts }));
else console.log(summary);

function lineOf({ id, file, line, original, replacement }: Mutant, verdict: Verdict): string {
  const place = `#${id} ${file}:${line} ${shortened(original)} => ${shortened(replacement)}`;
  const ms = `${Math.round(verdict.ms)} ms`;
  if (verdict.kind === "survived") {
    return `SURVIVED ${place} (${verdict.runs} runs, ${verdict.differs ? "some go another way" : "all the same"}, ${ms})`;
  }
  return `killed ${place} (${verdict.by}, ${ms}: ${shortened(verdict.reason)})`;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 60)} … ${line.slice(-25)}` : line;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const chance = createPrng(Number(values.base));
  const order = items.map((item) => ({ item, rank: chance.nextUint32() }));
  return order.toSorted((left, right) => left.rank - right.rank).map(({ item }) => item);
}
