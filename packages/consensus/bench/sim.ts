// Runs many seeds, or one with its trace: node --conditions=@tutti/source bench/sim.ts --protocol zab|paxos|slot-paxos --seeds 1000 [--base 1] [--json]
// or --seed 13 --trace; --plant NAME puts a fault in; --duration 8000 lasts longer; --twice compares two traces; --membership changes members.
import { parseArgs } from "node:util";
import { plantedFaults, simulate } from "../src/sim/index.ts";

const { values } = parseArgs({
  options: {
    protocol: { type: "string", default: "zab" },
    seeds: { type: "string", default: "100" },
    base: { type: "string", default: "1" },
    seed: { type: "string" },
    duration: { type: "string" },
    twice: { type: "boolean", default: false },
    plant: { type: "string" },
    membership: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const { protocol } = values;
if (protocol !== "zab" && protocol !== "paxos" && protocol !== "slot-paxos")
  throw new RangeError(`--protocol ${protocol} is none of zab, paxos and slot-paxos`);
const plant = plantedFaults.find((fault) => fault.name === values.plant);
const shape = values.membership ? { reconfigures: true } : {};
const planted = plant === undefined ? {} : { plant };
const base = Number(values.seed ?? values.base);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
const totals = {
  protocol,
  seeds: count,
  events: 0,
  steps: 0,
  commits: 0,
  reads: 0,
  submitted: 0,
  configurations: 0,
  violations: 0,
};
const faults: Record<string, number> = {};
const marks: Record<string, number> = {};
const duration = values.duration === undefined ? {} : { durationMs: Number(values.duration) };
for (let seed = base; seed < base + count; seed += 1) {
  const report = simulate({ seed, protocol, trace: values.trace, ...planted, ...shape, ...duration });
  totals.events += report.events;
  totals.steps += report.steps;
  totals.commits += report.commits;
  totals.reads += report.reads;
  totals.submitted += report.submitted;
  totals.configurations += report.configurations;
  for (const [kind, fired] of Object.entries(report.faults)) faults[kind] = (faults[kind] ?? 0) + fired;
  for (const [mark, fired] of Object.entries(report.marks)) marks[mark] = (marks[mark] ?? 0) + fired;
  if (values.twice && simulate({ seed, protocol, ...planted, ...shape, ...duration }).traceHash !== report.traceHash) {
    totals.violations += 1;
    console.error(`SEED=${seed}: the same seed gives another trace`);
  }
  if (values.trace) console.log(report.trace.join("\n"));
  if (report.violation === undefined) continue;
  totals.violations += 1;
  console.error(`SEED=${seed}: ${report.violation}`);
}
const seconds = (performance.now() - startedMs) / 1000;
const result = {
  ...totals,
  seconds: Math.round(seconds),
  eventsPerSecond: Math.round(totals.events / seconds),
  faults,
  /** Which pairs of state and fault never met: what happened there proves nothing. */
  unmarked: possibleMarks().filter((mark) => marks[mark] === undefined),
};
console.log(values.json ? JSON.stringify(result) : result);
process.exitCode = totals.violations === 0 || plant !== undefined ? 0 : 1;

function possibleMarks(): readonly string[] {
  const phases = ["discovery", "synchronization", "broadcast"];
  const roles = ["following", "observing", "leading"];
  const states = ["looking election", ...roles.flatMap((role) => phases.map((phase) => `${role} ${phase}`))];
  const kinds = ["crash", "crashWriting", "crashAll", "isolate", "split", "oneWay", "linkBreak", "pause", "wipe"];
  return states.flatMap((state) => kinds.map((kind) => `${state} × ${kind}`));
}
