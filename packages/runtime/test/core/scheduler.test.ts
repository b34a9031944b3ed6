import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobGraph, Stage, TaskAttempt } from "../../src/core/job.ts";
import { createScheduler, type Scheduler, type SchedulerEffects } from "../../src/core/scheduler.ts";

function jobOf(...stages: Partial<Stage>[]): JobGraph {
  return {
    name: "job",
    stages: stages.map((stage, id) => ({
      id,
      name: `stage ${id}`,
      partitionCount: 1,
      inputs: [],
      module: { specifier: "m", url: "m" },
      exportName: "run",
      args: undefined,
      closures: [],
      ...stage,
    })),
  };
}

const options = { taskAttemptsMax: 4, stageRunsMax: 4 };
const names = (effects: SchedulerEffects): string[] =>
  effects.launches.map(({ stage, partition, attempt }) => `${stage}.${partition}.${attempt}`);
const task = (stage: number, partition: number, attempt = 0): TaskAttempt => ({ stage, partition, attempt });

test("no more tasks run at once than there are slots", () => {
  const scheduler = createScheduler(jobOf({ partitionCount: 5 }), options);
  expect(names(scheduler.step({ kind: "start", slotCount: 2, nowMs: 0 }))).toEqual(["0.0.0", "0.1.0"]);
  expect(names(scheduler.step({ kind: "succeeded", task: task(0, 1), rowCount: 1, nowMs: 1 }))).toEqual(["0.2.0"]);
});

test("a stage waits for every stage that it reads", () => {
  const job = jobOf(
    { partitionCount: 2 },
    {},
    {
      inputs: [
        { kind: "slice", from: { stage: 0 }, sliceCount: 1 },
        { kind: "all", from: { stage: 1 } },
      ],
    },
  );
  const scheduler = createScheduler(job, options);
  expect(names(scheduler.step({ kind: "start", slotCount: 9, nowMs: 0 }))).toEqual(["0.0.0", "0.1.0", "1.0.0"]);
  expect(names(scheduler.step({ kind: "succeeded", task: task(0, 0), rowCount: 1, nowMs: 1 }))).toEqual([]);
  expect(names(scheduler.step({ kind: "succeeded", task: task(1, 0), rowCount: 1, nowMs: 2 }))).toEqual([]);
  const last = scheduler.step({ kind: "succeeded", task: task(0, 1), rowCount: 1, nowMs: 3 });
  expect(names(last)).toEqual(["2.0.0"]);
  expect(last.stagesStarted.map((stage) => stage.id)).toEqual([2]);
});

test("a task whose worker was lost runs again, as the next attempt, until attempts run out", () => {
  const scheduler = createScheduler(jobOf({}), { ...options, taskAttemptsMax: 2 });
  scheduler.step({ kind: "start", slotCount: 1, nowMs: 0 });
  const lost = { kind: "failed", message: "gone", cause: "worker", nowMs: 1 } as const;
  expect(names(scheduler.step({ ...lost, task: task(0, 0) }))).toEqual(["0.0.1"]);
  const end = scheduler.step({ ...lost, task: task(0, 0, 1) });
  expect(end.outcome).toEqual({ kind: "failed", task: task(0, 0, 1), attemptCount: 2 });
});

test("a task that fails by itself ends the job at once, and what comes later has no effect", () => {
  const scheduler = createScheduler(jobOf({ partitionCount: 3 }), options);
  scheduler.step({ kind: "start", slotCount: 2, nowMs: 0 });
  const failed = { kind: "failed", task: task(0, 0), message: "boom", cause: "task", nowMs: 1 } as const;
  expect(scheduler.step(failed).outcome).toMatchObject({ kind: "failed", attemptCount: 1 });
  const late = scheduler.step({ kind: "succeeded", task: task(0, 1), rowCount: 1, nowMs: 2 });
  const nothing = { isAccepted: false, stagesStarted: [], stagesFinished: [], stops: [], launches: [] };
  expect(late).toEqual({ ...nothing, outcome: undefined });
});

