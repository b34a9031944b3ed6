// Runs many seeds on all cores, or one with its trace: npm run sim -- [--level A|B] [--protocol zab|paxos|slot-paxos] [--seeds 1000] [--base 1] [--json]
// or --seed 13 --trace; --plant NAME puts a fault in; --membership changes members; --twice compares two traces; --threads 1 runs on one core.
// Faults last 4 virtual seconds, or until 20,000 events have run: --duration 8000 and --events 0 say otherwise.
// --seed 13 --shrink FILE writes down the least that fails in the same way; --scenario FILE [--trace] runs what is written down.
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { replayScenario, shrinkScenario, type Scenario } from "../src/sim/index.ts";
import { plantOf, runSeed, type SeedOptions, type SeedRun } from "./sim-seed.ts";

const { values } = parseArgs({
  options: {
    level: { type: "string", default: "A" },
    protocol: { type: "string", default: "zab" },
    seeds: { type: "string", default: "100" },
    base: { type: "string", default: "1" },
    seed: { type: "string" },
    duration: { type: "string" },
    events: { type: "string", default: "20000" },
    threads: { type: "string", default: String(availableParallelism()) },
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
const options = readOptions();
const base = Number(values.seed ?? values.base);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
const numbers: Record<string, number> = {};
const faults: Record<string, number> = {};
const marks: Record<string, number> = {};
const hashes = new Map<number, number>();
let violations = 0;
let eventsMin = Number.POSITIVE_INFINITY;
let toShrink: Scenario | undefined;

const threads = Math.min(count, Number(values.threads));
if (threads <= 1) for (let seed = base; seed < base + count; seed += 1) told(await runSeed(seed, options));
else await runOnThreads(threads);
if (values.shrink !== undefined && toShrink !== undefined) {
  const shrunk = await shrinkScenario(toShrink);
  await writeFile(values.shrink, `${JSON.stringify(shrunk, undefined, 2)}\n`);
  console.error(`${toShrink.events.length} events shrank to ${shrunk.events.length}, in ${values.shrink}`);
}
const seconds = (performance.now() - startedMs) / 1000;
const result = {
  level: options.level,
  protocol: options.protocol,
  seeds: count,
  ...numbers,
  leastEventsOfASeed: eventsMin,
  violations,
  seconds: Math.round(seconds),
  eventsPerSecond: Math.round((numbers["events"] ?? 0) / seconds),
  faults,
  /** Which pairs of state and fault never met: what happened there proves nothing. */
  unmarked: possibleMarks(Object.keys(marks)).filter((mark) => marks[mark] === undefined),
  /** Of all traces: to be compared between two runs, or two versions of Node.js. */
  traceHash: [...hashes]
    .toSorted(([left], [right]) => left - right)
    .reduce((hash, [, one]) => (Math.imul(hash, 31) + one) >>> 0, 0),
};
console.log(values.json ? JSON.stringify(result) : result);
process.exitCode = violations === 0 || options.plant !== undefined ? 0 : 1;

function readOptions(): SeedOptions {
  const { protocol, level, plant } = values;
  if (protocol !== "zab" && protocol !== "paxos" && protocol !== "slot-paxos") {
    throw new RangeError(`--protocol ${protocol} is none of zab, paxos and slot-paxos`);
  }
  if (level !== "A" && level !== "B") throw new RangeError(`--level ${level} is neither A nor B`);
  const read: SeedOptions = {
    level,
    protocol,
    eventsMin: Number(values.events),
    ...(values.duration === undefined ? {} : { durationMs: Number(values.duration) }),
    ...(plant === undefined ? {} : { plant }),
    reconfigures: values.membership,
    trace: values.trace,
    twice: values.twice,
  };
  plantOf(read);
  return read;
}

/** Every thread is given a seed, and the next one when it has run it. */
async function runOnThreads(threadCount: number): Promise<void> {
  let next = base;
  const ends = Array.from({ length: threadCount }, () => {
    const worker = new Worker(new URL("./sim-seed.ts", import.meta.url), { workerData: options });
    const feed = (): void => {
      if (next < base + count) worker.postMessage((next += 1) - 1);
      else void worker.terminate();
    };
    worker.on("message", (run: SeedRun) => {
      told(run);
      feed();
    });
    feed();
    return new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", () => resolve());
    });
  });
  await Promise.all(ends);
}

function told(run: SeedRun): void {
  add(numbers, run.numbers);
  add(faults, run.faults);
  add(marks, run.marks);
  hashes.set(run.seed, run.traceHash);
  eventsMin = Math.min(eventsMin, run.numbers["events"] ?? 0);
  if (run.trace.length > 0) console.log(run.trace.join("\n"));
  violations += run.violations.length;
  for (const violation of run.violations) console.error(`SEED=${run.seed}: ${violation}`);
  toShrink ??= run.scenario;
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
