/**
 * A tree of many nodes: how fast it is filled, what it costs in memory, and how soon a server that was stopped or killed
 * answers again. Ours, and Apache ZooKeeper where it is installed (Debian's package `zookeeper`).
 *
 *   npm run znodes -- --count 1000000
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePorts } from "@tutti/testkit";
import { connect, type Session } from "../src/index.ts";
import { apache, type Command, isApacheHere, ours } from "./server-under-load.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "1000000" }, window: { type: "string", default: "1000" } },
});
const childrenOfEach = 1000;
const parentCount = Math.ceil(Number(values.count) / childrenOfEach);
const dataBytes = 100;
const sessionTimeoutMs = 30_000;
const startMsMax = 300_000;

/** A process that is started again on the same files. */
class Subject {
  readonly #command: Command;
  #directory = "";
  #child: ChildProcess | undefined;
  place = "";

  constructor(command: Command) {
    this.#command = command;
  }

  async open(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "tutti-znodes-"));
    const [port] = await freePorts(1);
    this.place = `127.0.0.1:${port}`;
    const lines = ["tickTime=2000", `dataDir=${this.#directory}`, `clientPort=${port}`, "clientPortAddress=127.0.0.1"];
    await writeFile(join(this.#directory, "zoo.cfg"), `${lines.join("\n")}\n`);
  }

  /** Seconds until the last node is read. */
  async start(lastPath: string): Promise<number> {
    const sinceMs = performance.now();
    const [program, args] = this.#command(join(this.#directory, "zoo.cfg"));
    this.#child = spawn(program, args, { stdio: "ignore" });
    const session = await connect(this.place, { sessionTimeoutMs, connectTimeoutMs: startMsMax, backoffMsMax: 20 });
    await session.exists(lastPath);
    const seconds = (performance.now() - sinceMs) / 1000;
    await session.close();
    return seconds;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async mebibytes(): Promise<{ readonly now: number; readonly peak: number }> {
    const text = await readFile(`/proc/${this.#child?.pid}/status`, "utf8");
    const of = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s*(\\d+)`).exec(text)?.[1]) / 1024);
    return { now: of("VmRSS"), peak: of("VmHWM") };
  }

  async close(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Creates all of them, a window on its way. The longest answer tells how long the server stood still. */
async function fill(session: Session): Promise<{ readonly seconds: number; readonly longestMs: number }> {
  const data = new Uint8Array(dataBytes).fill(7);
  const sinceMs = performance.now();
  for (let parent = 0; parent < parentCount; parent += 1) await session.create(`/p${parent}`, data);
  let next = 0;
  let longestMs = 0;
  const worker = async (): Promise<void> => {
    while (next < parentCount * childrenOfEach) {
      const index = next;
      next += 1;
      const startedMs = performance.now();
      await session.create(`/p${Math.floor(index / childrenOfEach)}/node-${index % childrenOfEach}`, data);
      longestMs = Math.max(longestMs, performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: Number(values.window) }, worker));
  return { seconds: (performance.now() - sinceMs) / 1000, longestMs };
}

async function measure(command: Command): Promise<Record<string, number>> {
  const subject = new Subject(command);
  await subject.open();
  try {
    const lastPath = `/p${parentCount - 1}/node-${childrenOfEach - 1}`;
    const emptySeconds = await subject.start("/");
    const session = await connect(subject.place, { sessionTimeoutMs });
    const { seconds, longestMs } = await fill(session);
    await session.close();
    const filled = await subject.mebibytes();
    await subject.end("SIGTERM");
    const stoppedSeconds = await subject.start(lastPath);
    const restarted = await subject.mebibytes();
    await subject.end("SIGKILL");
    const killedSeconds = await subject.start(lastPath);
    return {
      startEmptySeconds: emptySeconds,
      fillSeconds: seconds,
      createsPerSecond: (parentCount * childrenOfEach) / seconds,
      longestCreateMs: longestMs,
      filledMiB: filled.now,
      filledPeakMiB: filled.peak,
      restartSeconds: stoppedSeconds,
      restartedMiB: restarted.now,
      restartedPeakMiB: restarted.peak,
      restartAfterKillSeconds: killedSeconds,
    };
  } finally {
    await subject.close();
  }
}

const found = { ours: await measure(ours), ...(isApacheHere() ? { apache: await measure(apache) } : {}) };
for (const [name, figures] of Object.entries(found)) {
  console.log(name);
  for (const [what, figure] of Object.entries(figures))
    console.log(`  ${what.padEnd(26)}${figure.toFixed(figure < 100 ? 2 : 0)}`);
}