test("a stage that wants few rows starts one partition, then four times as many with each wave", () => {
  const scheduler = createScheduler(jobOf({ partitionCount: 100, rowsWanted: 50 }), options);
  expect(names(scheduler.step({ kind: "start", slotCount: 99, nowMs: 0 }))).toEqual(["0.0.0"]);
  const second = scheduler.step({ kind: "succeeded", task: task(0, 0), rowCount: 10, nowMs: 1 });
  expect(names(second)).toEqual(["0.1.0", "0.2.0", "0.3.0", "0.4.0"]);
  for (const partition of [4, 2, 3]) {
    const waiting = scheduler.step({ kind: "succeeded", task: task(0, partition), rowCount: 20, nowMs: 2 });
    expect(waiting.outcome).toBeUndefined();
  }
  const end = scheduler.step({ kind: "succeeded", task: task(0, 1), rowCount: 20, nowMs: 3 });
  expect(end.outcome).toEqual({ kind: "succeeded" });
});

test("stages without partitions are done at once, one after another", () => {
  const job = jobOf({ partitionCount: 0 }, { partitionCount: 0, inputs: [{ kind: "all", from: { stage: 0 } }] });
  const effects = createScheduler(job, options).step({ kind: "start", slotCount: 1, nowMs: 0 });
  expect(effects.stagesFinished).toHaveLength(2);
  expect(effects.outcome).toEqual({ kind: "succeeded" });
});

test("cancel ends the job", () => {
  const scheduler = createScheduler(jobOf({ partitionCount: 3 }), options);
  scheduler.step({ kind: "start", slotCount: 1, nowMs: 0 });
  expect(scheduler.step({ kind: "cancel" }).outcome).toEqual({ kind: "canceled" });
});

test("whatever order answers come in, every job ends and no task is run again after it succeeded", () => {
  const graph = fc.array(fc.record({ partitionCount: fc.nat(4), reads: fc.array(fc.nat(5)) }), {
    minLength: 1,
    maxLength: 6,
  });
  const property = fc.property(
    graph,
    fc.integer({ min: 1, max: 4 }),
    fc.infiniteStream(fc.nat(99)),
    (shape, slotCount, dice) => {
      const job = jobOf(
        ...shape.map(({ partitionCount, reads }, id) => ({
          partitionCount,
          inputs: reads.filter((stage) => stage < id).map((stage) => ({ kind: "all" as const, from: { stage } })),
        })),
      );
      const scheduler = createScheduler(job, { ...options, taskAttemptsMax: 1000 });
      const roll = (): number => dice.next().value ?? 0;
      const succeeded = new Map<string, number>();
      const running: TaskAttempt[] = [];
      let effects = scheduler.step({ kind: "start", slotCount, nowMs: 0 });
      running.push(...effects.launches);
      while (effects.outcome === undefined) {
        expect(running.length).toBeGreaterThan(0);
        expect(running.length).toBeLessThanOrEqual(slotCount);
        const [one] = running.splice(roll() % running.length, 1);
        if (one === undefined) break;
        if (roll() < 20) {
          effects = scheduler.step({ kind: "failed", task: one, message: "lost", cause: "worker", nowMs: 1 });
        } else {
          const name = `${one.stage}.${one.partition}`;
          succeeded.set(name, (succeeded.get(name) ?? 0) + 1);
          effects = scheduler.step({ kind: "succeeded", task: one, rowCount: 1, nowMs: 1 });
        }
        running.push(...effects.launches);
      }
      expect(effects.outcome).toEqual({ kind: "succeeded" });
      expect([...succeeded.values()].every((count) => count === 1)).toBe(true);
    },
  );
  fc.assert(property);
});

const twoStages = jobOf(
  { partitionCount: 3 },
  { partitionCount: 2, inputs: [{ kind: "slice", from: { stage: 0 }, sliceCount: 2 }] },
);
const done = (stage: number, partition: number, attempt = 0) =>
  ({ kind: "succeeded", task: task(stage, partition, attempt), rowCount: 1, nowMs: 1 }) as const;

