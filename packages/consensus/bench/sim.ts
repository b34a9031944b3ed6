// Runs many seeds, or one with its trace: npm run sim -- [--level A|B] [--protocol zab|paxos|slot-paxos] [--seeds 1000] [--base 1] [--json]
// or --seed 13 --trace; --plant NAME puts a fault in; --duration 8000 lasts longer; --twice compares two traces; --membership changes members.
// --seed 13 --shrink FILE writes down the least that fails in the same way; --scenario FILE [--trace] runs what is written down.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  plantedFaults,
  replayScenario,
  shrinkScenario,
  simulate,
  simulateStack,
  stackFaults,
  type FaultCounts,
  type Scenario,
  type SimProtocol,
} from "../src/sim/index.ts";

const { values } = parseArgs({
  options: {
    level: { type: "string", default: "A" },
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
    shrink: { type: "string" },
    scenario: { type: "string" },
  },
});
if (values.scenario !== undefined) {
  const written = JSON.parse(await readFile(values.scenario, "utf8")) as Scenario;
  const { violation, trace } = await replayScenario(written, { trace: values.trace });
  console.log([...trace, violation ?? "nothing is wrong"].join("\n"));
  process.exit(violation === undefined ? 0 : 1);
}
const { protocol, level } = values;
if (protocol !== "zab" && protocol !== "paxos" && protocol !== "slot-paxos") {
  throw new RangeError(`--protocol ${protocol} is none of zab, paxos and slot-paxos`);
}
if (level !== "A" && level !== "B") throw new RangeError(`--level ${level} is neither A nor B`);
const plant = (level === "A" ? plantedFaults : stackFaults).find((fault) => fault.name === values.plant);
if (values.plant !== undefined && plant === undefined) {
  throw new RangeError(`there is no fault ${values.plant} to plant at level ${level}`);
}
const run = level === "A" ? runCores : runStack;
const base = Number(values.seed ?? values.base);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
const numbers: Record<string, number> = {};
const faults: Record<string, number> = {};
const marks: Record<string, number> = {};
const hashes: number[] = [];
let violations = 0;
for (let seed = base; seed < base + count; seed += 1) {
  const report = await run(seed, protocol);
  add(numbers, report.numbers);
  add(faults, report.faults);
  add(marks, report.marks);
  hashes.push(report.traceHash);
  if (values.twice && (await run(seed, protocol)).traceHash !== report.traceHash) {
    violations += 1;
    console.error(`SEED=${seed}: the same seed gives another trace`);
  }
  if (values.trace) console.log(report.trace.join("\n"));
  if (report.violation === undefined) continue;
  violations += 1;
  console.error(`SEED=${seed}: ${report.violation}`);
  if (values.shrink === undefined) continue;
  const shrunk = await shrinkScenario(report.scenario);
  await writeFile(values.shrink, `${JSON.stringify(shrunk, undefined, 2)}\n`);
  console.error(`${report.scenario.events.length} events shrank to ${shrunk.events.length}, in ${values.shrink}`);
  break;
}
const seconds = (performance.now() - startedMs) / 1000;
const result = {
  level,
  protocol,
  seeds: count,
  ...numbers,
  violations,
  seconds: Math.round(seconds),
  eventsPerSecond: Math.round((numbers["events"] ?? 0) / seconds),
  faults,
  /** Which pairs of state and fault never met: what happened there proves nothing. */
  unmarked: possibleMarks(Object.keys(marks)).filter((mark) => marks[mark] === undefined),
  /** Of all traces: to be compared between two runs, or two versions of Node.js. */
  traceHash: hashes.reduce((hash, one) => (Math.imul(hash, 31) + one) >>> 0, 0),
};
console.log(values.json ? JSON.stringify(result) : result);
process.exitCode = violations === 0 || plant !== undefined ? 0 : 1;

interface Run {
  readonly violation: string | undefined;
  readonly numbers: Readonly<Record<string, number>>;
  readonly faults: FaultCounts;
  readonly marks: FaultCounts;
  readonly traceHash: number;
  readonly trace: readonly string[];
  readonly scenario: Scenario;
}

function shared(seed: number, ran: SimProtocol) {
  const duration = values.duration === undefined ? {} : { durationMs: Number(values.duration) };
  const membership = values.membership ? { reconfigures: true } : {};
  return {
    seed,
    protocol: ran,
    trace: values.trace,
    ...duration,
    ...membership,
    ...(plant === undefined ? {} : { plant }),
  };
}

async function runCores(seed: number, ran: SimProtocol): Promise<Run> {
  const report = simulate(shared(seed, ran));
  const { events, steps, commits, reads, submitted, configurations } = report;
  return { ...report, numbers: { events, steps, commits, reads, submitted, configurations } };
}

async function runStack(seed: number, ran: SimProtocol): Promise<Run> {
  const report = await simulateStack(shared(seed, ran));
  const { events, commits, calls, isBeyondBudget } = report;
  return { ...report, numbers: { events, commits, ...calls, beyondBudget: isBeyondBudget ? 1 : 0 } };
}

function add(total: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) total[name] = (total[name] ?? 0) + value;
}

function possibleMarks(met: readonly string[]): readonly string[] {
  const phases = ["discovery", "synchronization", "broadcast"];
  const roles = ["following", "observing", "leading"];
  const states = ["looking election", ...roles.flatMap((role) => phases.map((phase) => `${role} ${phase}`))];
  const kinds = new Set(met.map((mark) => mark.split(" × ")[1]));
  return states.flatMap((state) => [...kinds].map((kind) => `${state} × ${kind}`));
}
