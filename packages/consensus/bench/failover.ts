/**
 * How long an ensemble of three processes is without commits when its leader is killed or stops answering.
 *
 *   npm run failover -- --rounds 50 --signal SIGKILL|SIGSTOP [--json]
 *
 * This process is an observer: it proposes one entry after the other, and measures from the signal to the next commit.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePorts } from "@tutti/testkit";
import {
  createMemoryDisk,
  createTcpTransport,
  openReplica,
  zab,
  type MemberAddress,
  type Replica,
} from "../src/index.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    signal: { type: "string", default: "SIGKILL" },
    json: { type: "boolean", default: false },
  },
});
const signal = values.signal === "SIGSTOP" ? "SIGSTOP" : "SIGKILL";
const host = "127.0.0.1";
const script = fileURLToPath(new URL("./replica-process.ts", import.meta.url));
const observerId = 9;
const directory = await mkdtemp(join(tmpdir(), "tutti-failover-"));
const given = await freePorts(4);
const ports: Record<number, number> = {
  1: given[0] ?? 0,
  2: given[1] ?? 0,
  3: given[2] ?? 0,
  [observerId]: given[3] ?? 0,
};
const children = new Map<number, ChildProcess>();

async function start(id: number): Promise<void> {
  const orders = { id, directory: join(directory, String(id)), ports, observers: [observerId] };
  const child = spawn(process.execPath, ["--conditions=@tutti/source", script, JSON.stringify(orders)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  children.set(id, child);
  await new Promise<void>((resolve) => {
    child.stdout?.once("data", () => resolve());
  });
}

/** Proposes until one is committed; those that are lost with the leader are proposed again. */
async function commit(replica: Replica): Promise<void> {
  for (;;) {
    try {
      await replica.propose(new Uint8Array(256), { timeoutMs: 2000 });
      return;
    } catch {
      // Lost, or nobody answered in time: the next one.
    }
  }
}

async function round(replica: Replica): Promise<number> {
  await commit(replica);
  const leader = replica.status().leader ?? 0;
  const child = children.get(leader);
  if (child === undefined) throw new Error(`the leader ${leader} is one of the three`);
  const beganMs = performance.now();
  child.kill(signal);
  // A commit that was on its way when the leader went does not count.
  do await commit(replica);
  while (replica.status().leader === leader);
  const tookMs = performance.now() - beganMs;
  if (signal === "SIGSTOP") child.kill("SIGCONT");
  else await start(leader);
  return tookMs;
}

const transport = await createTcpTransport({
  id: observerId,
  listen: { host, port: ports[observerId] ?? 0 },
  addressOf: (member): MemberAddress => ({ host, port: ports[member] ?? 0 }),
});
const replica = await openReplica({
  id: observerId,
  members: { voters: [1, 2, 3], observers: [observerId] },
  protocol: zab(),
  machine: { apply: () => new Uint8Array(0), snapshot: () => [], restore: () => undefined },
  storage: createMemoryDisk(),
  transport,
});
await Promise.all([1, 2, 3].map(start));
const tookMs: number[] = [];
for (let count = 0; count < Number(values.rounds); count += 1) tookMs.push(await round(replica));
await replica.close();
for (const child of children.values()) child.kill("SIGKILL");
await rm(directory, { recursive: true, force: true });

const sorted = tookMs.toSorted((left, right) => left - right);
const at = (share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
const report = { signal, rounds: sorted.length, p50Ms: at(0.5), p90Ms: at(0.9), maxMs: at(1) };
if (values.json) console.log(JSON.stringify(report));
else
  console.log(
    `${signal}: next commit after ${report.p50Ms} ms (p50), ${report.p90Ms} ms (p90), ${report.maxMs} ms (longest) of ${report.rounds}`,
  );
