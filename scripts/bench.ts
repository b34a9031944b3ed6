// npm run bench -- <name> [--rounds N] [--json]: every benchmark runs its reference in the same run, in alternating rounds. Where
// several packages have one of this name, all of them run.
import { globSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { measureCase, type Benchmark, type CaseResult } from "@tutti/testkit";

const root = path.resolve(import.meta.dirname, "..");
const files = globSync("packages/*/bench/*.bench.ts", { cwd: root });
const nameOf = (file: string): string => path.basename(file, ".bench.ts");

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "7" }, json: { type: "boolean", default: false } },
});
const [wanted] = positionals;
const roundCount = Number(values.rounds);
const chosen = files.filter((one) => nameOf(one) === wanted);
if (chosen.length === 0 || !Number.isSafeInteger(roundCount) || roundCount < 1) {
  const names = [...new Set(files.map(nameOf))].join(", ");
  console.error(`usage: npm run bench -- <name> [--rounds N] [--json], where <name> is one of: ${names}`);
  process.exit(2);
}

const results: CaseResult[] = [];
for (const file of chosen) {
  const { benchmark } = (await import(path.join(root, file))) as { readonly benchmark: Benchmark };
  const open = await benchmark.open();
  for (const one of open.cases) {
    const result = await measureCase(one, roundCount, open.processIds);
    results.push(result);
    const target = result.targetRatioMax === undefined ? "" : `, target at most ${result.targetRatioMax.toFixed(2)}x`;
    console.log(`${result.name}
  ${result.ratio.toFixed(2)}x of the ${result.reference} (${result.ratioMin.toFixed(2)} to ${result.ratioMax.toFixed(2)}${target})
  ${result.cpuRatio.toFixed(2)}x its CPU time
  ${perSecond(result.unitsPerSecond)} ${result.unit}/s, the reference ${perSecond(result.referenceUnitsPerSecond)}
${result.note === undefined ? "" : `  ${result.note}\n`}`);
  }
  for (const note of (await open.notes?.()) ?? []) console.log(note);
  await open.close?.();
}
const mean = (ratios: readonly number[]): string =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length).toFixed(2);
const shares = `${mean(results.map(({ ratio }) => ratio))}x the time, ${mean(results.map(({ cpuRatio }) => cpuRatio))}x the CPU time`;
if (results.length > 1) console.log(`geometric mean of ${results.length} cases: ${shares}`);
const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
console.log(`medians of ${roundCount} rounds; ${machine}`);
if (values.json) console.log(JSON.stringify({ benchmark: wanted, machine, roundCount, results }));

function perSecond(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}
