import path from "node:path";
import type { StageOutline } from "@tutti/runtime";
import { afterAll, afterEach, expect } from "vitest";
import { startMembers, type MemberCluster, type MemberEvent } from "../../../runtime/test/cluster/member-processes.ts";
import { createContext, type Context, type ContextOptions } from "../../src/index.ts";

/** Where workers find this package and those that it needs. */
export const packageFolder: string = path.resolve(import.meta.dirname, "../..");

export interface ContextOnWorkers extends Context {
  /** What the masters have written down since it was last asked. */
  readonly newEvents: () => Promise<readonly MemberEvent[]>;
}

/** A context on three worker processes under an elected master, which end with it. */
export async function createContextOnWorkers(options: ContextOptions = {}): Promise<ContextOnWorkers> {
  const cluster = await startMembers({ masterCount: 1, workerCount: 3, sessionTimeoutMs: 4000, cwd: packageFolder });
  const tutti = createContext({ ...options, executor: cluster.executor });
  const close = async (): Promise<void> => {
    await tutti.close();
    await cluster.close();
  };
  return { ...tutti, newEvents: newEventsOf(cluster), close, [Symbol.asyncDispose]: close };
}

function newEventsOf(cluster: MemberCluster): () => Promise<readonly MemberEvent[]> {
  let seenCount = 0;
  return async () => {
    const events = await cluster.events();
    const later = events.slice(seenCount);
    seenCount = events.length;
    return later;
  };
}

/** After each test: where rows of several tasks met, several workers had run them, and some came from another worker. */
export function expectExchangeBetweenWorkers(contexts: () => readonly Context[]): void {
  let exchangeCount = 0;
  afterEach(async () => {
    for (const tutti of contexts().filter(isOnWorkers)) {
      const exchange = exchangeIn(await tutti.newEvents());
      if (exchange === undefined) continue;
      exchangeCount += 1;
      expect(exchange.workerCount).toBeGreaterThanOrEqual(2);
      expect(exchange.fetchedBytes).toBeGreaterThan(0);
    }
  });
  // Else nothing was looked at.
  afterAll(() => expect(exchangeCount > 0).toBe(contexts().some(isOnWorkers)));
}

function isOnWorkers(tutti: Context): tutti is ContextOnWorkers {
  return "newEvents" in tutti;
}

interface Exchange {
  readonly workerCount: number;
  readonly fetchedBytes: number;
}

/** Of the jobs that shuffled; undefined where none did. */
function exchangeIn(events: readonly MemberEvent[]): Exchange | undefined {
  const jobs = [...Map.groupBy(events, ({ job }) => job as string | undefined)].flatMap(([job, told]) =>
    job !== undefined && hasShuffled(told) ? told : [],
  );
  if (jobs.length === 0) return undefined;
  const finished = jobs.filter(({ event }) => event === "taskFinished");
  return {
    workerCount: new Set(finished.map(({ worker }) => worker)).size,
    fetchedBytes: finished.reduce((sum, { fetchedBytes }) => sum + Number(fetchedBytes ?? 0), 0),
  };
}

/** Whether it ended well, and rows that several tasks had written changed places. */
function hasShuffled(told: readonly MemberEvent[]): boolean {
  const started = told.find(({ event }) => event === "jobStarted");
  const stages = (started?.["stages"] ?? []) as readonly StageOutline[];
  const shuffled = new Set(stages.flatMap(({ shuffles }) => shuffles));
  const isWriter = ({ event, stage, rowCount }: MemberEvent): boolean =>
    event === "taskFinished" && shuffled.has(Number(stage)) && Number(rowCount) > 0;
  const writers = Map.groupBy(told.filter(isWriter), ({ stage }) => stage);
  return (
    told.some(({ event, outcome }) => event === "jobFinished" && outcome === "succeeded") &&
    [...writers.values()].some((tasks) => new Set(tasks.map(({ partition }) => partition)).size >= 2)
  );
}
