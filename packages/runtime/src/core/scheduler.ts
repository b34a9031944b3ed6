import { stageReadBy, type JobGraph, type Stage, type StageReport, type TaskAttempt } from "./job.ts";

/** Growth of a stage that stops early: each wave starts this many times the tasks of the wave before. */
const waveGrowth = 4;

/** What can happen to a running job. `nowMs` is a monotonic clock's reading; the scheduler has none of its own. */
export type SchedulerInput =
  | { readonly kind: "start"; readonly slotCount: number; readonly nowMs: number }
  /** An attempt has its worker. Without it nothing is known of how long the attempt takes. */
  | { readonly kind: "started"; readonly task: TaskAttempt; readonly worker: string; readonly nowMs: number }
  /** An attempt has done its work, and its output is being brought or written down: it cannot be overtaken any more. */
  | { readonly kind: "ending"; readonly task: TaskAttempt }
  /** Time has passed: attempts may have become slow. */
  | { readonly kind: "tick"; readonly nowMs: number }
  | { readonly kind: "succeeded"; readonly task: TaskAttempt; readonly rowCount: number; readonly nowMs: number }
  | {
      readonly kind: "failed";
      readonly task: TaskAttempt;
      readonly message: string;
      /**
       * `task`: its own code failed, and would again. `worker`: what ran it was lost, and another may do better. `input`:
       * what it reads was lost; `outputsLost` says what, and comes first.
       */
      readonly cause: "task" | "worker" | "input";
      readonly nowMs: number;
    }
  /** Outputs of tasks that had succeeded are gone. Those that are still needed are made again, and no others. */
  | { readonly kind: "outputsLost"; readonly outputs: readonly OutputName[] }
  /** Workers came or went. Tasks that went with them fail one by one, each with a slot that this takes away. */
  | { readonly kind: "slots"; readonly change: number }
  | { readonly kind: "cancel" };

/** What one task of a job leaves. */
export interface OutputName {
  readonly stage: number;
  readonly partition: number;
}

/** What the driver must do, in this order: tell, stop, launch, finish. */
export interface SchedulerEffects {
  /** Whether the attempt whose end was told counts. What became of another one is nobody's news, and its output nobody's. */
  readonly isAccepted: boolean;
  readonly stagesStarted: readonly Stage[];
  readonly stagesFinished: readonly StageReport[];
  /** Attempts that run for nothing. Their end is still to be told: until then they have their slots. */
  readonly stops: readonly TaskAttempt[];
  readonly launches: readonly Launch[];
  /** Set once, by the last step of a job. */
  readonly outcome: SchedulerOutcome | undefined;
}

export interface Launch extends TaskAttempt {
  /**
   * Where the attempts run that this one shall overtake: it is for other workers, and only for those that have nothing else to
   * do. undefined: it is the only one of its task.
   */
  readonly overtakes: readonly string[] | undefined;
}

export type SchedulerOutcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "canceled" }
  | { readonly kind: "failed"; readonly task: TaskAttempt; readonly attemptCount: number }
  /** Its outputs were lost more often than it may be run again. */
  | { readonly kind: "outputsLost"; readonly stage: number; readonly runCount: number };

export interface SchedulerOptions {
  /** How often a task may be started when workers are lost under it. Spark: `spark.task.maxFailures`. */
  readonly taskAttemptsMax: number;
  /** How often a stage may run because its outputs were lost, the first time included. Spark's `maxConsecutiveAttempts`. */
  readonly stageRunsMax: number;
  /** When a second attempt is made at a task that is slow. undefined: never. */
  readonly speculation?: SpeculationOptions | undefined;
}

/**
 * A task is slow when its attempt has run for more than `multiplier` times the median of those of its stage that are done, and
 * for `minimumMs`; it is asked once the `quantile` of the stage is done. Spark: `spark.speculation.*`.
 */
export interface SpeculationOptions {
  readonly quantile: number;
  readonly multiplier: number;
  readonly minimumMs: number;
}

/** Decides which task of one job runs next. Does no I/O, reads no clock. */
export interface Scheduler {
  /** Same inputs in the same order, same effects. Inputs after the outcome have none. */
  step(input: SchedulerInput): SchedulerEffects;
}

type PartitionState = "waiting" | "running" | "done" | "lost";

