import type { Prng } from "@tutti/stdx";
import { createCounter, createQueue } from "../../src/recipes/index.ts";
import type { Session } from "../../src/index.ts";
import type { Target } from "../interop/target.ts";
import type { FromRival } from "./messages.ts";
import { RivalProcess } from "./rival-process.ts";

export interface ShareOptions {
  readonly target: Target;
  readonly work: "counter" | "queue" | "cache";
  readonly path: string;
  /** Faults before it is judged. */
  readonly roundCount: number;
  readonly sessionTimeoutMs: number;
  readonly prng: Prng;
}

export interface ShareReport {
  readonly faults: Record<"killed" | "paused" | "cut", number>;
  /** Calls that succeeded, failed openly, and whose process was killed meanwhile. */
  done: number;
  unknown: number;
  readonly result: string;
  readonly violations: string[];
}

const rivalCount = 3;
const endMsMax = 30_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What all rivals said, and which of them have ended. */
interface Heard {
  readonly begun: Set<string>;
  readonly done: Set<string>;
  readonly took: Map<string, number>;
  readonly nodes: Map<string, ReadonlyMap<string, bigint>>;
  readonly stopped: Set<string>;
}

/** Processes share a counter, a queue or a tree while they are killed, stopped and cut off; then the sums are done. */
export async function share(options: ShareOptions): Promise<ShareReport> {
  const { target, work, path, roundCount, sessionTimeoutMs, prng } = options;
  const heard: Heard = { begun: new Set(), done: new Set(), took: new Map(), nodes: new Map(), stopped: new Set() };
  const violations: string[] = [];
  const faults = { killed: 0, paused: 0, cut: 0 };
  const session = await target.connect({ renew: true });
  await session.ensurePath(path);
  if (work === "cache") for (let child = 0; child < 6; child += 1) await session.ensurePath(`${path}/${child}`);
  const rivals = await Promise.all(
    Array.from({ length: rivalCount }, (_, index) =>
      RivalProcess.start({
        target,
        orders: { work, name: `${work}-${index}`, path, sessionTimeoutMs },
        onMessage: (rival, message) => listen(heard, rival.name, message),
        onFailure: (_rival, problem) => violations.push(problem),
      }),
    ),
  );
  for (let round = 0; round < roundCount && violations.length === 0; round += 1) {
    const rival = rivals[prng.nextBelow(rivalCount)] as RivalProcess;
    const fault = (["killed", "paused", "cut"] as const)[prng.nextBelow(3)] ?? "cut";
    faults[fault] += 1;
    // Half of the pauses and cuts outlive the session.
    const awayMs = prng.nextBelow(sessionTimeoutMs * 3);
    if (fault === "killed") {
      await rival.kill();
      await rival.start();
    } else if (fault === "paused") {
      rival.setPaused(true);
      await sleep(awayMs);
      rival.setPaused(false);
    } else {
      rival.proxy.silence(true);
      await sleep(awayMs);
      rival.proxy.silence(false);
    }
  }
  const judged = await judge({ session, path, work, rivals, heard, violations });
  await Promise.all(rivals.map((rival) => rival.close()));
  await session.close();
  return { faults, done: heard.done.size, unknown: heard.begun.size - heard.done.size, result: judged, violations };
}

function listen(heard: Heard, name: string, message: FromRival): void {
  if (message.kind === "begin") heard.begun.add(message.item);
  else if (message.kind === "done") heard.done.add(message.item);
  else if (message.kind === "took") heard.took.set(message.item, (heard.took.get(message.item) ?? 0) + 1);
  else if (message.kind === "nodes") heard.nodes.set(name, message.nodes);
  else if (message.kind === "stopped") heard.stopped.add(name);
}

interface Judged {
  readonly session: Session;
  readonly path: string;
  readonly work: ShareOptions["work"];
  readonly rivals: readonly RivalProcess[];
  readonly heard: Heard;
  readonly violations: string[];
}

async function judge(parts: Judged): Promise<string> {
  const { work, rivals, heard, violations } = parts;
  for (const rival of rivals) rival.tell({ kind: "stop" });
  const haveEnded = await within(() => heard.stopped.size === rivals.length);
  if (!haveEnded) violations.push(`after ${endMsMax} ms without faults only ${[...heard.stopped].join()} had ended`);
  if (work === "counter") return judgeCounter(parts);
  return work === "queue" ? judgeQueue(parts) : judgeCaches(parts);
}

async function within(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + endMsMax;
  while (!(await isSo())) {
    if (performance.now() > endMs) return false;
    await sleep(20);
  }
  return true;
}

/** Each addition that was answered counts once; one that was not answered, at most once. */
async function judgeCounter({ session, path, heard, violations }: Judged): Promise<string> {
  const value = Number(await createCounter(session, path).get());
  if (value < heard.done.size || value > heard.begun.size) {
    violations.push(`the counter is ${value}; ${heard.done.size} additions were answered, ${heard.begun.size} begun`);
  }
  return `${value}`;
}

/** Whatever was put was taken, or is there still. What is taken twice had a process that died or was cut off with it. */
async function judgeQueue({ session, path, heard, violations }: Judged): Promise<string> {
  const queue = createQueue(session, path);
  const decoder = new TextDecoder();
  let left = 0;
  while ((await queue.count()) > 0) {
    const item = await queue.take({ timeoutMs: endMsMax });
    heard.took.set(decoder.decode(item.data), 1);
    await item.done();
    left += 1;
  }
  for (const item of heard.done) if (!heard.took.has(item)) violations.push(`${item} was put and nobody got it`);
  for (const item of heard.took.keys()) if (!heard.begun.has(item)) violations.push(`${item} was taken and never put`);
  const again = [...heard.took.values()].filter((count) => count > 1).length;
  return `${heard.took.size} taken, ${again} of them more than once, ${left} left`;
}

/** Each process's cache shows what the service has. */
async function judgeCaches({ session, path, rivals, heard, violations }: Judged): Promise<string> {
  const truth = new Map<string, bigint>();
  const read = async (at: string): Promise<void> => {
    const { stat } = await session.get(at);
    truth.set(at, stat.mzxid);
    for (const name of await session.children(at)) await read(`${at}/${name}`);
  };
  await session.sync(path);
  await read(path);
  const differs = ({ name }: RivalProcess): boolean => {
    const nodes = heard.nodes.get(name);
    return nodes?.size !== truth.size || [...truth].some(([at, mzxid]) => nodes.get(at) !== mzxid);
  };
  const agree = await within(() => {
    const others = rivals.filter(differs);
    for (const rival of others) rival.tell({ kind: "tellNodes" });
    return others.length === 0;
  });
  if (!agree) {
    const names = rivals.filter(differs).map(({ name }) => name);
    violations.push(`the caches of ${names.join()} do not show what is there`);
  }
  return `${truth.size} nodes`;
}
