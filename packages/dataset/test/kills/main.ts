// Kills, stops and cuts off parts of a cluster of processes at each phase of a job, and looks whether anybody notices:
// `main.ts [--rounds N] [--seed S] [--coord host:port] [--victims server] [--means deaf,mute]`. Without rounds, every combination
// once.
import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import {
  startMembers,
  type Member,
  type MemberCluster,
  type MemberEvent,
} from "../../../runtime/test/cluster/member-processes.ts";
import { createContext } from "../../src/index.ts";

const victims = ["worker", "master", "server"] as const;
/** Two signals, and two directions that proxies lose: what others say to the victim, or what it says to them. */
const means = ["SIGKILL", "SIGSTOP", "deaf", "mute"] as const;

/** Longer than silence, grace and session are waited for. */
const cutMs = 2_500;
/** By what the driver hears: the blow falls at this event of this stage, when so many like it were heard. */
const phases = {
  map: { event: "taskFinished", stage: 0, count: 3 },
  shuffleWrite: { event: "taskFinished", stage: 0, count: 7 },
  fetch: { event: "taskStarted", stage: 1, count: 1 },
  reduce: { event: "taskStarted", stage: 1, count: 4 },
  commit: { event: "taskFinished", stage: 1, count: 4 },
} as const;

interface Blow {
  readonly victim: (typeof victims)[number];
  readonly means: (typeof means)[number];
  readonly phase: keyof typeof phases;
}

/** After which a link is taken for broken. */
const silenceMs = 500;
const mapTasks = 8;
const reduceTasks = 4;
const words = Array.from({ length: 4000 }, (_, index) => `w${index % 97} w${index % 11} w${index % 3}`);

function combinations(hasServers: boolean): Blow[] {
  return victims
    .filter((victim) => hasServers || victim !== "server")
    .flatMap((victim) =>
      means
        .filter((how) => victim !== "server" || how.startsWith("SIG"))
        .flatMap((how) => (Object.keys(phases) as Blow["phase"][]).map((phase) => ({ victim, means: how, phase }))),
    );
}

/** The lines that a run on the cluster, or here, saves. */
async function count(tutti: ReturnType<typeof createContext>, output: string): Promise<string[]> {
  await tutti
    .parallelize(words, { partitionCount: mapTasks })
    .flatMap((line) => {
      // Long enough to be met in the middle.
      let value = line.length;
      for (let round = 0; round < 100_000; round += 1) value = (value * 31 + 7) % 1_000_003;
      return value < 0 ? [] : line.split(" ");
    })
    .map((word) => [word, 1] as const)
    .reduceByKey((a, b) => a + b, { partitionCount: reduceTasks })
    .map(([word, times]) => {
      let value = times;
      for (let round = 0; round < 300_000; round += 1) value = (value * 31 + 7) % 1_000_003;
      return `${word} ${value < 0 ? 0 : times}`;
    })
    .saveAsTextFile(output);
  const parts = readdirSync(output).filter((name) => name.startsWith("part-"));
  assert.ok(readdirSync(output).includes("_SUCCESS"));
  assert.equal(parts.length, reduceTasks);
  return parts.flatMap((name) => readFileSync(path.join(output, name), "utf8").trim().split("\n")).toSorted();
}

function victimOf(cluster: MemberCluster, { victim }: Blow, worker: string | undefined): Member | undefined {
  if (victim === "worker") return cluster.workers.find((one) => one.lastLine() === `registered as ${worker}`);
  if (victim === "master") return cluster.masters[0];
  return cluster.servers.find((one) => one.lastLine() === "serves as leader");
}

/** Gives how to undo it, as far as it can be undone. */
function strike({ victim, means: how }: Blow, struck: Member, masters: readonly Member[]): () => void {
  if (how === "SIGKILL" || how === "SIGSTOP") {
    struck.process.kill(how);
    return () => void struck.process.kill("SIGCONT");
  }
  // Whoever dials the victim hears it; the victim itself dials, as a worker, the masters.
  struck.proxy?.cut(how === "deaf" ? "fromDialers" : "toDialers");
  const dialed = victim === "worker" ? masters.flatMap(({ proxy }) => proxy ?? []) : [];
  const isVictim = (greeting: string): boolean => greeting.includes(`worker ${struck.process.pid}"`);
  for (const proxy of dialed) proxy.cut(how === "deaf" ? "toDialers" : "fromDialers", isVictim);
  const heal = (): void => {
    for (const proxy of [struck.proxy, ...dialed]) proxy?.heal();
  };
  const timer = setTimeout(heal, cutMs);
  return () => {
    clearTimeout(timer);
    heal();
  };
}

interface Round {
  readonly tookMs: number;
  readonly ranAgain: number;
  readonly takeoverMs: number | undefined;
  readonly lostCount: number;
}

async function play(blow: Blow, expected: readonly string[], coord: string | undefined): Promise<Round> {
  const cluster = await startMembers({
    workerCount: 3,
    cwd: path.resolve(import.meta.dirname, "../.."),
    hasProxies: !blow.means.startsWith("SIG"),
    ...(coord === undefined ? { serverCount: 3 } : { coord }),
  });
  try {
    const { event, stage, count: after } = phases[blow.phase];
    let struckAtMs: number | undefined;
    let struck: Member | undefined;
    let struckWorker: string | undefined;
    let heard = 0;
    let undo = (): void => undefined;
    cluster.executor.events.on(event, (told) => {
      if (told.stage !== stage) return;
      heard += 1;
      if (heard !== after) return;
      struck = victimOf(cluster, blow, told.worker);
      struckWorker = told.worker;
      struckAtMs = Date.now();
      if (struck !== undefined) undo = strike(blow, struck, cluster.masters);
    });
    const tutti = createContext({ executor: cluster.executor, ownsExecutor: false });
    const startedAtMs = performance.now();
    assert.deepEqual(await count(tutti, path.join(cluster.directory, "output")), expected);
    const tookMs = performance.now() - startedAtMs;
    assert.ok(struck !== undefined && struckAtMs !== undefined, "nobody was struck");
    undo();
    return { tookMs, ...judge(await cluster.events(), blow, { struckAtMs, struckWorker }) };
  } finally {
    await cluster.close();
  }
}

