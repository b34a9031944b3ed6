/**
 * How long an ensemble of three processes is without commits when its leader is killed, stopped, or cut off without a word:
 *
 *   npm run failover -- --fault kill|stop|cut [--rounds 50] [--outstanding 64] [--protocol zab] [--json]
 *
 * and how often it elects while one follower after the other stalls for two seconds, of which none should come:
 *
 *   npm run failover -- --fault stall [--minutes 10]
 *
 * This process is an observer that keeps so many proposals under way; it measures from the blow to the first commit of another
 * leader.
 */
import { parseArgs } from "node:util";
import { createMemoryDisk, createTcpTransport, openReplica, type MemberAddress, type Replica } from "../src/index.ts";
import { protocolOf, protocols } from "../test/real/protocols.ts";
import { RealEnsemble } from "../test/real/real-ensemble.ts";

const { values } = parseArgs({
  options: {
    fault: { type: "string", default: "kill" },
    rounds: { type: "string", default: "50" },
    minutes: { type: "string", default: "10" },
    outstanding: { type: "string", default: "64" },
    protocol: { type: "string", default: "zab" },
    json: { type: "boolean", default: false },
  },
});
const { fault } = values;
if (fault !== "kill" && fault !== "stop" && fault !== "cut" && fault !== "stall") {
  throw new RangeError(`--fault ${fault} is none of kill, stop, cut and stall`);
}
const protocol = protocolOf(values.protocol);
const observerId = 9;
const host = "127.0.0.1";
const restMs = 1000;
const stallMs = 2000;

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const ensemble = await RealEnsemble.open({ protocol, observers: [observerId], canCut: fault === "cut" });
const ports = ensemble.portsOf(observerId);
const transport = await createTcpTransport({
  id: observerId,
  listen: { host, port: ports[observerId] ?? 0 },
  addressOf: (member): MemberAddress => ({ host, port: ports[member] ?? 0 }),
});
let commits = 0;
let onCommit = (): void => undefined;
const replica = await openReplica({
  id: observerId,
  members: { voters: ensemble.ids, observers: [observerId] },
  protocol: protocols[protocol](),
  machine: {
    apply: () => {
      commits += 1;
      onCommit();
      return new Uint8Array(0);
    },
    snapshot: () => [],
    restore: () => undefined,
  },
  storage: createMemoryDisk(),
  transport,
});
let elections = 0;
replica.events.on("leader", ({ leader }) => {
  if (leader !== undefined) elections += 1;
});

/** One of the proposals that are always under way; when one is lost with its leader, the next takes its place. */
async function propose(from: Replica, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    try {
      await from.propose(new Uint8Array(256), { timeoutMs: 2000 });
    } catch {
      await wait(1);
    }
  }
}

async function leaderOf(from: Replica): Promise<number> {
  for (;;) {
    const { leader } = from.status();
    if (leader !== undefined) return leader;
    await wait(1);
  }
}

/** Milliseconds from the blow to the first commit of another leader. */
async function failover(from: Replica): Promise<number> {
  const leader = await leaderOf(from);
  const committed = new Promise<void>((resolve) => {
    onCommit = () => {
      const present = from.status().leader;
      if (present !== undefined && present !== leader) resolve();
    };
  });
  const beganMs = performance.now();
  if (fault === "kill") await ensemble.kill(leader);
  else if (fault === "stop") ensemble.setStopped(leader, true);
  else ensemble.isolate(leader);
  await committed;
  const tookMs = performance.now() - beganMs;
  onCommit = () => undefined;
  if (fault === "kill") await ensemble.start(leader);
  else if (fault === "stop") ensemble.setStopped(leader, false);
  else ensemble.healLinks();
  await wait(restMs);
  return tookMs;
}

/** How many leaders came while followers stalled, one after the other. */
async function stalls(from: Replica, forMs: number): Promise<{ readonly elections: number; readonly stalls: number }> {
  await leaderOf(from);
  const before = elections;
  const untilMs = performance.now() + forMs;
  let count = 0;
  while (performance.now() < untilMs) {
    const leader = await leaderOf(from);
    const followers = ensemble.ids.filter((id) => id !== leader);
    const follower = followers[count % followers.length] as number;
    count += 1;
    ensemble.setStopped(follower, true);
    await wait(stallMs);
    ensemble.setStopped(follower, false);
    await wait(stallMs);
  }
  return { elections: elections - before, stalls: count };
}

let isOver = false;
const load = Array.from({ length: Number(values.outstanding) }, () => propose(replica, () => isOver));
await leaderOf(replica);
const beganMs = performance.now();
let report: Record<string, number | string>;
if (fault === "stall") {
  report = await stalls(replica, Number(values.minutes) * 60_000);
} else {
  const tookMs: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) tookMs.push(await failover(replica));
  const sorted = tookMs.toSorted((left, right) => left - right);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  report = { rounds: sorted.length, p50Ms: at(0.5), p90Ms: at(0.9), maxMs: at(1) };
}
const seconds = (performance.now() - beganMs) / 1000;
report = { fault, protocol, ...report, commitsPerSecond: Math.round(commits / seconds) };
isOver = true;
await Promise.all(load);
await replica.close();
await ensemble[Symbol.asyncDispose]();
console.log(values.json ? JSON.stringify(report) : report);