interface RunningAttempt {
  readonly attempt: number;
  /** undefined: it waits for a worker, or nobody says. */
  startedAtMs: number | undefined;
  worker: string | undefined;
  isEnding: boolean;
  /** Whatever becomes of it, it does not count. */
  isGivenUp: boolean;
}

interface StageState {
  readonly stage: Stage;
  readonly partitions: PartitionState[];
  /** By partition: attempts whose end has not been told. */
  readonly running: Map<number, RunningAttempt[]>;
  /** How long the attempts took that count. */
  readonly tookMs: number[];
  /** The number of each partition's next attempt. */
  readonly attempts: number[];
  /** How often each partition lost its worker, and how often an attempt failed for whatever reason. */
  readonly losses: number[];
  readonly failures: number[];
  /** Partitions below this index were launched at least once. */
  launchedCount: number;
  /** Partitions below this index may be launched; grows in waves where the stage may stop early. */
  admittedCount: number;
  doneCount: number;
  rowCount: number;
  failedAttemptCount: number;
  runCount: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
}

export function createScheduler(job: JobGraph, options: SchedulerOptions): Scheduler {
  const states = job.stages.map(openStage);
  const retries: OutputName[] = [];
  let freeSlotCount = 0;
  let outcome: SchedulerOutcome | undefined;
  let effects = emptyEffects();

  const finishStage = (state: StageState, nowMs: number): void => {
    // Outputs that were lost and made again are no second end.
    if (state.endedAtMs === undefined) {
      state.endedAtMs = nowMs;
      effects.stagesFinished.push(reportOf(state, nowMs));
    }
    if (state === states.at(-1)) end({ kind: "succeeded" });
  };

  const end = (how: SchedulerOutcome): void => {
    outcome = how;
    effects.outcome = how;
  };

  const startReadyStages = (nowMs: number): void => {
    for (const state of states) {
      if (outcome !== undefined) return;
      if (state.startedAtMs !== undefined || !isReady(state, states)) continue;
      state.startedAtMs = nowMs;
      effects.stagesStarted.push(state.stage);
      // A stage without partitions is done at once, and may make the next one ready in the same pass.
      if (state.stage.partitionCount === 0) finishStage(state, nowMs);
    }
  };

  const begin = ({ stage, partition }: OutputName, overtakes: readonly string[] | undefined): void => {
    const state = stateOf(states, { stage, partition });
    const attempt = state.attempts[partition] ?? 0;
    state.attempts[partition] = attempt + 1;
    state.partitions[partition] = "running";
    const one = { attempt, startedAtMs: undefined, worker: undefined, isEnding: false, isGivenUp: false };
    state.running.set(partition, [...(state.running.get(partition) ?? []), one]);
    freeSlotCount -= 1;
    effects.launches.push({ stage, partition, attempt, overtakes });
  };

  const launch = (): void => {
    while (outcome === undefined && freeSlotCount > 0) {
      const task = nextRetry(retries, states) ?? nextTask(states);
      if (task === undefined) return;
      begin(task, undefined);
    }
  };

  /** After all others: tasks that nobody has begun come first. */
  const overtakeSlow = (nowMs: number): void => {
    if (options.speculation === undefined) return;
    // What a stage reads may be lost again: a second attempt waits until it is there.
    for (const state of states.filter((one) => isReady(one, states))) {
      for (const { partition, worker } of slowOnes(state, options.speculation, nowMs)) {
        if (freeSlotCount > 0) begin({ stage: state.stage.id, partition }, worker === undefined ? [] : [worker]);
      }
    }
  };

  const giveUp = (state: StageState, partition: number, which: (one: RunningAttempt) => boolean): void => {
    for (const one of activeOf(state, partition).filter(which)) {
      one.isGivenUp = true;
      effects.stops.push({ stage: state.stage.id, partition, attempt: one.attempt });
    }
  };

  /** The end of an attempt. undefined: it was given up, and is nobody's. */
  const take = (state: StageState, { partition, attempt }: TaskAttempt): RunningAttempt | undefined => {
    const all = state.running.get(partition) ?? [];
    const one = all.find((other) => other.attempt === attempt);
    if (one === undefined) return undefined;
    const rest = all.filter((other) => other !== one);
    if (rest.length === 0) state.running.delete(partition);
    else state.running.set(partition, rest);
    freeSlotCount += 1;
    return one.isGivenUp ? undefined : one;
  };

  const endSoon = (task: TaskAttempt): void => {
    const state = stateOf(states, task);
    const one = activeOf(state, task.partition).find(({ attempt }) => attempt === task.attempt);
    if (one === undefined) return;
    one.isEnding = true;
    giveUp(state, task.partition, ({ startedAtMs }) => startedAtMs === undefined);
  };

  const succeed = (task: TaskAttempt, rowCount: number, nowMs: number): void => {
    const state = stateOf(states, task);
    const one = take(state, task);
    if (one === undefined) return;
    effects.isAccepted = true;
    giveUp(state, task.partition, () => true);
    if (one.startedAtMs !== undefined) state.tookMs.push(nowMs - one.startedAtMs);
    state.partitions[task.partition] = "done";
    state.doneCount += 1;
    state.rowCount += rowCount;
    if (isFinished(state)) return finishStage(state, nowMs);
    if (state.doneCount === state.admittedCount) {
      state.admittedCount = Math.min(state.stage.partitionCount, state.admittedCount * (1 + waveGrowth));
    }
  };

  const fail = (task: TaskAttempt, cause: "task" | "worker" | "input"): void => {
    const state = stateOf(states, task);
    if (take(state, task) === undefined) return;
    effects.isAccepted = true;
    state.failedAttemptCount += 1;
    const { partition } = task;
    const failures = (state.failures[partition] ?? 0) + 1;
    state.failures[partition] = failures;
    if (cause === "worker") state.losses[partition] = (state.losses[partition] ?? 0) + 1;
    if (cause === "task") return end({ kind: "failed", task, attemptCount: failures });
    if (activeOf(state, partition).some(({ startedAtMs }) => startedAtMs !== undefined)) return;
    // One that waits for a worker with nothing else to do would wait in vain: the task is begun anew like any other.
    giveUp(state, partition, () => true);
    const isLast =
      (state.losses[partition] ?? 0) >= options.taskAttemptsMax ||
      failures >= options.taskAttemptsMax * options.stageRunsMax;
    if (isLast) return end({ kind: "failed", task, attemptCount: failures });
    state.partitions[partition] = "waiting";
    retries.push({ stage: task.stage, partition });
  };

  const lose = (outputs: readonly OutputName[]): void => {
    for (const output of outputs) {
      const state = stateOf(states, output);
      if (state.partitions[output.partition] !== "done") continue;
      state.partitions[output.partition] = "lost";
      state.doneCount -= 1;
    }
    // From the last stage backwards: making an output again may need outputs of earlier stages that were lost before.
    for (const state of states.toReversed()) {
      if (!isNeeded(state, states)) continue;
      const lost = state.partitions.flatMap((one, partition) => (one === "lost" ? [partition] : []));
      if (lost.length === 0) continue;
      state.runCount += 1;
      if (state.runCount > options.stageRunsMax) {
        return end({ kind: "outputsLost", stage: state.stage.id, runCount: state.runCount - 1 });
      }
      for (const partition of lost) {
        state.partitions[partition] = "waiting";
        retries.push({ stage: state.stage.id, partition });
      }
    }
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
        case "started":
          note(stateOf(states, input.task), input);
          break;
        case "ending":
          endSoon(input.task);
          break;
        case "tick":
          break;
        case "succeeded":
          succeed(input.task, input.rowCount, input.nowMs);
          startReadyStages(input.nowMs);
          break;
        case "failed":
          fail(input.task, input.cause);
          break;
        case "outputsLost":
          lose(input.outputs);
          break;
        case "slots":
          freeSlotCount += input.change;
          break;
        case "cancel":
          end({ kind: "canceled" });
          break;
        default:
          input satisfies never;
      }
      launch();
      if (input.kind === "tick") overtakeSlow(input.nowMs);
      return effects;
    },
  };
}

