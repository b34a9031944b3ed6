import { stageReadBy, type JobGraph, type Stage, type StageReport, type TaskAttempt } from "./job.ts";

/** Growth of a stage that stops early: each wave starts this many times the tasks of the wave before. */
const waveGrowth = 4;

/** What can happen to a running job. `nowMs` is a monotonic clock's reading; the scheduler has none of its own. */
export type SchedulerInput =
  | { readonly kind: "start"; readonly slotCount: number; readonly nowMs: number }
  | { readonly kind: "succeeded"; readonly task: TaskAttempt; readonly rowCount: number; readonly nowMs: number }
  | {
      readonly kind: "failed";
      readonly task: TaskAttempt;
      readonly message: string;
      /** `task`: its own code failed, and would again. `worker`: what ran it was lost, and another may do better. */
      readonly cause: "task" | "worker";
      readonly nowMs: number;
    }
  | { readonly kind: "cancel" };

/** What the driver must do, in this order: tell, launch, finish. */
export interface SchedulerEffects {
  readonly stagesStarted: readonly Stage[];
  readonly stagesFinished: readonly StageReport[];
  readonly launches: readonly TaskAttempt[];
  /** Set once, by the last step of a job. */
  readonly outcome: SchedulerOutcome | undefined;
}

export type SchedulerOutcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "canceled" }
  | { readonly kind: "failed"; readonly task: TaskAttempt; readonly attemptCount: number };

export interface SchedulerOptions {
  /** How often a task may be started when workers are lost under it. Spark: `spark.task.maxFailures`. */
  readonly taskAttemptsMax: number;
}

/** Decides which task of one job runs next. Does no I/O, reads no clock. */
export interface Scheduler {
  /** Same inputs in the same order, same effects. Inputs after the outcome have none. */
  step(input: SchedulerInput): SchedulerEffects;
}

interface StageState {
  readonly stage: Stage;
  /** Partitions below this index were launched at least once. */
  launchedCount: number;
  /** Partitions below this index may be launched; grows in waves where the stage may stop early. */
  admittedCount: number;
  doneCount: number;
  rowCount: number;
  failedAttemptCount: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
}

export function createScheduler(job: JobGraph, options: SchedulerOptions): Scheduler {
  const states = job.stages.map((stage): StageState => ({
    stage,
    launchedCount: 0,
    admittedCount: stage.rowsWanted === undefined ? stage.partitionCount : Math.min(1, stage.partitionCount),
    doneCount: 0,
    rowCount: 0,
    failedAttemptCount: 0,
    startedAtMs: undefined,
    endedAtMs: undefined,
  }));
  const retries: TaskAttempt[] = [];
  let freeSlotCount = 0;
  let outcome: SchedulerOutcome | undefined;
  let effects = emptyEffects();

  const isReady = (state: StageState): boolean =>
    state.stage.inputs.every((input) => {
      const stage = stageReadBy(input);
      return stage === undefined || states[stage]?.endedAtMs !== undefined;
    });

  const finishStage = (state: StageState, nowMs: number): void => {
    state.endedAtMs = nowMs;
    effects.stagesFinished.push(reportOf(state, nowMs));
    if (state === states.at(-1)) end({ kind: "succeeded" });
  };

  const end = (how: SchedulerOutcome): void => {
    outcome = how;
    effects.outcome = how;
  };

  const startReadyStages = (nowMs: number): void => {
    for (const state of states) {
      if (outcome !== undefined) return;
      if (state.startedAtMs !== undefined || !isReady(state)) continue;
      state.startedAtMs = nowMs;
      effects.stagesStarted.push(state.stage);
      // A stage without partitions is done at once, and may make the next one ready in the same pass.
      if (state.stage.partitionCount === 0) finishStage(state, nowMs);
    }
  };

  const launch = (): void => {
    if (outcome !== undefined) return;
    while (freeSlotCount > 0) {
      const task = retries.shift() ?? nextTask(states);
      if (task === undefined) return;
      freeSlotCount -= 1;
      effects.launches.push(task);
    }
  };

  const succeed = (task: TaskAttempt, rowCount: number, nowMs: number): void => {
    const state = stateOf(states, task);
    freeSlotCount += 1;
    state.doneCount += 1;
    state.rowCount += rowCount;
    if (isFinished(state)) return finishStage(state, nowMs);
    if (state.doneCount === state.admittedCount) {
      state.admittedCount = Math.min(state.stage.partitionCount, state.admittedCount * (1 + waveGrowth));
    }
  };

  const fail = (task: TaskAttempt, cause: "task" | "worker"): void => {
    freeSlotCount += 1;
    stateOf(states, task).failedAttemptCount += 1;
    const attemptCount = task.attempt + 1;
    if (cause === "task" || attemptCount >= options.taskAttemptsMax) end({ kind: "failed", task, attemptCount });
    else retries.push({ ...task, attempt: attemptCount });
  };

  return {
    step(input) {
      effects = emptyEffects();
      if (outcome !== undefined) return effects;
      switch (input.kind) {
        case "start":
          freeSlotCount = input.slotCount;
          startReadyStages(input.nowMs);
          break;
        case "succeeded":
          succeed(input.task, input.rowCount, input.nowMs);
          startReadyStages(input.nowMs);
          break;
        case "failed":
          fail(input.task, input.cause);
          break;
        case "cancel":
          end({ kind: "canceled" });
          break;
        default:
          input satisfies never;
      }
      launch();
      return effects;
    },
  };
}

interface MutableEffects extends SchedulerEffects {
  readonly stagesStarted: Stage[];
  readonly stagesFinished: StageReport[];
  readonly launches: TaskAttempt[];
  outcome: SchedulerOutcome | undefined;
}

function emptyEffects(): MutableEffects {
  return { stagesStarted: [], stagesFinished: [], launches: [], outcome: undefined };
}

/** Earlier stages first: what they hold back holds back all that follow. */
function nextTask(states: readonly StageState[]): TaskAttempt | undefined {
  for (const state of states) {
    if (state.startedAtMs === undefined || state.launchedCount >= state.admittedCount) continue;
    const partition = state.launchedCount;
    state.launchedCount += 1;
    return { stage: state.stage.id, partition, attempt: 0 };
  }
  return undefined;
}

/** A stage that stops early does so only between waves, so that the partitions it did read are a prefix. */
function isFinished(state: StageState): boolean {
  if (state.doneCount === state.stage.partitionCount) return true;
  const { rowsWanted } = state.stage;
  return rowsWanted !== undefined && state.doneCount === state.admittedCount && state.rowCount >= rowsWanted;
}

function stateOf(states: readonly StageState[], task: TaskAttempt): StageState {
  const state = states[task.stage];
  if (state === undefined) throw new RangeError(`stage ${task.stage} is not one of this job's ${states.length} stages`);
  return state;
}

function reportOf(state: StageState, nowMs: number): StageReport {
  return {
    stage: state.stage.id,
    name: state.stage.name,
    taskCount: state.doneCount,
    failedAttemptCount: state.failedAttemptCount,
    rowCount: state.rowCount,
    startedAtMs: state.startedAtMs ?? nowMs,
    endedAtMs: nowMs,
  };
}
