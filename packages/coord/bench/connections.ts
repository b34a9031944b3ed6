/**
 * Many clients that do nothing but stay: what they cost the server in memory, and another client in time.
 *
 *   npm run connections -- --count 10000 --seconds 60
 *
 * The server is a process of its own, and so are the many; they ping as clients do. Needs so many open files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect, type Session } from "../src/index.ts";

const sessionTimeoutMs = 30_000;
const connectsAtOnce = 200;
const settleMs = 1000;
/** One get after the other, with a pause between them: what waits for whom is the server's doing alone. */
const getPauseMs = 2;
const roleServer = "server";
const roleCrowd = "crowd";

const { values, positionals } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seconds: { type: "string", default: "60" } },
  allowPositionals: true,
});
const count = Number(values.count);

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function serve(): Promise<void> {
  const { startServer } = await import("../src/server/index.ts");
  const options = { connectionsPerAddressMax: 0, sessionTimeoutMsMax: sessionTimeoutMs };
  const server = await startServer({ ...options, metrics: {} });
  process.stdout.write(`${JSON.stringify({ place: server.connectString, metrics: server.metricsAddress?.port })}\n`);
}

async function crowd(place: string): Promise<void> {
  const sessions: Session[] = [];
  while (sessions.length < count) {
    const next = Math.min(connectsAtOnce, count - sessions.length);
    sessions.push(...(await Promise.all(Array.from({ length: next }, () => connect(place, { sessionTimeoutMs })))));
  }
  let lost = 0;
  for (const session of sessions) session.events.on("state", () => (lost += 1));
  process.stdout.write("there\n");
  await once(process.stdin, "data");
  process.stdout.write(`${lost}\n`);
}

function start(role: string, ...more: readonly string[]): ChildProcess {
  const given = ["--conditions=@tutti/source", fileURLToPath(import.meta.url), role, "--count", String(count), ...more];
  return spawn(process.execPath, given, { stdio: ["pipe", "pipe", "inherit"] });
}

async function said(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the process has an output");
  const [bytes] = (await once(child.stdout, "data")) as [Uint8Array];
  return String(bytes).trim();
}

async function residentMiB(metricsPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]) / 1024 / 1024;
}

/** In ms: the time that 99 of 100 gets stay below. */
async function p99(session: Session, forMs: number): Promise<number> {
  const times: number[] = [];
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    const sinceMs = performance.now();
    await session.get("/n");
    times.push(performance.now() - sinceMs);
    await sleep(getPauseMs);
  }
  return times.toSorted((left, right) => left - right)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

async function measure(): Promise<void> {
  const server = start(roleServer);
  const { place, metrics } = JSON.parse(await said(server)) as { place: string; metrics: number };
  const session = await connect(place, { sessionTimeoutMs });
  await session.create("/n", new Uint8Array(100));
  const forMs = Number(values.seconds) * 1000;
  const idle = { residentMiB: await residentMiB(metrics), p99Ms: await p99(session, Math.min(forMs, 15_000)) };
  const many = start(roleCrowd, place);
  await said(many);
  await sleep(settleMs);
  const held = { p99Ms: await p99(session, forMs), residentMiB: await residentMiB(metrics) };
  many.stdin?.write("\n");
  const lost = Number(await said(many));
  const perConnectionKiB = ((held.residentMiB - idle.residentMiB) * 1024) / count;
  console.log(JSON.stringify({ count, seconds: forMs / 1000, idle, held, perConnectionKiB, lost }, undefined, 2));
  await session.close();
  for (const child of [many, server]) child.kill("SIGKILL");
}

const [role, place = ""] = positionals;
if (role === roleServer) await serve();
else if (role === roleCrowd) await crowd(place);
else await measure();
