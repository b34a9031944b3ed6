import { assert, linkSignals } from "@tutti/stdx";
import type { EventEmitter } from "eventemitter3";
import type { JobEvents } from "../core/job-events.ts";
import { divideSlices, type DividedSlice, type SliceRows } from "../core/divide-slices.ts";
import {
  stageReadBy,
  type JobGraph,
  type OutputSource,
  type Stage,
  type StageReport,
  type TaskAttempt,
} from "../core/job.ts";
import {
  createScheduler,
  type OutputName,
  type SchedulerEffects,
  type SchedulerInput,
  type Launch,
  type SchedulerOutcome,
  type SpeculationOptions,
} from "../core/scheduler.ts";
import type { TaskNote } from "../core/task.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { JobResult, RunOptions } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";

/** Spark's `spark.task.maxFailures`. Counts lost workers only: a task whose own code fails ends the job at once. */
const taskAttemptsMax = 4;

/** Spark's `spark.stage.maxConsecutiveAttempts`. */
const stageRunsMax = 4;

/** How often slow attempts are looked for, while one of the shortest that may be slow goes by. */
const ticksPerMinimum = 4;

type StartedWhere = { readonly worker: string; readonly isAdopted: boolean };

export interface JobRun<Block> extends RunOptions {
  readonly jobId: number;
  readonly emitter: EventEmitter<JobEvents>;
  /** Aborted when the executor closes. */
  readonly closing: AbortSignal;
  /** For lanes that can {@link Lane.stop} attempts and tell when they have begun. Default: no task has two attempts at once. */
  readonly speculation?: SpeculationOptions | undefined;
  /** What jobs of this executor left, by key. */
  readonly kept: Map<string, readonly AttemptOutput<Block>[]>;
}

/** What a job gave, read in a way of the caller's own. */
export interface JobOutputs<R> extends Omit<JobResult, "partitions"> {
  /** The first slice of each task of the result stage that ran. */
  readonly results: readonly R[];
}

/** Runs a job and decodes its result. */
export async function runJob<Block>(job: JobGraph, lane: Lane<Block>, run: JobRun<Block>): Promise<JobResult> {
  const decode = (blocks: readonly Block[]): readonly unknown[] => joined(blocks.map((block) => lane.decode(block)));
  const { results, ...rest } = await runStages(job, lane, { ...run, read: decode });
  return { ...rest, partitions: results };
}

export interface StagesRun<Block, R> extends JobRun<Block> {
  /** Reads one partition of the result, before what the job left is freed. */
  readonly read: (blocks: readonly Block[]) => R;
}

/** The one loop between the scheduler, which decides, and a lane, which does: step, tell, launch. */
export async function runStages<Block, R>(
  job: JobGraph,
  lane: Lane<Block>,
  run: StagesRun<Block, R>,
): Promise<JobOutputs<R>> {
  const deadline = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  const interrupt = linkSignals([run.signal, run.closing, deadline]);
  const loop = new JobLoop(job, lane, run);
  try {
    return await loop.result(interrupt.signal);
  } catch (thrown) {
    throw run.closing.aborted
      ? new RuntimeError("executor-closed", `the executor was closed during ${job.name}`)
      : thrown;
  } finally {
    interrupt[Symbol.dispose]();
    await lane.close(loop.keptStages);
  }
}

class JobLoop<Block, R> {
  readonly #job: JobGraph;
  readonly #lane: Lane<Block>;
  readonly #run: StagesRun<Block, R>;
  readonly #scheduler;
  readonly #done = Promise.withResolvers<JobOutputs<R>>();
  readonly #reports: StageReport[] = [];
  /** Blocks by stage and partition. A stage's entry is dropped once every stage that reads it has finished. */
  readonly #outputs: (AttemptOutput<Block> | undefined)[][];
  readonly #kept: ReadonlyMap<string, readonly AttemptOutput<Block>[]>;
  /** By stage and partition, so that their order does not depend on who was first. */
  readonly #notes: (readonly TaskNote[])[][] = [];
  /** By stage, how its slices are divided, once it has begun. */
  readonly #divided: (readonly (DividedSlice | undefined)[] | undefined)[] = [];
  /** Their outputs stay until the job is over. */
  readonly #keepingStages: Set<number> = new Set();
  /** Their outputs belong to the executor now. */
  readonly keptStages: Set<number> = new Set();
  #isOver: boolean = false;
  /** Where attempts run, by name. */
  readonly #workers: Map<string, string> = new Map();
  #nextTick: NodeJS.Timeout | undefined;
  /** Why the last attempt of a task failed, kept for the error of the job. */
  #lastFailure: unknown;

