// npm run sim:coord -- [--seeds N] [--base B] [--json]: servers and clients as shipped, under seeds; --seed N --trace replays one,
// --twice compares two traces of each. With --plants, whether each mistake on purpose is found within that many seeds; --plant NAME: one.
import { parseArgs } from "node:util";
import { plants, simulateWith } from "./plants.ts";
import { simulateServers } from "./simulate-servers.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    base: { type: "string", default: "1" },
    seed: { type: "string" },
    duration: { type: "string" },
    plant: { type: "string" },
    plants: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    twice: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const base = Number(values.seed ?? values.base);
if (values.plants) {
  const missed = await tryPlants(Number(values.seeds));
  process.exit(missed === 0 ? 0 : 1);
}
const plant = plants.find(({ name }) => name === values.plant);
if (values.plant !== undefined && plant === undefined) throw new RangeError(`there is no mistake "${values.plant}"`);
const simulate = plant === undefined ? simulateServers : await simulateWith(plant);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const counts: Record<string, number> = {};
const faults: Record<string, number> = {};
const add = (total: Record<string, number>, more: Readonly<Record<string, number>>): void => {
  for (const [name, value] of Object.entries(more)) total[name] = (total[name] ?? 0) + value;
};
const startedMs = performance.now();
const cpu = process.cpuUsage();
let hash = 0;
let events = 0;
let violations = 0;
for (let seed = base; seed < base + count; seed += 1) {
  const options = { seed, trace: values.trace, ...(values.duration ? { durationMs: Number(values.duration) } : {}) };
  const report = await simulate(options);
  if (values.trace) console.log(report.trace.join("\n"));
  add(counts, report.counts);
  add(faults, report.faults);
  events += report.events;
  hash = (Math.imul(hash, 31) + report.traceHash) >>> 0;
  if (report.violation !== undefined) {
    violations += 1;
    console.error(`SEED=${seed}: ${report.violation}`);
  }
  if (values.twice && (await simulate(options)).traceHash !== report.traceHash) {
    violations += 1;
    console.error(`SEED=${seed}: the same seed gives another trace`);
  }
}
const { user, system } = process.cpuUsage(cpu);
const seconds = Math.round(performance.now() - startedMs) / 1000;
const result = {
  seeds: count,
  events,
  violations,
  seconds,
  cpuSeconds: (user + system) / 1e6,
  counts,
  faults,
  traceHash: hash,
};
console.log(values.json ? JSON.stringify(result) : result);
process.exitCode = violations === 0 ? 0 : 1;

/** Looks for each mistake under one seed after the other, and whether that seed is clean without it. */
async function tryPlants(seedsMax: number): Promise<number> {
  let missed = 0;
  for (const one of plants) {
    const simulatePlanted = await simulateWith(one);
    const from = process.cpuUsage();
    let seed = base - 1;
    let found: string | undefined;
    while (found === undefined && seed < base - 1 + seedsMax)
      found = (await simulatePlanted({ seed: (seed += 1) })).violation;
    const { user: planted, system: more } = process.cpuUsage(from);
    const isClean = found === undefined || (await simulateServers({ seed })).violation === undefined;
    const mark = found === undefined ? "MISSED " : isClean ? "caught " : "UNCLEAN";
    if (found === undefined || !isClean) missed += 1;
    const effort = `seed ${seed}, ${((planted + more) / 1e6).toFixed(1)} s`.padEnd(18);
    console.log(`${mark} ${effort} ${one.name}: ${found ?? ""}`);
  }
  return missed;
}
