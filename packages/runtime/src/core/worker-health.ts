/** When a worker is not trusted with tasks any more. */
export interface HealthOptions {
  /** So many different tasks of one stage fail there: it gets no more of that stage. */
  readonly failedTasksMax: number;
  /** It is excluded from so many stages: it gets no tasks at all. */
  readonly excludedStagesMax: number;
  /** How long either lasts. */
  readonly excludedMs: number;
}

/** Spark excludes an executor from a stage after 2 failed tasks, from all after 2 stages. */
export const defaultHealth: HealthOptions = { failedTasksMax: 2, excludedStagesMax: 2, excludedMs: 600_000 };

/** A task that failed for reasons of the worker's: its thread died, its disk was full, its blocks cannot be read. */
export interface WorkerFailure {
  readonly worker: string;
  readonly stageKey: string;
  readonly partition: number;
  readonly message: string;
  readonly nowMs: number;
}

export interface Exclusion {
  readonly worker: string;
  /** undefined: from all. */
  readonly stageKey: string | undefined;
  /** For people: what happened. */
  readonly reason: string;
  readonly untilMs: number;
}

/** One that an earlier master has pronounced. */
export interface KnownExclusion extends Exclusion {
  /** Its stage is over: it counts for the exclusion from all, and for nothing else. */
  readonly isOver: boolean;
}

/** Which workers are excluded from what. Reads no clock, and decides nothing of where tasks go then. */
export interface WorkerHealth {
  /** What follows from a failure: exclusions that are new. */
  failed(failure: WorkerFailure): readonly Exclusion[];
  /** undefined: the worker may have tasks of the stage. */
  exclusionOf(worker: string, stageKey: string | undefined, nowMs: number): Exclusion | undefined;
  /** Those whose time is over are let go of, and told. */
  expire(nowMs: number): readonly Exclusion[];
  /** The worker is gone. */
  forgetWorker(worker: string): void;
  /** These stages are over. Exclusions from them are too, and still count for the exclusion from all. */
  forgetStages(stageKeys: readonly string[]): void;
  all(): readonly Exclusion[];
}

interface Record {
  /** Partitions that failed, by stage. */
  readonly failed: Map<string, Set<number>>;
  readonly stages: Map<string, Exclusion>;
  /** When it was excluded from a stage, for as long as that counts. */
  excludedAtMs: number[];
  fromAll: Exclusion | undefined;
}

export function createWorkerHealth(
  { failedTasksMax, excludedStagesMax, excludedMs }: HealthOptions,
  known: readonly KnownExclusion[] = [],
): WorkerHealth {
  const records = new Map<string, Record>();

  const recordOf = (worker: string): Record => {
    const present = records.get(worker);
    if (present !== undefined) return present;
    const made: Record = { failed: new Map(), stages: new Map(), excludedAtMs: [], fromAll: undefined };
    records.set(worker, made);
    return made;
  };

  for (const { isOver, ...exclusion } of known) {
    const { worker, stageKey, untilMs } = exclusion;
    const record = recordOf(worker);
    if (stageKey === undefined) record.fromAll = exclusion;
    else {
      record.excludedAtMs.push(untilMs - excludedMs);
      if (!isOver) record.stages.set(stageKey, exclusion);
    }
  }

  return {
    failed({ worker, stageKey, partition, message, nowMs }) {
      const record = recordOf(worker);
      const partitions = record.failed.get(stageKey) ?? new Set();
      record.failed.set(stageKey, partitions.add(partition));
      if (partitions.size < failedTasksMax || record.stages.has(stageKey)) return [];
      const untilMs = nowMs + excludedMs;
      const reason = `${partitions.size} tasks of the stage ${stageKey} failed there; the last: ${message}`;
      const ofStage: Exclusion = { worker, stageKey, reason, untilMs };
      record.stages.set(stageKey, ofStage);
      record.excludedAtMs = [...record.excludedAtMs.filter((atMs) => atMs + excludedMs > nowMs), nowMs];
      if (record.excludedAtMs.length < excludedStagesMax || record.fromAll !== undefined) return [ofStage];
      const why = `it was excluded from ${record.excludedAtMs.length} stages; ${reason}`;
      record.fromAll = { worker, stageKey: undefined, reason: why, untilMs };
      return [ofStage, record.fromAll];
    },
    exclusionOf(worker, stageKey, nowMs) {
      const record = records.get(worker);
      const found = record?.fromAll ?? (stageKey === undefined ? undefined : record?.stages.get(stageKey));
      return found !== undefined && found.untilMs > nowMs ? found : undefined;
    },
    expire(nowMs) {
      return [...records.values()].flatMap((record) => {
        const over = [...record.stages.values()].filter(({ untilMs }) => untilMs <= nowMs);
        for (const { stageKey = "" } of over) {
          record.stages.delete(stageKey);
          record.failed.delete(stageKey);
        }
        const { fromAll } = record;
        if (fromAll === undefined || fromAll.untilMs > nowMs) return over;
        record.fromAll = undefined;
        record.excludedAtMs = [];
        return [...over, fromAll];
      });
    },
    forgetWorker: (worker) => void records.delete(worker),
    forgetStages(stageKeys) {
      for (const { failed, stages } of records.values()) {
        for (const stageKey of stageKeys) {
          failed.delete(stageKey);
          stages.delete(stageKey);
        }
      }
    },
    all: () =>
      [...records.values()].flatMap(({ stages, fromAll }) => [
        ...stages.values(),
        ...(fromAll === undefined ? [] : [fromAll]),
      ]),
  };
}
