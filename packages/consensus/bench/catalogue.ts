// Every mistake of the catalogue, planted: whether its script shows it, and how many random seeds it takes until one does.
//   npm run sim:catalogue [-- --base 1] [--seeds 400] [--protocol NAME] [--plant NAME] [--json]
//   --scripts: by script alone; --write-scripts: writes a script where there is none that shows the mistake and nothing without it.
import { parseArgs } from "node:util";
import { decreeFaults, simulateDecree, type Scenario } from "../src/sim/index.ts";
import { catalogueCases, type CatalogueCase } from "./catalogue-cases.ts";
import { readScript, removeOtherScripts, writeScript } from "./catalogue-scripts.ts";

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "1" },
    seeds: { type: "string", default: "400" },
    plant: { type: "string" },
    protocol: { type: "string" },
    scripts: { type: "boolean", default: false },
    "write-scripts": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const base = Number(values.base);
const seedsMax = Number(values.seeds);
/** A run of a single decree costs a hundredth of one of a replica. */
const decreeSeedsMax = seedsMax * 100;
const scriptAttemptsMax = 4;

interface Found {
  readonly verdict: "caught" | "MISSED" | "UNCLEAN";
  readonly seconds: number;
  readonly what: string;
}

interface FoundBySeeds extends Found {
  readonly seed: number;
  readonly seedsTried: number;
}

interface Row extends Pick<CatalogueCase, "name" | "level" | "source"> {
  readonly protocol: CatalogueCase["protocol"] | "decree";
  readonly byScript: Found | undefined;
  readonly bySeeds: FoundBySeeds | undefined;
}

function verdictOf(violation: string | undefined, isClean: boolean): Found["verdict"] {
  if (violation === undefined) return "MISSED";
  return isClean ? "caught" : "UNCLEAN";
}

function timed(startedMs: number, violation: string | undefined, isClean: boolean): Found {
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  return { verdict: verdictOf(violation, isClean), seconds, what: violation ?? "nothing is wrong" };
}

async function tryScript(one: CatalogueCase): Promise<Found> {
  const startedMs = performance.now();
  const script = await readScript(one);
  if (script === undefined) return timed(startedMs, undefined, true);
  const violation = await one.replay(script, true);
  return timed(startedMs, violation, (await one.replay(script, false)) === undefined);
}

async function search(
  from: number,
  max: number,
  attempt: (seed: number) => Promise<string | undefined>,
  isClean: (seed: number) => Promise<boolean>,
): Promise<FoundBySeeds> {
  const startedMs = performance.now();
  let seed = from;
  let violation = await attempt(seed);
  while (violation === undefined && seed < from + max - 1) violation = await attempt((seed += 1));
  const found = timed(startedMs, violation, violation === undefined || (await isClean(seed)));
  return { ...found, seed, seedsTried: seed - from + 1 };
}

/** Also the run that showed it. */
async function searchCase(one: CatalogueCase, from: number): Promise<readonly [FoundBySeeds, Scenario | undefined]> {
  let scenario: Scenario | undefined;
  // The most elusive ones are looked for where they were seen, so that the table does not take hours.
  const max = Math.max(seedsMax, base === 1 ? one.seedsMin : 0);
  const attempt = async (seed: number): Promise<string | undefined> => {
    const run = await one.run(seed, true);
    scenario = run.scenario;
    return run.violation;
  };
  const isClean = async (seed: number): Promise<boolean> => (await one.run(seed, false)).violation === undefined;
  const found = await search(from, max, attempt, isClean);
  return [found, found.verdict === "caught" ? scenario : undefined];
}

const rows: Row[] = [];
function tell(row: Row): void {
  rows.push(row);
  if (values.json) return;
  const { level, protocol, name, byScript, bySeeds } = row;
  const script = byScript === undefined ? "" : `${byScript.verdict} ${byScript.seconds} s`;
  const seeds = bySeeds === undefined ? "" : `${bySeeds.verdict} ${bySeeds.seedsTried} seeds, ${bySeeds.seconds} s`;
  const what = bySeeds?.what ?? byScript?.what ?? "";
  console.log(
    `${level} ${protocol.padEnd(10)} ${name.padEnd(30)} ${script.padEnd(16)} ${seeds.padEnd(30)} ${what.slice(0, 90)}`,
  );
}

const all = catalogueCases();
const wanted = all.filter(
  ({ name, protocol }) => (values.plant ?? name) === name && (values.protocol ?? protocol) === protocol,
);
for (const one of wanted) {
  const { name, level, protocol, source } = one;
  let byScript = await tryScript(one);
  const needsSeeds = values["write-scripts"] ? byScript.verdict !== "caught" : !values.scripts;
  let [bySeeds, scenario] = needsSeeds ? await searchCase(one, base) : [];
  for (let attempt = 0; values["write-scripts"] && attempt < scriptAttemptsMax; attempt += 1) {
    if (bySeeds === undefined || scenario === undefined || byScript.verdict === "caught") break;
    // Faults of disks that the run with the mistake could bear may be more than the run without it can.
    if (attempt > 0) [bySeeds, scenario] = await searchCase(one, bySeeds.seed + 1);
    if (scenario === undefined) break;
    await writeScript(one, scenario);
    byScript = await tryScript(one);
  }
  tell({ name, level, protocol, source, byScript, bySeeds });
}
if (values["write-scripts"]) await removeOtherScripts(all);
if (!values.scripts && !values["write-scripts"]) {
  for (const fault of decreeFaults) {
    const { name, source } = fault;
    if ((values.plant ?? name) !== name || (values.protocol ?? "decree") !== "decree") continue;
    const attempt = async (seed: number): Promise<string | undefined> => {
      const { size } = simulateDecree(seed, fault);
      return size > 1 ? `${size} values are chosen` : undefined;
    };
    const isClean = async (seed: number): Promise<boolean> => simulateDecree(seed, undefined).size <= 1;
    const bySeeds = await search(base, decreeSeedsMax, attempt, isClean);
    tell({ name, level: "A", protocol: "decree", source, byScript: undefined, bySeeds });
  }
}

const seconds = rows
  .flatMap(({ bySeeds }) => (bySeeds === undefined ? [] : [bySeeds.seconds]))
  .toSorted((a, b) => a - b);
const namesOf = (column: "byScript" | "bySeeds"): readonly string[] =>
  rows.flatMap(({ name, protocol, ...row }) =>
    row[column] === undefined || row[column].verdict === "caught"
      ? []
      : [`${name} (${protocol}, ${row[column].verdict})`],
  );
const summary = {
  planted: rows.length,
  notByScript: namesOf("byScript"),
  notBySeeds: namesOf("bySeeds"),
  medianSeconds: seconds[Math.floor(seconds.length / 2)],
  maxSeconds: seconds.at(-1),
};
console.log(values.json ? JSON.stringify({ ...summary, rows }) : summary);
process.exitCode = summary.notByScript.length + summary.notBySeeds.length === 0 ? 0 : 1;