function openStage(stage: Stage): StageState {
  return {
    stage,
    partitions: new Array<PartitionState>(stage.partitionCount).fill("waiting"),
    running: new Map(),
    tookMs: [],
    attempts: [],
    losses: [],
    failures: [],
    launchedCount: 0,
    admittedCount: stage.rowsWanted === undefined ? stage.partitionCount : Math.min(1, stage.partitionCount),
    doneCount: 0,
    rowCount: 0,
    failedAttemptCount: 0,
    runCount: 1,
    startedAtMs: undefined,
    endedAtMs: undefined,
  };
}

/** Whether everything that a stage reads is there. What was there may be lost again. */
function isReady(state: StageState, states: readonly StageState[]): boolean {
  return state.stage.inputs.every((input) => {
    const read = stageReadBy(input);
    const parent = read === undefined ? undefined : states[read];
    return parent === undefined || (parent.endedAtMs !== undefined && parent.doneCount >= parent.stage.partitionCount);
  });
}

/** Whether something will still read the outputs of a stage. */
function isNeeded(state: StageState, states: readonly StageState[]): boolean {
  if (state === states.at(-1)) return true;
  return states.some(
    (reader) =>
      reader.stage.inputs.some((input) => stageReadBy(input) === state.stage.id) &&
      reader.partitions.some((one) => one === "waiting" || one === "running"),
  );
}

