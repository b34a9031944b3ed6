import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createInProcessExecutor,
  createThreadExecutor,
  RuntimeError,
  type Executor,
  type JobGraph,
  type Stage,
} from "../../src/index.ts";

const module = { specifier: "tasks", url: new URL("./tasks.ts", import.meta.url).href };

function jobOf(...stages: readonly (Partial<Stage> & { readonly exportName: string })[]): JobGraph {
  const defaults = { partitionCount: 1, inputs: [], module, args: undefined, closures: [] };
  return { name: "job", stages: stages.map((stage, id) => ({ ...defaults, id, name: `stage ${id}`, ...stage })) };
}

async function refusal(call: Promise<unknown>): Promise<RuntimeError> {
  const thrown = await call.then(
    () => "nothing was thrown",
    (one: unknown) => one,
  );
  if (thrown instanceof RuntimeError) return thrown;
  throw new Error(String(thrown), { cause: thrown });
}

const threeParts = { kind: "rows", partitions: [[1, 2], [], [3]] } as const;

/** Many even numbers and few odd ones, in two slices; and a few more of both. */
function divided({ sharesMax }: { readonly sharesMax: number }): JobGraph {
  const many = {
    kind: "rows",
    partitions: [
      [2, 4, 6, 1],
      [8, 10, 12],
      [14, 16, 3],
    ],
  } as const;
  const few = { kind: "rows", partitions: [[20, 21, 22]] } as const;
  return jobOf(
    { exportName: "splitByParity", partitionCount: 3, inputs: [many] },
    { exportName: "splitByParity", partitionCount: 1, inputs: [few] },
    {
      exportName: "echo",
      partitionCount: 2 * sharesMax,
      inputs: [
        { kind: "slice", from: { stage: 0 }, sliceCount: 2 },
        { kind: "slice", from: { stage: 1 }, sliceCount: 2 },
      ],
      division: { inputs: [0], sharesMax, rowsMin: 3 },
    },
  );
}

