import { readFile } from "node:fs/promises";

/** A line of the masters' event log. */
export interface LoggedEvent {
  readonly event: string;
  readonly at: string;
  readonly master: string;
  readonly job?: string;
  readonly name?: string;
  readonly stage?: number;
  readonly partition?: number;
  readonly attempt?: number;
  readonly worker?: string;
  readonly isAdopted?: boolean;
  readonly term?: number;
  readonly reason?: string;
  readonly outcome?: string;
}

/** What this program did to the cluster. */
export interface Kill {
  readonly title: string;
  /** The worker's name in the cluster, where it was one. */
  readonly worker?: string;
  readonly atMs: number;
}

/** What the log must show when parts of the cluster were killed, or it did not happen as it should. */
export interface Evidence {
  /** Tasks that ran on the killed worker and were given to another one. */
  readonly reassigned: number;
  /** Outputs that were lost with the worker and made again. */
  readonly recomputed: number;
  /** Tasks that ran while there was no master, and counted under the next one. */
  readonly carriedOver: number;
}

export async function readEvents(path: string): Promise<LoggedEvent[]> {
  const text = await readFile(path, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LoggedEvent);
}

const timeOf = ({ at }: LoggedEvent): number => Date.parse(at);
const taskOf = ({ job, stage, partition }: LoggedEvent): string => `${job}.${stage}.${partition}`;

/** Reads from the log what became of the tasks that the killed ones had. */
export function evidenceOf(events: readonly LoggedEvent[], kills: readonly Kill[]): Evidence {
  let reassigned = 0;
  let recomputed = 0;
  let carriedOver = 0;
  for (const { worker, title, atMs } of kills) {
    const before = events.filter((event) => timeOf(event) <= atMs);
    const after = events.filter((event) => timeOf(event) > atMs);
    const finished = new Set(before.filter(({ event }) => event === "taskFinished").map(taskOf));
    if (worker !== undefined) {
      const had = new Set(before.filter((one) => one.event === "taskStarted" && one.worker === worker).map(taskOf));
      const again = after.filter((one) => one.event === "taskStarted" && one.worker !== worker && had.has(taskOf(one)));
      for (const task of new Set(again.map(taskOf))) {
        if (finished.has(task)) recomputed += 1;
        else reassigned += 1;
      }
    }
    if (title.startsWith("master")) {
      const running = before.filter((one) => one.event === "taskStarted" && !finished.has(taskOf(one))).map(taskOf);
      const adopted = after.filter((one) => one.event === "taskStarted" && one.isAdopted === true).map(taskOf);
      carriedOver += new Set(running.filter((task) => adopted.includes(task))).size;
    }
  }
  return { reassigned, recomputed, carriedOver };
}

/** What happened when, for people: a line each, the many tasks as counts. */
export function timelineOf(events: readonly LoggedEvent[], kills: readonly Kill[], startedAtMs: number): string[] {
  const moments: { readonly atMs: number; readonly text: string }[] = kills.map(({ title, worker, atMs }) => {
    return { atMs, text: `✗ ${title}${worker === undefined ? "" : ` (${worker})`} is killed` };
  });
  for (const [index, one] of events.entries()) {
    const text = textOf(one, events.slice(index + 1));
    if (text !== undefined) moments.push({ atMs: timeOf(one), text });
  }
  return moments
    .toSorted((left, right) => left.atMs - right.atMs)
    .map(({ atMs, text }) => `${((atMs - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

function textOf(one: LoggedEvent, rest: readonly LoggedEvent[]): string | undefined {
  switch (one.event) {
    case "elected":
      return one.term === 1 ? `the master ${one.master} is elected` : takeoverText(one, rest);
    case "workerJoined":
      return `worker ${one.worker} registers with ${one.master}`;
    case "workerLost": {
      const end = rest.findIndex(({ event }) => event === "jobFinished");
      const own = rest.slice(0, end < 0 ? rest.length : end);
      const count = own.filter(({ event, attempt = 0 }) => event === "taskStarted" && attempt > 0).length;
      return `worker ${one.worker} is lost: ${one.reason}; ${count} tasks go to others`;
    }
    case "jobStarted":
      return `job ${one.job}: ${one.name}`;
    case "stageFinished":
      return `  stage ${one.stage} of ${one.job} is done: ${one.name}`;
    case "jobFinished":
      return `job ${one.job} has ${one.outcome}`;
    default:
      return undefined;
  }
}

function takeoverText({ master, term }: LoggedEvent, rest: readonly LoggedEvent[]): string {
  const next = rest.findIndex(({ event }) => event === "elected");
  const own = rest.slice(0, next < 0 ? rest.length : next);
  const adopted = own.filter(({ event, isAdopted }) => event === "taskStarted" && isAdopted === true).length;
  return `the standby ${master} takes over (term ${term}): ${adopted} tasks go on or are done already`;
}