/** Reads from the event log that the blow fell in its phase, and that only what was lost ran again. */
function judge(
  events: readonly MemberEvent[],
  blow: Blow,
  { struckAtMs, struckWorker }: { readonly struckAtMs: number; readonly struckWorker: string | undefined },
): Omit<Round, "tookMs"> {
  const { stage } = phases[blow.phase];
  const timeOf = ({ at }: MemberEvent): number => Date.parse(at);
  const ofStage = events.filter((one) => one.event === "taskStarted" && one["stage"] === stage);
  assert.ok(
    ofStage.some((one) => timeOf(one) <= struckAtMs + 1),
    "the stage had not begun",
  );
  const taskOf = (one: MemberEvent): string => `${String(one["stage"])}.${String(one["partition"])}`;
  const begun = events.filter((one) => one.event === "taskStarted" && one["isAdopted"] !== true);
  const ranAgain = begun.length - new Set(begun.map(taskOf)).size;
  const elected = events.filter((one) => one.event === "elected");
  const isCut = !blow.means.startsWith("SIG");
  if (blow.victim === "master" && isCut) {
    // It leads on, and its workers are lost to it and come back, some more than once: what they had is made again each time.
    const lost = events.filter((one) => one.event === "workerLost" && timeOf(one) >= struckAtMs);
    const isOver = events.some((one) => one.event === "jobFinished" && timeOf(one) <= struckAtMs + silenceMs);
    assert.ok(isOver || lost.length > 0 || elected.length > 1, "nobody was lost");
    assert.ok(ranAgain <= 3 * (mapTasks + reduceTasks), `${ranAgain} tasks ran again, of ${mapTasks + reduceTasks}`);
  }
  if (blow.victim === "master" && !isCut) {
    // A takeover comes after the end of a job whose last task was done already.
    const isOver = events.some((one) => one.event === "jobFinished" && timeOf(one) <= struckAtMs + 50);
    assert.ok(isOver || elected.length > 1, "nobody took over");
    assert.ok(ranAgain <= 3, `${ranAgain} tasks ran again although no worker was lost`);
  }
  if (blow.victim === "server" && elected.length === 1) {
    // A worker that cannot reach the service for a session's time is lost like any other.
    const lost = events.filter((one) => one.event === "workerLost");
    const had = begun.filter((one) => lost.some(({ worker }) => worker === one["worker"])).length;
    const most = lost.length === 0 ? 0 : had + reduceTasks;
    const why = lost.map(({ worker, reason }) => `${String(worker)}: ${String(reason)}`).join("; ");
    assert.ok(ranAgain <= most, `${ranAgain} tasks ran again, and lost workers (${why || "none"}) had ${had}`);
  }
  if (blow.victim === "worker" && isCut) {
    const isOver = events.some((one) => one.event === "jobFinished" && timeOf(one) <= struckAtMs + cutMs);
    const isLost = events.some((one) => one.event === "workerLost" && one["worker"] === struckWorker);
    assert.ok(isOver || isLost, "the worker that was cut off was not lost");
  }
  if (blow.victim === "worker") {
    const had = new Set(
      begun.filter((one) => one["worker"] === struckWorker && timeOf(one) <= struckAtMs + 50).map(taskOf),
    );
    // What it had, and what failed because it read from there.
    assert.ok(ranAgain <= had.size + reduceTasks, `${ranAgain} tasks ran again, and the lost worker had ${had.size}`);
  }
  const next = elected.find((one) => timeOf(one) > struckAtMs);
  const lostCount = events.filter((one) => one.event === "workerLost" && timeOf(one) >= struckAtMs).length;
  return { ranAgain, lostCount, takeoverMs: next === undefined ? undefined : timeOf(next) - struckAtMs };
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    seed: { type: "string" },
    coord: { type: "string" },
    means: { type: "string" },
    victims: { type: "string" },
  },
});
const all = combinations(values.coord === undefined)
  .filter((one) => values.means?.includes(one.means) ?? true)
  .filter((one) => values.victims?.includes(one.victim) ?? true);
const alone = createContext();
const directory = path.join(process.env["TMPDIR"] ?? "/tmp", `tutti-kills-${process.pid}`);
const expected = await count(alone, directory);
await alone.close();

let state = Number(values.seed ?? 1);
const below = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const rounds =
  values.rounds === undefined ? all : Array.from({ length: Number(values.rounds) }, () => all[below(all.length)]);
let failedCount = 0;
for (const blow of rounds) {
  if (blow === undefined) continue;
  const name = `${blow.victim} ${blow.means} at ${blow.phase}`;
  try {
    const { tookMs, ranAgain, lostCount, takeoverMs } = await play(blow, expected, values.coord);
    const takeover = takeoverMs === undefined ? "" : `, takeover after ${(takeoverMs / 1000).toFixed(1)} s`;
    console.log(
      `${name}: the same answer in ${(tookMs / 1000).toFixed(1)} s, ${ranAgain} tasks ran again${lostCount > 0 ? `, ${lostCount} workers lost` : ""}${takeover}`,
    );
  } catch (thrown) {
    failedCount += 1;
    console.log(`${name}: FAILED: ${String(thrown)}`);
  }
}
console.log(`${rounds.length} rounds, ${failedCount} failed`);
process.exitCode = failedCount === 0 ? 0 : 1;