describe.each([
  { executor: "in process", open: () => createInProcessExecutor() },
  { executor: "on threads", open: () => createThreadExecutor({ threadsMax: 2 }) },
])("$executor", ({ open }) => {
  let executor: Executor;
  beforeAll(() => {
    executor = open();
  });
  afterAll(() => executor.close());

  test("each task reads its own rows, and results come in the order of the partitions", async () => {
    const { partitions } = await executor.run(jobOf({ exportName: "echo", partitionCount: 3, inputs: [threeParts] }));
    expect(partitions).toEqual([[[0, [[1, 2]]]], [[1, [[]]]], [[2, [[3]]]]]);
  });

  test("a task reads its slice of all outputs, the outputs listed for it, or all there are", async () => {
    const from = { stage: 0 };
    const job = jobOf(
      { exportName: "splitByParity", partitionCount: 3, inputs: [threeParts] },
      {
        exportName: "echo",
        partitionCount: 2,
        inputs: [
          { kind: "slice", from, sliceCount: 2 },
          { kind: "listed", from, lists: [[2], [1, 0]] },
          { kind: "all", from },
        ],
      },
    );
    const { partitions } = await executor.run(job);
    expect(partitions.flat()).toEqual([
      [0, [[2], [3], [2, 1, 3]]],
      [
        1,
        [
          [1, 3],
          [2, 1],
          [2, 1, 3],
        ],
      ],
    ]);
  });

  test("a slice with many more rows than the others is shared by several tasks, and told as the tasks that it took", async () => {
    const counts: number[] = [];
    const count = ({ taskCount }: { readonly taskCount: number }): void => void counts.push(taskCount);
    executor.events.on("stageFinished", count);
    const job = divided({ sharesMax: 2 });
    const { partitions } = await executor.run(job);
    executor.events.off("stageFinished", count);
    // Of the other side each share reads the whole slice.
    expect(partitions.flat()).toEqual([
      [
        0,
        [
          [2, 4, 6],
          [20, 22],
        ],
      ],
      [
        1,
        [
          [8, 10, 12, 14, 16],
          [20, 22],
        ],
      ],
      [2, [[1, 3], [21]]],
    ]);
    expect(counts.toSorted((left, right) => left - right)).toEqual([1, 3, 3]);
  });

  test("a division that means nothing is refused", async () => {
    const wrong: [partial: Partial<Stage>, message: string][] = [
      [{ partitionCount: 3 }, "2 slices in 2 shares are not as many"],
      [{ division: { inputs: [2], sharesMax: 2, rowsMin: 3 } }, "no slice"],
      [{ inputs: [{ kind: "rows", partitions: [[1]] }] }, "must be slices"],
      [{ keepAs: "k" }, "cannot be kept"],
    ];
    for (const [partial, message] of wrong) {
      const { stages, ...job } = divided({ sharesMax: 2 });
      const changed = stages.map((stage) => (stage.division === undefined ? stage : { ...stage, ...partial }));
      const error = await refusal(executor.run({ ...job, stages: changed }));
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain(message);
    }
  });

  test("inputs that belong to other partitions of a stage are not read", async () => {
    const inputs = [
      { kind: "rows", partitions: [[1]] },
      { kind: "rows", partitions: [[2], [3]], first: 1 },
    ] as const;
    const { partitions } = await executor.run(jobOf({ exportName: "echo", partitionCount: 3, inputs }));
    expect(partitions.flat()).toEqual([
      [0, [[1], []]],
      [1, [[], [2]]],
      [2, [[], [3]]],
    ]);
  });

  test("a task knows its stage, its partition and its arguments", async () => {
    const job = jobOf({ exportName: "describe", partitionCount: 2, args: { a: 1 }, partitionArgs: ["x", "y"] });
    const { partitions } = await executor.run(job);
    const common = { stageName: "stage 0", attempt: 0, args: { a: 1 } };
    expect(partitions.flat()).toEqual([
      { ...common, partition: 0, partitionArgs: "x" },
      { ...common, partition: 1, partitionArgs: "y" },
    ]);
  });

  test("what one job keeps, the next one reads, until it is released", async () => {
    const keep = jobOf({ exportName: "splitByParity", inputs: [{ kind: "rows", partitions: [[1, 2]] }], keepAs: "k" });
    await executor.run(keep);
    const read = jobOf({ exportName: "echo", inputs: [{ kind: "all", from: { kept: "k" } }] });
    expect((await executor.run(read)).partitions.flat()).toEqual([[0, [[2, 1]]]]);
    executor.release("k");
    executor.release("k");
    expect(await refusal(executor.run(read))).toMatchObject({ code: "kept-lost" });
  });

  test("functions take along what they close over, and are refused before anything runs where they cannot", async () => {
    const factor = 3;
    const inputs = [{ kind: "rows", partitions: [[1, 2]] }] as const;
    const triple = jobOf({ exportName: "mapRows", inputs, closures: [(x: number) => x * factor] });
    expect((await executor.run(triple)).partitions).toEqual([[3, 6]]);
    let started = false;
    executor.events.once("jobStarted", () => {
      started = true;
    });
    let sum = 0;
    const summing = jobOf(
      { exportName: "echo" },
      { exportName: "mapRows", inputs, closures: [(x: number) => (sum += x)] },
    );
    expect(await refusal(executor.run(summing))).toMatchObject({ code: "cannot-travel" });
    expect(started).toBe(false);
  });

  test("events tell of the job, its stages and its tasks, in order", async () => {
    const told: string[] = [];
    const events = ["jobStarted", "stageStarted", "taskFinished", "stageFinished", "jobFinished"] as const;
    const forget = events.map((name) => {
      const listener = (): void => void told.push(name);
      executor.events.on(name, listener);
      return () => executor.events.off(name, listener);
    });
    const { stages } = await executor.run(jobOf({ exportName: "echo", inputs: [threeParts], partitionCount: 3 }));
    forget.forEach((one) => one());
    const tasks = ["taskFinished", "taskFinished", "taskFinished"];
    expect(told).toEqual(["jobStarted", "stageStarted", ...tasks, "stageFinished", "jobFinished"]);
    expect(stages).toMatchObject([{ stage: 0, taskCount: 3, failedAttemptCount: 0, rowCount: 3 }]);
  });

  test("a task that throws ends the job, with what it threw as the cause", async () => {
    const inputs = [{ kind: "rows", partitions: [[1]] }] as const;
    const boom = (): never => {
      throw new RangeError("boom");
    };
    const error = await refusal(executor.run(jobOf({ exportName: "mapRows", inputs, closures: [boom] })));
    expect(error).toMatchObject({ code: "task-failed", cause: { name: "RangeError", message: "boom" } });
    expect(error.message).toContain("stage 0 (stage 0), partition 0: boom");
  });

  test("graphs that could not end are refused with what is wrong", async () => {
    const bad: readonly (readonly [Partial<Stage>, string])[] = [
      [{ inputs: [{ kind: "all", from: { stage: 0 } }] }, "reads stage 0"],
      [{ partitionCount: 1.5 }, "1.5 partitions"],
      [{ id: 4 }, "has the id 4"],
      [{ closures: [7 as never] }, "number where a function belongs"],
    ];
    for (const [stage, message] of bad) {
      const error = await refusal(executor.run(jobOf({ exportName: "echo", ...stage })));
      expect(error).toMatchObject({ code: "invalid-argument" });
      expect(error.message).toContain(message);
    }
    expect(await refusal(executor.run({ name: "none", stages: [] }))).toMatchObject({ code: "invalid-argument" });
    expect((await refusal(executor.run(jobOf({ exportName: "nowhere" })))).message).toContain(
      "exports no task named nowhere",
    );
  });

  test("signals, time limits and close end what runs, each with its own code", async () => {
    const runningCount = new Int32Array(new SharedArrayBuffer(4));
    const endless = jobOf({ exportName: "waitForEnd", partitionCount: 4, args: runningCount });
    const abort = new AbortController();
    executor.events.once("stageStarted", () => abort.abort());
    expect(await refusal(executor.run(endless, { signal: abort.signal }))).toMatchObject({ code: "canceled" });
    expect(Atomics.load(runningCount, 0)).toBe(0);
    for (const timeoutMs of [1, 5, 10, 20, 40]) {
      expect(await refusal(executor.run(endless, { timeoutMs }))).toMatchObject({ code: "timeout" });
      // Whoever cleans up after a job must not race with its tasks.
      expect(Atomics.load(runningCount, 0)).toBe(0);
    }
    const closing = open();
    const ended = refusal(closing.run(endless));
    closing.events.once("stageStarted", () => void closing.close());
    await closing.close();
    expect(await ended).toMatchObject({ code: "executor-closed" });
    expect(await refusal(closing.run(endless))).toMatchObject({ code: "executor-closed" });
  });

  test("jobs at the same time do not disturb each other", async () => {
    const jobs = Array.from({ length: 8 }, (_, index) =>
      executor.run(jobOf({ exportName: "echo", inputs: [{ kind: "rows", partitions: [[index]] }] })),
    );
    const results = await Promise.all(jobs);
    expect(results.map(({ partitions }) => partitions.flat())).toEqual(jobs.map((_, index) => [[0, [[index]]]]));
  });
});

test("a task whose thread dies runs again on another", async () => {
  const executor = createThreadExecutor({ threadsMax: 2 });
  const failures: boolean[] = [];
  executor.events.once("taskFailed", ({ willRetry }) => failures.push(willRetry));
  const { partitions } = await executor.run(jobOf({ exportName: "dieOnce" }));
  expect(partitions).toEqual([[1]]);
  expect(failures).toEqual([true]);
  await executor.close();
});

test("a number of threads that makes no sense is named", () => {
  for (const threadsMax of [0, -1, 1.5, NaN, 5000]) {
    expect(() => createThreadExecutor({ threadsMax })).toThrow(`threadsMax is ${threadsMax}`);
  }
});
