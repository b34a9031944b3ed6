/** What a master writes down before it acts on it, so that the next one can go on. */
export type MasterRecord =
  /** A master has begun to lead. */
  | { readonly kind: "term"; readonly master: string }
  | {
      readonly kind: "job";
      readonly job: string;
      /** Name that its driver gave it: asked for again, it is the same job. */
      readonly request: string;
      readonly driver: string;
      readonly name: string;
      readonly atMs: number;
      /** Where the whole job lies, if it outlives its driver. It was put there before. */
      readonly body?: DetachedBody;
    }
  /** This attempt's output is the one of its partition. */
  | { readonly kind: "done"; readonly task: string }
  /** Nothing of the job is needed any more. */
  | ({ readonly kind: "ended"; readonly job: string } & LoggedEnd)
  /** Nobody can ask for the result of this job any more. */
  | { readonly kind: "forgotten"; readonly job: string }
  /** Outputs that outlive their job, by the ids of the tasks that made them. */
  | { readonly kind: "kept"; readonly key: string; readonly driver: string; readonly tasks: readonly string[] }
  | { readonly kind: "released"; readonly key: string }
  | LoggedExclusion
  /** What comes up to the end repeats all that is in force; everything before is void. */
  | { readonly kind: "snapshotBegin"; readonly termCount: number; readonly jobCount: number }
  | { readonly kind: "snapshotEnd" };

export type JobOutcome = "succeeded" | "failed" | "canceled";

/** Bytes that are too many for a record, where all masters find them. The name ends in their hash. */
export interface BlobName {
  readonly name: string;
  readonly bytes: number;
}

/** A job that outlives its driver. */
export interface DetachedBody extends BlobName {
  /** The same for jobs of the same stages, whatever their functions: another one must not pass for it. */
  readonly shape: string;
}

/** How a job ended. */
export interface LoggedEnd {
  readonly outcome: JobOutcome;
  readonly atMs: number;
  /** Where its result lies, if it outlives its driver. It was put there before. */
  readonly result?: BlobName;
  /** What went wrong, for people. */
  readonly why?: string;
}

export interface LoggedJob {
  readonly job: string;
  readonly request: string;
  readonly driver: string;
  readonly name: string;
  readonly startedAtMs: number;
  /** Ids of the attempts whose outputs count. Empty once it has ended. */
  readonly done: ReadonlySet<string>;
  readonly end: LoggedEnd | undefined;
  /** Where the whole job lies. undefined: its driver has it, and it ends with its driver. */
  readonly body: DetachedBody | undefined;
}

/** A worker gets no tasks, for reasons of its own. Times are those of the calendar, which all masters share more or less. */
export interface LoggedExclusion {
  readonly kind: "excluded";
  readonly worker: string;
  /** As `j7.2`. undefined: from all. */
  readonly stage?: string | undefined;
  readonly reason: string;
  readonly atMs: number;
  readonly untilMs: number;
}

/** What the log says, all together. */
export interface MasterState {
  /** How many times somebody began to lead. */
  readonly termCount: number;
  readonly jobCount: number;
  /** Those that run, and the last that have ended. */
  readonly jobs: ReadonlyMap<string, LoggedJob>;
  readonly kept: ReadonlyMap<string, Extract<MasterRecord, { kind: "kept" }>>;
  /** Those whose time was not over when the last one was written down. */
  readonly exclusions: ReadonlyMap<string, LoggedExclusion>;
}

/** Of jobs that have ended so many are remembered, beside those whose result is kept. */
const endedJobsMax = 200;

interface MutableJob extends LoggedJob {
  readonly done: Set<string>;
  end: LoggedJob["end"];
}

/** Puts records together. Same records in the same order, same state. */
export function createMasterState(): { readonly state: MasterState; readonly apply: (record: MasterRecord) => void } {
  const jobs = new Map<string, MutableJob>();
  const kept = new Map<string, Extract<MasterRecord, { kind: "kept" }>>();
  const exclusions = new Map<string, LoggedExclusion>();
  const state = { termCount: 0, jobCount: 0, jobs, kept, exclusions };

  const forgetOldest = (): void => {
    const ended = [...jobs.values()].filter(({ end }) => end !== undefined && end.result === undefined);
    for (const { job } of ended.slice(0, Math.max(0, ended.length - endedJobsMax))) jobs.delete(job);
  };

  return {
    state,
    apply(record) {
      switch (record.kind) {
        case "term":
          state.termCount += 1;
          break;
        case "job": {
          const { kind: _, atMs, body, ...about } = record;
          state.jobCount = Math.max(state.jobCount, numberOf(record.job));
          jobs.set(record.job, { ...about, startedAtMs: atMs, body, done: new Set(), end: undefined });
          break;
        }
        case "done": {
          const job = jobs.get(jobOf(record.task));
          if (job !== undefined && job.end === undefined) job.done.add(record.task);
          break;
        }
        case "ended": {
          const job = jobs.get(record.job);
          if (job === undefined) break;
          const { kind: _, job: __, ...end } = record;
          job.end = end;
          job.done.clear();
          forgetOldest();
          break;
        }
        case "forgotten": {
          const job = jobs.get(record.job);
          if (job?.end === undefined) break;
          const { result: _, ...end } = job.end;
          job.end = end;
          forgetOldest();
          break;
        }
        case "kept":
          kept.set(record.key, record);
          break;
        case "released":
          kept.delete(record.key);
          break;
        case "excluded": {
          for (const [key, { untilMs }] of exclusions) if (untilMs <= record.atMs) exclusions.delete(key);
          const key = `${record.worker} ${record.stage ?? ""}`;
          // The newest is the last one: a snapshot repeats them in this order.
          exclusions.delete(key);
          exclusions.set(key, record);
          break;
        }
        case "snapshotBegin":
          jobs.clear();
          kept.clear();
          exclusions.clear();
          state.termCount = record.termCount;
          state.jobCount = record.jobCount;
          break;
        case "snapshotEnd":
          break;
        default:
          record satisfies never;
      }
    },
  };
}

/** Records that lead to this state from any. */
export function snapshotOf({ termCount, jobCount, jobs, kept, exclusions }: MasterState): MasterRecord[] {
  const records: MasterRecord[] = [{ kind: "snapshotBegin", termCount, jobCount }];
  for (const { job, request, driver, name, startedAtMs, body, done, end } of jobs.values()) {
    const about = { job, request, driver, name, atMs: startedAtMs };
    records.push({ kind: "job", ...about, ...(body === undefined ? {} : { body }) });
    for (const task of done) records.push({ kind: "done", task });
    if (end !== undefined) records.push({ kind: "ended", job, ...end });
  }
  return [...records, ...kept.values(), ...exclusions.values(), { kind: "snapshotEnd" }];
}

/** The records that are in force: those since the last whole snapshot. One that its writer did not end is void. */
export function recordsInForce(records: readonly MasterRecord[]): readonly MasterRecord[] {
  let inForce: MasterRecord[] = [];
  let snapshot: MasterRecord[] | undefined;
  for (const record of records) {
    if (record.kind === "snapshotBegin") snapshot = [];
    // Another writer: the one before ended in the middle.
    if (record.kind === "term") snapshot = undefined;
    (snapshot ?? inForce).push(record);
    if (record.kind !== "snapshotEnd" || snapshot === undefined) continue;
    inForce = snapshot;
    snapshot = undefined;
  }
  return inForce;
}

/** The job of a task id, `j7.2.13.1-0`. */
export function jobOf(task: string): string {
  return task.slice(0, task.indexOf("."));
}

function numberOf(job: string): number {
  return Number(job.slice(1));
}
