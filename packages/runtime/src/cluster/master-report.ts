/** What a master has before it, for people and their tools. */
export interface MasterReport {
  /** Where the master listens. */
  readonly master: string;
  /** How many times somebody began to lead. */
  readonly termCount: number;
  readonly jobs: readonly JobReport[];
  readonly workers: readonly WorkerReport[];
}

export interface JobReport {
  readonly job: string;
  readonly name: string;
  readonly driver: string;
  readonly state: "waiting" | "running" | "succeeded" | "failed" | "canceled";
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** Whether it outlives its driver. */
  readonly isDetached: boolean;
  /** What is kept of the result of such a job, until somebody lets it go or its time is over. */
  readonly resultBytes: number | undefined;
  /** What went wrong. */
  readonly why: string | undefined;
  readonly stages: readonly JobStageReport[];
}

export interface JobStageReport {
  readonly stage: number;
  readonly name: string;
  readonly taskCount: number;
  readonly doneCount: number;
  readonly failedCount: number;
  /** Second attempts at tasks that were slow. */
  readonly overtakingCount: number;
  readonly rowCount: number;
  /** What its tasks read from other workers. */
  readonly fetchedBytes: number;
  /** How long its tasks took. undefined before the first has ended. */
  readonly took: TaskTimes | undefined;
}

export interface TaskTimes {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly longestMs: number;
}

export interface WorkerReport {
  readonly worker: string;
  readonly address: string;
  readonly slotCount: number;
  readonly busySlotCount: number;
  readonly isUp: boolean;
  /** It takes no new tasks until it has memory again. */
  readonly isPaused: boolean;
  /** From what it is excluded, and why. */
  readonly exclusions: readonly ExclusionReport[];
  /** Memory of its process, as it said last. */
  readonly residentBytes: number | undefined;
}

export interface ExclusionReport {
  /** As `j7.2`. undefined: all. */
  readonly stage: string | undefined;
  readonly reason: string;
  /** How long still. */
  readonly forMs: number;
}
