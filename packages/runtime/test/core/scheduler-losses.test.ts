import { createPrng, type Prng } from "@tutti/stdx";
import { expect, test } from "vitest";
import type { JobGraph, Stage, StageInput, TaskAttempt } from "../../src/core/job.ts";
import {
  createScheduler,
  type OutputName,
  type SchedulerEffects,
  type SchedulerInput,
} from "../../src/core/scheduler.ts";

/** `SEED=13` replays one run. */
const seeds =
  process.env["SEED"] === undefined
    ? Array.from({ length: Number(process.env["SEEDS"] ?? 2_000) }, (_, seed) => seed)
    : [Number(process.env["SEED"])];

function randomJob(prng: Prng): JobGraph {
  const stages: Stage[] = [];
  const stageCount = 1 + prng.nextBelow(5);
  for (let id = 0; id < stageCount; id += 1) {
    const partitionCount = 1 + prng.nextBelow(4);
    const inputs: StageInput[] = [];
    for (let from = 0; from < id; from += 1) {
      // The last stage reads the one before, so that there is something to wait for.
      if (prng.nextBelow(2) === 0 || (id === stageCount - 1 && from === id - 1))
        inputs.push({ kind: "all", from: { stage: from } });
    }
    const module = { specifier: "m", url: "m" };
    stages.push({
      id,
      name: `${id}`,
      partitionCount,
      inputs,
      module,
      exportName: "run",
      args: undefined,
      closures: [],
    });
  }
  return { name: "job", stages };
}

const nameOf = ({ stage, partition }: OutputName): string => `${stage}.${partition}`;

/**
 * A world of workers that die with what they hold, beside the scheduler. Each task leaves its output with its worker. What
 * it has read is checked: a task whose inputs were there from its start to its end succeeds.
 */
class World {
  readonly #job: JobGraph;
  readonly #prng: Prng;
  readonly #scheduler;
  readonly #running: { task: TaskAttempt; worker: number }[] = [];
  readonly #outputs = new Map<string, number>();
  readonly #workers: number[] = [];
  #workerCount = 0;
  #lossesLeft: number;
  readonly launches = new Map<string, number>();
  readonly losses = new Map<string, number>();
  outcome: SchedulerEffects["outcome"];

  constructor(seed: number) {
    this.#prng = createPrng(seed);
    this.#job = randomJob(this.#prng);
    this.#lossesLeft = this.#prng.nextBelow(4);
    this.#scheduler = createScheduler(this.#job, { taskAttemptsMax: 4, stageRunsMax: 5 });
    const slotCount = 1 + this.#prng.nextBelow(4);
    for (let slot = 0; slot < slotCount; slot += 1) this.#workers.push((this.#workerCount += 1));
    this.#step({ kind: "start", slotCount, nowMs: 0 });
  }

  run(): void {
    for (let turn = 0; this.outcome === undefined; turn += 1) {
      expect(turn, "a job that never ends").toBeLessThan(1000);
      if (this.#lossesLeft > 0 && this.#prng.nextBelow(6) === 0) this.#kill();
      else this.#finishOne();
    }
  }

  #step(input: SchedulerInput): void {
    const effects = this.#scheduler.step(input);
    this.outcome ??= effects.outcome;
    for (const task of effects.launches) this.#launch(task);
  }

  #launch(task: TaskAttempt): void {
    const busy = new Set(this.#running.map((one) => one.worker));
    const worker = this.#workers.find((one) => !busy.has(one));
    expect(worker, "a task was launched without a free slot").toBeDefined();
    for (const read of this.#readBy(task)) expect(this.#outputs.has(read), `${nameOf(task)} reads ${read}`).toBe(true);
    expect(this.#running.some((one) => nameOf(one.task) === nameOf(task))).toBe(false);
    this.#running.push({ task, worker: worker ?? 0 });
    this.launches.set(nameOf(task), (this.launches.get(nameOf(task)) ?? 0) + 1);
  }

  #readBy({ stage }: TaskAttempt): string[] {
    const inputs = this.#job.stages[stage]?.inputs ?? [];
    return inputs.flatMap((input) => {
      const from = input.kind !== "rows" && "stage" in input.from ? input.from.stage : 0;
      return Array.from(
        { length: this.#job.stages[from]?.partitionCount ?? 0 },
        (_, partition) => `${from}.${partition}`,
      );
    });
  }

  #finishOne(): void {
    const [finished] = this.#running.splice(this.#prng.nextBelow(this.#running.length), 1);
    expect(finished, "nothing runs, and the job is not over").toBeDefined();
    if (finished === undefined) return;
    const { task, worker } = finished;
    const lost = this.#readBy(task).some((read) => !this.#outputs.has(read));
    if (lost && this.#prng.nextBelow(2) === 0) {
      this.#count(task);
      this.#step({ kind: "failed", task, message: "input", cause: "input", nowMs: 1 });
    } else {
      // It had read everything before it was lost.
      this.#outputs.set(nameOf(task), worker);
      this.#step({ kind: "succeeded", task, rowCount: 1, nowMs: 1 });
    }
  }

  /** A worker dies with its outputs and its task; another one comes. */
  #kill(): void {
    this.#lossesLeft -= 1;
    const place = this.#prng.nextBelow(this.#workers.length);
    const [dead] = this.#workers.splice(place, 1, (this.#workerCount += 1));
    const gone = [...this.#outputs].filter(([, worker]) => worker === dead).map(([name]) => name);
    for (const name of gone) {
      this.#outputs.delete(name);
      this.losses.set(name, (this.losses.get(name) ?? 0) + 1);
    }
    const position = this.#running.findIndex((one) => one.worker === dead);
    const [orphan] = position < 0 ? [] : this.#running.splice(position, 1);
    const outputs = gone
      .map((name) => name.split(".").map(Number))
      .map(([stage = 0, partition = 0]) => ({ stage, partition }));
    this.#step({ kind: "outputsLost", outputs });
    if (orphan === undefined) return;
    this.#count(orphan.task);
    this.#step({ kind: "failed", task: orphan.task, message: "worker", cause: "worker", nowMs: 1 });
  }

  #count(task: TaskAttempt): void {
    this.losses.set(nameOf(task), (this.losses.get(nameOf(task)) ?? 0) + 1);
  }
}

test("whatever dies, the job succeeds, and a task runs at most once more than it was lost", () => {
  for (const seed of seeds) {
    const world = new World(seed);
    world.run();
    expect(world.outcome, `SEED=${seed}`).toEqual({ kind: "succeeded" });
    for (const [name, count] of world.launches) {
      expect(count, `SEED=${seed}, task ${name}`).toBeLessThanOrEqual(1 + (world.losses.get(name) ?? 0));
    }
  }
});
