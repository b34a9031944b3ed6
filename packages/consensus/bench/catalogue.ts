// Plants every mistake of the catalogue and counts the random seeds until it shows itself:
// npm run sim:catalogue [-- --base 1] [--seeds 400] [--protocol NAME] [--plant NAME] [--json]
import { parseArgs } from "node:util";
import {
  decreeFaults,
  plantedFaults,
  simulate,
  simulateDecree,
  simulateStack,
  stackFaults,
  type SimProtocol,
} from "../src/sim/index.ts";
import { optionsOf, slotPlants } from "./slot-plants.ts";
import { simulatorWith } from "./text-plants.ts";
import { zabPlants } from "./zab-plants.ts";

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "1" },
    seeds: { type: "string", default: "400" },
    plant: { type: "string" },
    protocol: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const base = Number(values.base);
const seedsMax = Number(values.seeds);
/** A run of a single decree costs a hundredth of one of a replica. */
const decreeSeedsMax = seedsMax * 100;

interface Row {
  readonly name: string;
  readonly level: "A" | "B";
  readonly protocol: SimProtocol | "decree";
  readonly source: string;
  /** The first seed that showed it, or undefined. */
  readonly seed: number | undefined;
  readonly seedsTried: number;
  readonly seconds: number;
  readonly found: string;
  /** The same seed without the fault finds nothing. */
  readonly isCleanWithout: boolean;
}

type Attempt = (seed: number, planted: boolean) => string | undefined | Promise<string | undefined>;

async function search(
  row: Pick<Row, "name" | "level" | "protocol" | "source">,
  max: number,
  attempt: Attempt,
): Promise<Row> {
  const from = performance.now();
  let seed = base;
  let found = await attempt(seed, true);
  while (found === undefined && seed < base + max - 1) found = await attempt((seed += 1), true);
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  const isFound = found !== undefined;
  return {
    ...row,
    seed: isFound ? seed : undefined,
    seedsTried: seed - base + 1,
    seconds,
    found: found ?? "NOTHING",
    isCleanWithout: !isFound || (await attempt(seed, false)) === undefined,
  };
}

const isWanted = (name: string, protocol: Row["protocol"]): boolean =>
  (values.plant ?? name) === name && (values.protocol ?? protocol) === protocol;

const rows: Row[] = [];
const tell = (row: Row): void => {
  rows.push(row);
  if (values.json) return;
  const mark = row.seed === undefined ? "MISSED" : row.isCleanWithout ? "caught" : "UNCLEAN";
  const effort = `${row.seedsTried} seeds, ${row.seconds} s`.padEnd(20);
  console.log(`${mark} ${row.level} ${row.protocol.padEnd(10)} ${row.name.padEnd(30)} ${effort} ${row.found}`);
};
for (const plant of plantedFaults) {
  for (const protocol of plant.protocols ?? (["zab", "paxos"] as const)) {
    if (!isWanted(plant.name, protocol)) continue;
    const reconfigures = plant.reconfigures === true;
    const attempt: Attempt = (seed, planted) =>
      simulate({ seed, protocol, reconfigures, ...(planted ? { plant } : {}) }).violation;
    tell(await search({ name: plant.name, level: "A", protocol, source: plant.source }, seedsMax, attempt));
  }
}
for (const plant of stackFaults) {
  // What level A finds in the core is not looked for again; `npm run sim -- --level B --plant NAME` does.
  if (plantedFaults.includes(plant)) continue;
  for (const protocol of ["zab", "paxos"] as const) {
    if (!isWanted(plant.name, protocol)) continue;
    const attempt: Attempt = async (seed, planted) =>
      (await simulateStack({ seed, protocol, durationMs: 2000, ...(planted ? { plant } : {}) })).violation;
    tell(await search({ name: plant.name, level: "B", protocol, source: plant.source }, seedsMax, attempt));
  }
}
for (const plant of zabPlants) {
  const { name, level, source, options } = plant;
  if (!isWanted(name, "zab")) continue;
  const planted = await simulatorWith(plant);
  const attempt: Attempt = async (seed, isPlanted) => {
    const given = { seed, protocol: "zab", ...options } as const;
    if (level === "A") return (isPlanted ? planted.simulate : simulate)(given).violation;
    return (await (isPlanted ? planted.simulateStack : simulateStack)({ ...given, durationMs: 2000 })).violation;
  };
  tell(await search({ name, level, protocol: "zab", source }, seedsMax, attempt));
}
for (const plant of slotPlants) {
  if (!isWanted(plant.name, "slot-paxos")) continue;
  const planted = await simulatorWith(plant);
  const attempt: Attempt = (seed, isPlanted) =>
    (isPlanted ? planted.simulate : simulate)(optionsOf(plant, seed)).violation;
  // The most elusive ones are looked for where they were seen, so that the table does not take hours.
  const max = Math.max(seedsMax, base === 1 ? plant.foundBy : 0);
  tell(await search({ name: plant.name, level: "A", protocol: "slot-paxos", source: plant.source }, max, attempt));
}
for (const fault of decreeFaults) {
  if (!isWanted(fault.name, "decree")) continue;
  const attempt: Attempt = (seed, planted) => {
    const chosen = simulateDecree(seed, planted ? fault : undefined);
    return chosen.size > 1 ? `${chosen.size} values are chosen` : undefined;
  };
  tell(
    await search({ name: fault.name, level: "A", protocol: "decree", source: fault.source }, decreeSeedsMax, attempt),
  );
}
const times = rows.map(({ seconds }) => seconds).toSorted((left, right) => left - right);
const missed = rows.filter(({ seed, isCleanWithout }) => seed === undefined || !isCleanWithout);
const summary = {
  planted: rows.length,
  caught: rows.length - missed.length,
  medianSeconds: times[Math.floor(times.length / 2)],
  maxSeconds: times.at(-1),
  missed: missed.map(({ name, protocol }) => `${name} (${protocol})`),
};
console.log(values.json ? JSON.stringify({ ...summary, rows }) : summary);
process.exitCode = missed.length === 0 ? 0 : 1;