test("outputs that were lost are made again, and no others, before anything reads them", () => {
  const scheduler = createScheduler(twoStages, options);
  scheduler.step({ kind: "start", slotCount: 3, nowMs: 0 });
  for (const partition of [0, 1, 2]) scheduler.step(done(0, partition));
  // Both readers run; one of them cannot read what partition 1 left.
  expect(names(scheduler.step({ kind: "outputsLost", outputs: [{ stage: 0, partition: 1 }] }))).toEqual(["0.1.1"]);
  const failed = { kind: "failed", message: "block 0.1 is gone", cause: "input", nowMs: 2 } as const;
  expect(names(scheduler.step({ ...failed, task: task(1, 0) }))).toEqual([]);
  expect(names(scheduler.step(done(0, 1, 1)))).toEqual(["1.0.1"]);
  scheduler.step(done(1, 0, 1));
  expect(scheduler.step(done(1, 1)).outcome).toEqual({ kind: "succeeded" });
});

test("outputs that nobody will read any more are not made again, until what was made of them is lost too", () => {
  const reads = (stage: number) => [{ kind: "all", from: { stage } }] as const;
  const scheduler = createScheduler(jobOf({}, { inputs: reads(0) }, { partitionCount: 2, inputs: reads(1) }), options);
  scheduler.step({ kind: "start", slotCount: 2, nowMs: 0 });
  scheduler.step(done(0, 0));
  expect(names(scheduler.step(done(1, 0)))).toEqual(["2.0.0", "2.1.0"]);
  expect(names(scheduler.step({ kind: "outputsLost", outputs: [{ stage: 0, partition: 0 }] }))).toEqual([]);
  scheduler.step(done(2, 0));
  expect(names(scheduler.step({ kind: "outputsLost", outputs: [{ stage: 1, partition: 0 }] }))).toEqual(["0.0.1"]);
  expect(names(scheduler.step(done(0, 0, 1)))).toEqual(["1.0.1"]);
  scheduler.step(done(1, 0, 1));
  expect(scheduler.step(done(2, 1)).outcome).toEqual({ kind: "succeeded" });
});

test("a report of an attempt that was given up counts for nothing", () => {
  const scheduler = createScheduler(twoStages, options);
  scheduler.step({ kind: "start", slotCount: 3, nowMs: 0 });
  scheduler.step({ kind: "failed", task: task(0, 0), message: "gone", cause: "worker", nowMs: 1 });
  // The worker was not gone after all, and reports what has been started again elsewhere.
  scheduler.step(done(0, 0));
  scheduler.step(done(0, 0));
  scheduler.step(done(0, 1));
  expect(scheduler.step(done(0, 2)).stagesFinished).toEqual([]);
  expect(scheduler.step(done(0, 0, 1)).stagesFinished).toHaveLength(1);
});

test("a stage whose outputs are lost again and again ends the job", () => {
  const scheduler = createScheduler(twoStages, { ...options, stageRunsMax: 2 });
  scheduler.step({ kind: "start", slotCount: 3, nowMs: 0 });
  for (const partition of [0, 1, 2]) scheduler.step(done(0, partition));
  const lost = { kind: "outputsLost", outputs: [{ stage: 0, partition: 0 }] } as const;
  scheduler.step(lost);
  scheduler.step(done(0, 0, 1));
  expect(scheduler.step(lost).outcome).toEqual({ kind: "outputsLost", stage: 0, runCount: 2 });
});

