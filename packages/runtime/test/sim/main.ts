// npm run sim:cluster -- [--seeds N] [--base B] [--plant name] [--trace]: masters, drivers and pools as shipped under seeds.
// With --plants, whether each mistake on purpose is found within that many seeds.
import { parseArgs } from "node:util";
import { plantByName, plantIn, plants } from "./plants.ts";
import { runSeeds } from "./run-seeds.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    base: { type: "string", default: "1" },
    plant: { type: "string" },
    plants: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});
if (values.plants) {
  for (const { name } of plants) {
    const found = await runSeeds(Number(values.seeds), name);
    if (found === undefined) process.exitCode = 1;
    console.log(`${name}: ${found ?? "NOT FOUND"}`);
  }
  process.exit();
}

const plant = values.plant === undefined ? undefined : plantByName(values.plant);
if (plant?.kind === "source") plantIn(plant);

const { takeOverTime } = await import("./virtual-time.ts");
const { SimWorld } = await import("./sim-world.ts");
const startedAt = process.hrtime.bigint();
const time = takeOverTime();
const trace = values.trace ? (line: string) => console.log(line) : undefined;
const base = Number(values.base);
const totals = { seeds: 0, events: 0, tasks: 0, succeeded: 0, failed: 0 };
const faults: Record<string, number> = {};
let stray: unknown;
process.on("unhandledRejection", (thrown) => (stray ??= thrown));
process.on("uncaughtException", (thrown) => (stray ??= thrown));

for (let seed = base; seed < base + Number(values.seeds); seed += 1) {
  time.reset();
  const world = new SimWorld({ seed, time, isFenced: plant?.kind !== "unfenced", trace });
  const report = await world.run();
  totals.seeds += 1;
  totals.events += report.events;
  totals.tasks += report.tasks;
  totals.succeeded += report.jobs.succeeded;
  totals.failed += report.jobs.failed;
  for (const [name, count] of Object.entries(report.faults)) faults[name] = (faults[name] ?? 0) + count;
  const problem = report.violation ?? (stray instanceof Error ? stray.stack : undefined);
  if (problem === undefined) continue;
  console.log(`seed ${seed}: ${problem}`);
  process.exitCode = 1;
  break;
}
const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
console.log(JSON.stringify({ ...totals, faults, seconds: Math.round(seconds * 10) / 10 }));
process.exit();