/** Attempts of a partition that count if they succeed. */
function activeOf(state: StageState, partition: number): RunningAttempt[] {
  return (state.running.get(partition) ?? []).filter(({ isGivenUp }) => !isGivenUp);
}

function note(state: StageState, { task, worker, nowMs }: Extract<SchedulerInput, { kind: "started" }>): void {
  const one = state.running.get(task.partition)?.find(({ attempt }) => attempt === task.attempt);
  if (one === undefined) return;
  one.startedAtMs = nowMs;
  one.worker = worker;
}

/** Tasks whose only attempt takes much longer than others did, each once. */
function slowOnes(
  state: StageState,
  { quantile, multiplier, minimumMs }: SpeculationOptions,
  nowMs: number,
): { readonly partition: number; readonly worker: string | undefined }[] {
  const { stage, tookMs, doneCount, admittedCount } = state;
  // Those that were done without a start had nothing to do, and say nothing of how long the others should take.
  const idleCount = Math.max(0, doneCount - tookMs.length);
  if (
    stage.hasEffects === true ||
    tookMs.length === 0 ||
    doneCount - idleCount < quantile * (admittedCount - idleCount)
  )
    return [];
  const sorted = tookMs.toSorted((left, right) => left - right);
  const longMs = Math.max(minimumMs, multiplier * (sorted[sorted.length >> 1] ?? 0));
  return [...state.running.keys()].flatMap((partition) => {
    const [one, ...others] = activeOf(state, partition);
    if (one?.startedAtMs === undefined || one.isEnding || others.length > 0 || nowMs - one.startedAtMs <= longMs)
      return [];
    return [{ partition, worker: one.worker }];
  });
}

function nextRetry(retries: OutputName[], states: readonly StageState[]): OutputName | undefined {
  const place = retries.findIndex((task) => isReady(stateOf(states, task), states));
  return place < 0 ? undefined : retries.splice(place, 1)[0];
}

interface MutableEffects extends SchedulerEffects {
  isAccepted: boolean;
  readonly stagesStarted: Stage[];
  readonly stagesFinished: StageReport[];
  readonly stops: TaskAttempt[];
  readonly launches: Launch[];
  outcome: SchedulerOutcome | undefined;
}

function emptyEffects(): MutableEffects {
  return { isAccepted: false, stagesStarted: [], stagesFinished: [], stops: [], launches: [], outcome: undefined };
}

/** Earlier stages first: what they hold back holds back all that follow. */
function nextTask(states: readonly StageState[]): OutputName | undefined {
  for (const state of states) {
    if (state.startedAtMs === undefined || state.launchedCount >= state.admittedCount) continue;
    if (!isReady(state, states)) continue;
    const partition = state.launchedCount;
    state.launchedCount += 1;
    return { stage: state.stage.id, partition };
  }
  return undefined;
}

/** A stage that stops early does so only between waves, so that the partitions it did read are a prefix. */
function isFinished(state: StageState): boolean {
  if (state.doneCount === state.stage.partitionCount) return true;
  const { rowsWanted } = state.stage;
  return rowsWanted !== undefined && state.doneCount === state.admittedCount && state.rowCount >= rowsWanted;
}

function stateOf(states: readonly StageState[], task: OutputName): StageState {
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
