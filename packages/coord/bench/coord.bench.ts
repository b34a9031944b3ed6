// Our server beside Apache ZooKeeper from Debian's package, both as processes with files and every write synced, under
// the same load from this process. Standalone, and ensembles of three. Without Apache there is nothing to compare.
import { readFileSync } from "node:fs";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { Load } from "./load.ts";
import { isApacheHere, startApache, startOurs, type ServersUnderLoad } from "./server-under-load.ts";
import { compareDigests } from "./tree-digest.ts";

/** Connections, requests on their way on each, and operations a round: sets of an ensemble take a third of them. */
const cells = [
  [1, 1, 1500],
  [1, 16, 9000],
  [1, 256, 15_000],
  [8, 1, 8000],
  [8, 16, 24_000],
  [8, 256, 24_000],
  [64, 1, 18_000],
  [64, 16, 30_000],
  [64, 256, 30_000],
] as const;
const watchers = 500;
const churnCount = 600;

interface Both {
  readonly ours: ServersUnderLoad;
  readonly apache: ServersUnderLoad;
}

interface Loads {
  readonly ours: Load;
  readonly apache: Load;
}

type Compared = Pick<BenchmarkCase, "name" | "unit" | "unitCount"> & {
  readonly run: (load: Load) => Promise<number>;
  readonly hasLatencies: boolean;
};

function caseOf({ ours, apache }: Loads, { name, unit, unitCount, run, hasLatencies }: Compared): BenchmarkCase {
  const p99 = (load: Load): number => {
    const sorted = load.latencies.toSorted((left, right) => left - right);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  };
  const prepare = (): void => {
    for (const load of [ours, apache]) load.latencies.length = 0;
  };
  const note = (): string => {
    const [own, theirs] = [p99(ours), p99(apache)];
    return `p99 ${own.toFixed(2)} ms, the reference ${theirs.toFixed(2)} ms: ${(own / theirs).toFixed(2)}x`;
  };
  return {
    name,
    unit,
    unitCount,
    reference: "Apache ZooKeeper",
    runOurs: () => run(ours),
    runReference: () => run(apache),
    targetRatioMax: 0.5,
    ...(hasLatencies ? { prepare, note } : {}),
  };
}

async function casesFor(
  servers: number,
  { ours, apache }: Both,
  closers: (() => Promise<void>)[],
): Promise<BenchmarkCase[]> {
  const place = servers === 1 ? "1 server" : `${servers} servers`;
  const cases: BenchmarkCase[] = [];
  const open = async (connections: number): Promise<Loads> => {
    const loads = {
      ours: await Load.open(ours.connectString, connections),
      apache: await Load.open(apache.connectString, connections),
    };
    closers.push(
      () => loads.ours[Symbol.asyncDispose](),
      () => loads.apache[Symbol.asyncDispose](),
    );
    return loads;
  };
  const loadsOf = new Map<number, Loads>();
  for (const connections of [1, 8, 64]) loadsOf.set(connections, await open(connections));
  const add = (connections: number, compared: Compared): void => {
    const loads = loadsOf.get(connections);
    if (loads !== undefined) cases.push(caseOf(loads, compared));
  };
  for (const [connections, window, count] of cells) {
    for (const operation of ["set", "get"] as const) {
      const unitCount = operation === "set" && servers > 1 ? Math.round(count / 3) : count;
      const name = `${operation}, ${place}, ${connections} connections x ${window}`;
      const run = (load: Load): Promise<number> => load.run(operation, window, unitCount);
      add(connections, { name, unit: "operations", unitCount, run, hasLatencies: true });
    }
  }
  const creates = { name: `create, ${place}, 64 connections x 16`, unit: "operations", unitCount: 10_000 };
  add(64, { ...creates, run: (load) => load.run("create", 16, creates.unitCount), hasLatencies: true });
  const told = {
    name: `${watchers} watches armed one by one and told by one change, ${place}`,
    unit: "watchers",
    unitCount: watchers,
  };
  add(64, { ...told, run: (load) => load.fanOut(watchers), hasLatencies: false });
  const churn = { name: `sessions opened and closed, ${place}, 16 at once`, unit: "sessions", unitCount: churnCount };
  add(8, { ...churn, run: (load) => load.churn(churnCount, 16), hasLatencies: false });
  return cases;
}

/** Of all its servers at their highest, in MiB, as Linux tells it; elsewhere 0. */
function peakMiB({ processIds }: ServersUnderLoad): number {
  const kib = processIds.map((id) => {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
  });
  return Math.round(kib.reduce((sum, one) => sum + one, 0) / 1024);
}

async function notesOf(servers: number, { ours, apache }: Both): Promise<string[]> {
  const start = `${Math.round(ours.firstAnswerMs)} ms, the reference ${Math.round(apache.firstAnswerMs)} ms`;
  const peak = `${peakMiB(ours)} MiB, the reference ${peakMiB(apache)} MiB`;
  const notes = [`${servers} servers: first answer after ${start}; peak memory ${peak}`];
  if (servers === 1) return notes;
  const [own, theirs] = [await compareDigests(ours.connectString), await compareDigests(apache.connectString)];
  return [...notes, `${servers} servers, ours: ${own}`, `${servers} servers, the reference: ${theirs}`];
}

export const benchmark: Benchmark = {
  name: "coord",
  open: async () => {
    if (!isApacheHere()) throw new Error("Apache ZooKeeper is not here: apt-get install zookeeper");
    const closers: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const one of closers.splice(0).toReversed()) await one();
    };
    try {
      const cases: BenchmarkCase[] = [];
      const started: (readonly [number, Both])[] = [];
      for (const servers of [1, 3]) {
        const both = { ours: await startOurs(servers), apache: await startApache(servers) };
        closers.push(
          () => both.ours.close(),
          () => both.apache.close(),
        );
        started.push([servers, both]);
        cases.push(...(await casesFor(servers, both, closers)));
      }
      const notes = async (): Promise<string[]> => {
        const all: string[] = [];
        for (const [servers, both] of started) all.push(...(await notesOf(servers, both)));
        return all;
      };
      const processIds = started.flatMap(([, { ours, apache }]) => [...ours.processIds, ...apache.processIds]);
      return { cases, close, notes, processIds };
    } catch (thrown) {
      await close();
      throw thrown;
    }
  },
};