  constructor(job: JobGraph, lane: Lane<Block>, run: StagesRun<Block, R>) {
    this.#job = job;
    this.#lane = lane;
    this.#run = run;
    this.#scheduler = createScheduler(job, { taskAttemptsMax, stageRunsMax, speculation: run.speculation });
    this.#outputs = job.stages.map(() => []);
    // As they are now: another job may release them while this one runs.
    this.#kept = new Map(run.kept);
  }

  async result(interrupt: AbortSignal): Promise<JobOutputs<R>> {
    if (interrupt.aborted) throw interruption(interrupt.reason, this.#job.name);
    const missing = this.#readKeys().find((key) => !this.#kept.has(key));
    if (missing !== undefined) throw keptLost(missing);
    const onAbort = (): void => {
      this.#done.reject(interruption(interrupt.reason, this.#job.name));
      this.#step({ kind: "cancel" });
    };
    interrupt.addEventListener("abort", onAbort, { once: true });
    this.#lane.watch?.((isGone) => this.#onGone(isGone));
    this.#lane.onStarted?.((task, where) => this.#onStarted(task, where));
    this.#lane.onEnding?.((task) => this.#step({ kind: "ending", task }));
    const taskCount = this.#job.stages.reduce((sum, stage) => sum + plannedTaskCount(stage), 0);
    this.#run.emitter.emit("jobStarted", {
      jobId: this.#run.jobId,
      name: this.#job.name,
      taskCount,
      stages: this.#job.stages.map((stage) => {
        const { id, name, inputs } = stage;
        return {
          stage: id,
          name,
          taskCount: plannedTaskCount(stage),
          reads: inputs.flatMap((input) => stageReadBy(input) ?? []),
          shuffles: inputs.filter(({ kind }) => kind !== "listed").flatMap((input) => stageReadBy(input) ?? []),
        };
      }),
      atMs: performance.now(),
    });
    this.#step({ kind: "start", slotCount: this.#lane.slotCount, nowMs: performance.now() });
    this.#tickLater();
    try {
      return await this.#done.promise;
    } finally {
      interrupt.removeEventListener("abort", onAbort);
      clearTimeout(this.#nextTick);
      for (const { id } of this.#job.stages) if (!this.keptStages.has(id)) this.#dropOutputs(id);
    }
  }

  #step(input: SchedulerInput): void {
    this.#perform(this.#scheduler.step(input));
  }

  /** Slow attempts are looked for every now and then. */
  #tickLater(): void {
    const { speculation } = this.#run;
    if (speculation === undefined || this.#isOver) return;
    this.#nextTick = setTimeout(() => {
      this.#step({ kind: "tick", nowMs: performance.now() });
      this.#tickLater();
    }, speculation.minimumMs / ticksPerMinimum);
  }

  #perform(effects: SchedulerEffects): void {
    for (const stage of effects.stagesStarted) {
      const atMs = performance.now();
      this.#divide(stage);
      this.#run.emitter.emit("stageStarted", {
        jobId: this.#run.jobId,
        stage: stage.id,
        name: stage.name,
        taskCount: this.#taskCountOf(stage),
        atMs,
      });
    }
    for (const finished of effects.stagesFinished) {
      const stage = this.#job.stages[finished.stage];
      const isDivided = stage?.division !== undefined;
      const report = isDivided ? { ...finished, taskCount: this.#taskCountOf(stage) } : finished;
      this.#reports.push(report);
      this.#markKept(report.stage);
      this.#dropReadOutputs();
      this.#run.emitter.emit("stageFinished", { ...report, jobId: this.#run.jobId });
    }
    for (const task of effects.stops) {
      this.#run.emitter.emit("taskStopped", { jobId: this.#run.jobId, ...task, atMs: performance.now() });
      this.#lane.stop?.(task);
    }
    for (const task of effects.launches) this.#launch(task);
    if (effects.outcome !== undefined) this.#finish(effects.outcome);
  }

  #onStarted(task: Launch, where: StartedWhere): void {
    if (this.#isOver) return;
    const { jobId, emitter } = this.#run;
    const { stage, partition, attempt, overtakes } = task;
    const atMs = performance.now();
    this.#workers.set(`${stage}.${partition}.${attempt}`, where.worker);
    const about = { jobId, stage, partition, attempt, ...where, overtakes: overtakes !== undefined };
    emitter.emit("taskStarted", { ...about, atMs });
    this.#step({ kind: "started", task, worker: where.worker, nowMs: atMs });
  }

  #launch(task: Launch): void {
    // Async, so that an attempt that throws before it returns a promise fails like any other.
    const attempt = async (): Promise<AttemptOutput<Block>> =>
      this.#hasWork(task) ? this.#lane.runAttempt(task, this.#inputsOf(task)) : noOutput;
    attempt().then(
      (output) => this.#onSuccess(task, output),
      (thrown: unknown) => this.#onFailure(task, thrown),
    );
  }

  #onSuccess({ stage, partition, attempt }: TaskAttempt, output: AttemptOutput<Block>): void {
    const dropped = output.slices.flat();
    if (this.#isOver) return this.#lane.drop(dropped);
    const task = { stage, partition, attempt };
    const nowMs = performance.now();
    const effects = this.#scheduler.step({ kind: "succeeded", task, rowCount: output.rowCount, nowMs });
    // Another attempt was faster: what that one left is read already.
    if (!effects.isAccepted) {
      this.#lane.drop(dropped);
      return this.#perform(effects);
    }
    const outputs = this.#outputs[stage];
    assert(outputs !== undefined, "a launched task belongs to a stage of the job");
    outputs[partition] = output;
    (this.#notes[stage] ??= [])[partition] = output.notes;
    if (this.#hasWork(task)) this.#tellFinished(task, output, nowMs);
    this.#perform(effects);
  }

  #tellFinished(task: TaskAttempt, output: AttemptOutput<Block>, atMs: number): void {
    this.#run.emitter.emit("taskFinished", {
      jobId: this.#run.jobId,
      ...task,
      rowCount: output.rowCount,
      ...(output.worker === undefined ? {} : { worker: output.worker }),
      ...(output.fetchedBytes === undefined ? {} : { fetchedBytes: output.fetchedBytes }),
      atMs,
    });
  }

  #onFailure({ stage, partition, attempt }: TaskAttempt, thrown: unknown): void {
    // What a finished job had still running ends in its own time, and is nobody's news.
    if (this.#isOver) return;
    const task = { stage, partition, attempt };
    const message = String(thrown);
    const nowMs = performance.now();
    const effects = this.#scheduler.step({ kind: "failed", task, message, cause: causeOf(thrown), nowMs });
    if (effects.isAccepted) {
      this.#lastFailure = thrown;
      const willRetry = effects.outcome === undefined;
      const worker = this.#workers.get(`${stage}.${partition}.${attempt}`);
      const where = worker === undefined ? {} : { worker };
      this.#run.emitter.emit("taskFailed", {
        jobId: this.#run.jobId,
        ...task,
        message,
        willRetry,
        ...where,
        atMs: nowMs,
      });
    }
    this.#perform(effects);
  }

  #onGone(isGone: (block: Block) => boolean): void {
    if (this.#isOver) return;
    const lostKey = this.#readKeys().find((key) =>
      this.#kept.get(key)?.some(({ slices }) => slices.flat().some(isGone)),
    );
    if (lostKey !== undefined) {
      this.#done.reject(keptLost(lostKey));
      return this.#step({ kind: "cancel" });
    }
    const outputs = this.#outputs.flatMap((ofStage, stage) =>
      ofStage.flatMap((output, partition) => {
        if (output === undefined || !output.slices.flat().some(isGone)) return [];
        ofStage[partition] = undefined;
        this.#lane.drop(output.slices.flat().filter((block) => !isGone(block)));
        return [{ stage, partition }];
      }),
    );
    if (outputs.length > 0) this.#step({ kind: "outputsLost", outputs });
  }

  /** Once, while all that the stage reads is there. */
  #divide({ id, inputs, division }: Stage): void {
    if (division === undefined) return;
    const rows = new Map<number, SliceRows>();
    for (const place of division.inputs) {
      const input = inputs[place];
      if (input?.kind === "slice")
        rows.set(
          place,
          this.#outputsOf(input.from).map(({ sliceRows = [] }) => sliceRows),
        );
    }
    this.#divided[id] = divideSlices(rows, division);
  }

  #dividedOf({ stage, partition }: OutputName): { readonly divided: DividedSlice | undefined; readonly share: number } {
    const { sharesMax = 1 } = this.#job.stages[stage]?.division ?? {};
    const place = Math.floor(partition / sharesMax);
    return { divided: this.#divided[stage]?.[place], share: partition % sharesMax };
  }

  /** Of the tasks that could share a slice, those that nothing is left for do not run. */
  #hasWork(task: OutputName): boolean {
    const { divided, share } = this.#dividedOf(task);
    return share < (divided === undefined ? 1 : divided.cuts.length - 1);
  }

  #taskCountOf({ id, partitionCount }: Stage): number {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ stage: id, partition }));
    return partitions.filter((task) => this.#hasWork(task)).length;
  }

  #inputsOf(task: TaskAttempt): readonly (readonly Block[])[] {
    const stage = this.#job.stages[task.stage];
    assert(stage !== undefined, "a launched task belongs to a stage of the job");
    const { divided, share } = this.#dividedOf(task);
    const { sharesMax = 1 } = stage.division ?? {};
    return stage.inputs.map((input, index) => {
      if (input.kind === "all") return this.#outputsOf(input.from).flatMap((output) => output.slices.flat());
      const place = Math.floor(task.partition / sharesMax) - (input.first ?? 0);
      switch (input.kind) {
        case "rows": {
          const rows = input.partitions[place];
          return rows === undefined ? [] : [this.#lane.encode(rows)];
        }
        case "listed": {
          const outputs = this.#outputsOf(input.from);
          return (input.lists[place] ?? []).flatMap((partition) => outputs[partition]?.slices.flat() ?? []);
        }
        case "slice": {
          if (place < 0 || place >= input.sliceCount) return [];
          const all = this.#outputsOf(input.from);
          const own = divided?.input === index ? all.slice(divided.cuts[share], divided.cuts[share + 1]) : all;
          return own.flatMap((output) => {
            if (output === noOutput) return [];
            const blocks = output.slices[place];
            assert(blocks !== undefined, "a stage writes one slice for each partition of the stage that reads it");
            return blocks;
          });
        }
      }
    });
  }

  #outputsOf(source: OutputSource): readonly AttemptOutput<Block>[] {
    if ("kept" in source) {
      const outputs = this.#kept.get(source.kept);
      assert(outputs !== undefined, "what a job reads was there when it began");
      return outputs;
    }
    return (this.#outputs[source.stage] ?? []).map((output) => {
      assert(output !== undefined, "a stage starts when the stages that it reads are complete");
      return output;
    });
  }

  /** Keys of what earlier jobs left and this one reads. */
  #readKeys(): string[] {
    return this.#job.stages.flatMap(({ inputs }) =>
      inputs.flatMap((input) => (input.kind === "rows" || !("kept" in input.from) ? [] : input.from.kept)),
    );
  }

  #markKept(stageId: number): void {
    const stage = this.#job.stages[stageId];
    if (stage?.keepAs === undefined) return;
    const outputs = this.#outputsOf({ stage: stageId });
    const isInMemory = outputs.every(({ slices }) => slices.flat().every((block) => this.#lane.isInMemory(block)));
    if (stage.keepIn !== "memory" || isInMemory) this.#keepingStages.add(stageId);
  }

  /** Hands over what is to be kept, as it is now. What was lost and not made again, since nobody read it, is not kept. */
  #keepOutputs(): string[] {
    return [...this.#keepingStages].flatMap((id) => {
      const { keepAs, partitionCount = 0 } = this.#job.stages[id] ?? {};
      const outputs = this.#outputs[id] ?? [];
      const whole = outputs.filter((output) => output !== undefined);
      if (keepAs === undefined || whole.length < partitionCount) return [];
      this.keptStages.add(id);
      this.#run.kept.set(keepAs, whole);
      return [keepAs];
    });
  }

  #dropReadOutputs(): void {
    if (this.#lane.watch !== undefined) return;
    const finished = new Set(this.#reports.map((report) => report.stage));
    const last = this.#job.stages.length - 1;
    for (const stage of this.#job.stages) {
      const isRead = this.#job.stages.every(
        (reader) => finished.has(reader.id) || !reader.inputs.some((input) => stageReadBy(input) === stage.id),
      );
      const isOver = finished.has(stage.id) && isRead && !this.#keepingStages.has(stage.id);
      if (stage.id !== last && isOver) this.#dropOutputs(stage.id);
    }
  }

  #dropOutputs(stageId: number): void {
    for (const output of this.#outputs[stageId] ?? []) this.#lane.drop(output?.slices.flat() ?? []);
    this.#outputs[stageId] = [];
  }

  #finish(outcome: SchedulerOutcome): void {
    this.#isOver = true;
    const succeeded = outcome.kind === "succeeded";
    // Settle first: a listener that throws must not leave the caller waiting.
    if (succeeded) this.#done.resolve(this.#collect());
    else if (outcome.kind === "failed") this.#done.reject(this.#errorOf(outcome.task, outcome.attemptCount));
    else if (outcome.kind === "outputsLost") {
      const { name } = this.#job.stages[outcome.stage] ?? { name: "" };
      const what = `stage ${outcome.stage} (${name}): its outputs were lost ${outcome.runCount} times`;
      this.#done.reject(new RuntimeError("block-lost", what, { cause: this.#lastFailure }));
    }
    this.#run.emitter.emit("jobFinished", {
      jobId: this.#run.jobId,
      outcome: succeeded ? "succeeded" : "failed",
      atMs: performance.now(),
    });
  }

  #collect(): JobOutputs<R> {
    const last = (this.#outputs.at(-1) ?? []).filter((output) => output !== noOutput);
    const results = last.map((output) => this.#run.read(output?.slices[0] ?? []));
    return { results, notes: this.#notes.flat(2), kept: this.#keepOutputs(), stages: this.#reports };
  }

  #errorOf(task: TaskAttempt, attemptCount: number): RuntimeError {
    const thrown = this.#lastFailure;
    const where = `stage ${task.stage} (${this.#job.stages[task.stage]?.name}), partition ${task.partition}`;
    if (thrown instanceof RuntimeError && causeOf(thrown) !== "task") {
      const why = thrown.message.replace(/^\[[a-z-]+\] /, "");
      return new RuntimeError("worker-lost", `${where}: ${attemptCount} attempts lost their worker; the last: ${why}`, {
        cause: thrown,
      });
    }
    if (thrown instanceof RuntimeError && thrown.code === "no-workers") return thrown;
    if (thrown instanceof RuntimeError && thrown.code === "out-of-memory") {
      return new RuntimeError("out-of-memory", `${where}: ${thrown.message.replace(/^\[[a-z-]+\] /, "")}`, {
        cause: thrown,
      });
    }
    // Bad input is told by its own code; what a user's function threw is the cause.
    const cause = thrown instanceof Error ? thrown : undefined;
    return new RuntimeError("task-failed", `${where}: ${cause?.message ?? String(thrown)}`, { cause: thrown });
  }
}

/** What a task leaves that did not run, since others have all of its slice. */
const noOutput: AttemptOutput<never> = { slices: [], rowCount: 0, notes: [] };

/** As far as is known before its rows are there. */
function plannedTaskCount({ partitionCount, division }: Stage): number {
  return partitionCount / (division?.sharesMax ?? 1);
}

/** Most results are one block, which need not be copied. */
export function joined(blocks: readonly (readonly unknown[])[]): readonly unknown[] {
  const [first = []] = blocks;
  return blocks.length > 1 ? blocks.flat() : first;
}

function causeOf(thrown: unknown): "task" | "worker" | "input" {
  if (!(thrown instanceof RuntimeError)) return "task";
  return thrown.code === "worker-lost" ? "worker" : thrown.code === "block-lost" ? "input" : "task";
}

function keptLost(key: string): RuntimeError {
  return new RuntimeError(
    "kept-lost",
    `what was kept under ${key} is gone, with its worker or because it was released`,
  );
}

function interruption(reason: unknown, jobName: string): RuntimeError {
  const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
  if (isTimeout) return new RuntimeError("timeout", `${jobName} took longer than its timeoutMs`, { cause: reason });
  return new RuntimeError("canceled", `the signal of ${jobName} was aborted`, { cause: reason });
}
