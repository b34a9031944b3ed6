import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { shrinkScenario, type Scenario } from "../src/sim/index.ts";
import type { CatalogueCase } from "./catalogue-cases.ts";

const folder = new URL("../test/sim/scripts/", import.meta.url);
/** Each costs as much as a run of the whole scenario, at first; at level B ten times as much. */
const runsMax = { A: 400, B: 100 } as const;

function fileOf({ level, protocol, name }: Pick<CatalogueCase, "level" | "protocol" | "name">): string {
  return `${protocol}.${level.toLowerCase()}.${name}.json`;
}

/** The least that shows a mistake, as it was written down. */
export async function readScript(of: CatalogueCase): Promise<Scenario | undefined> {
  try {
    return JSON.parse(await readFile(new URL(fileOf(of), folder), "utf8")) as Scenario;
  } catch {
    return undefined;
  }
}

/** Shrinks a run that shows a mistake to the least that does, unless that would show something without the mistake too. */
export async function writeScript(of: CatalogueCase, scenario: Scenario): Promise<Scenario> {
  const run = (candidate: Scenario): Promise<string | undefined> => of.replay(candidate, true);
  const least = await shrinkScenario(scenario, { run, runsMax: runsMax[scenario.level] });
  const shrunk = (await of.replay(least, false)) === undefined ? least : scenario;
  await mkdir(folder, { recursive: true });
  const { events, ...head } = shrunk;
  // An event a line, so that a change of it can be read.
  const lines = events.map((event) => `    ${JSON.stringify(event)}`).join(",\n");
  const written = JSON.stringify(head, undefined, 2).replace(/\n\}$/, `,\n  "events": [\n${lines}\n  ]\n}\n`);
  await writeFile(new URL(fileOf(of), folder), written);
  return shrunk;
}

/** Those of mistakes that are no longer in the catalogue. */
export async function removeOtherScripts(cases: readonly CatalogueCase[]): Promise<void> {
  const known = new Set(cases.map(fileOf));
  for (const name of await readdir(folder)) if (!known.has(name)) await rm(new URL(name, folder));
}