describe("a slow task", () => {
  const careful = { ...options, speculation: { quantile: 0.75, multiplier: 2, minimumMs: 100 } };
  const started = (partition: number, worker: string, nowMs: number, attempt = 0) =>
    ({ kind: "started", task: task(0, partition, attempt), worker, nowMs }) as const;
  const doneAt = (partition: number, nowMs: number, attempt = 0) => ({ ...done(0, partition, attempt), nowMs });
  const tick = (nowMs: number) => ({ kind: "tick", nowMs }) as const;
  const failedBy = (cause: "worker" | "task", attempt: number) =>
    ({ kind: "failed", task: task(0, 3, attempt), message: "x", cause, nowMs: 500 }) as const;

  /** Three of four tasks took 100 ms, and the last one runs on w1 since 0 ms. */
  function slow(stage: Partial<Stage> = {}): Scheduler {
    const scheduler = createScheduler(jobOf({ partitionCount: 4, ...stage }), careful);
    scheduler.step({ kind: "start", slotCount: 9, nowMs: 0 });
    for (const partition of [0, 1, 2, 3]) scheduler.step(started(partition, "w1", 0));
    for (const partition of [0, 1]) scheduler.step(doneAt(partition, 100));
    expect(scheduler.step(tick(400)).launches).toEqual([]);
    scheduler.step(doneAt(2, 100));
    return scheduler;
  }

  test("gets a second attempt elsewhere, once, when most of its stage is done and took half as long", () => {
    const scheduler = slow();
    expect(scheduler.step(tick(200)).launches).toEqual([]);
    expect(scheduler.step(tick(201)).launches).toEqual([{ ...task(0, 3, 1), overtakes: ["w1"] }]);
    expect(scheduler.step(tick(900)).launches).toEqual([]);
    scheduler.step(started(3, "w2", 210, 1));
    expect(scheduler.step(tick(900)).launches).toEqual([]);
  });

  test("has the result of the attempt that is done first; the other one is stopped, and counts for nothing", () => {
    const scheduler = slow();
    scheduler.step(tick(300));
    const end = scheduler.step(doneAt(3, 310, 1));
    expect(end).toMatchObject({ isAccepted: true, stops: [task(0, 3, 0)], outcome: { kind: "succeeded" } });
    expect(end.stagesFinished).toMatchObject([{ taskCount: 4, rowCount: 4 }]);

    const other = createScheduler(
      jobOf({ partitionCount: 4 }, { inputs: [{ kind: "all", from: { stage: 0 } }] }),
      careful,
    );
    other.step({ kind: "start", slotCount: 4, nowMs: 0 });
    for (const partition of [0, 1, 2, 3]) other.step(started(partition, "w1", 0));
    for (const partition of [0, 1, 2]) other.step(doneAt(partition, 100));
    other.step(tick(300));
    expect(other.step(doneAt(3, 310))).toMatchObject({ isAccepted: true, stops: [task(0, 3, 1)] });
    expect(other.step(doneAt(3, 320, 1))).toMatchObject({ isAccepted: false, stagesFinished: [], outcome: undefined });
    expect(other.step({ ...done(1, 0), nowMs: 400 }).outcome).toEqual({ kind: "succeeded" });
  });

  test("has never two attempts where it has effects, or there is no slot", () => {
    expect(slow({ hasEffects: true }).step(tick(900)).launches).toEqual([]);
    const scheduler = createScheduler(jobOf({ partitionCount: 2 }), {
      ...careful,
      speculation: { ...careful.speculation, quantile: 0.5 },
    });
    scheduler.step({ kind: "start", slotCount: 1, nowMs: 0 });
    scheduler.step(started(0, "w1", 0));
    scheduler.step(doneAt(0, 10));
    scheduler.step(started(1, "w1", 10));
    expect(scheduler.step(tick(900)).launches).toEqual([]);
  });

  test("goes on in the attempt that is left when the other one loses its worker, and anew where that one has none yet", () => {
    const both = slow();
    both.step(tick(300));
    both.step(started(3, "w2", 310, 1));
    expect(both.step(failedBy("worker", 0))).toMatchObject({ isAccepted: true, launches: [], stops: [] });
    expect(both.step(doneAt(3, 600, 1)).outcome).toEqual({ kind: "succeeded" });

    const waiting = slow();
    waiting.step(tick(300));
    expect(waiting.step(failedBy("worker", 0))).toMatchObject({
      stops: [task(0, 3, 1)],
      launches: [{ ...task(0, 3, 2), overtakes: undefined }],
    });
  });

  test("is not overtaken when its output is on its way already", () => {
    const scheduler = slow();
    scheduler.step({ kind: "ending", task: task(0, 3) });
    expect(scheduler.step(tick(900)).launches).toEqual([]);
    const late = slow();
    late.step(tick(300));
    expect(late.step({ kind: "ending", task: task(0, 3) }).stops).toEqual([task(0, 3, 1)]);
  });

  test("that fails by itself ends the job, whichever attempt says so", () => {
    const scheduler = slow();
    scheduler.step(tick(300));
    expect(scheduler.step(failedBy("task", 1)).outcome).toMatchObject({ kind: "failed" });
  });
});
