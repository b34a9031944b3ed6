import { setImmediate, setTimeout } from "node:timers/promises";
import { assert } from "@tutti/stdx";
import { checkClosures } from "../closure/capture.ts";
import type { AnyFunction, JobGraph, TaskAttempt } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { createExecutorFrom } from "./base-executor.ts";
import type { Executor } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";
import { loadTask } from "./load-task.ts";

/** A task gives the event loop a turn when it has worked for this long: timers stay within a frame of a screen. */
const yieldAfterMs = 12;

/** How long the end of a job waits for a task that has not stopped. */
const stopGraceMs = 1_000;

type Rows = readonly unknown[];

/**
 * Runs tasks one after another in this thread: no start-up, no copies, and the debugger sees everything. Functions run
 * live, but are checked as if they travelled.
 *
 * ```ts
 * import { createInProcessExecutor } from "@tutti/runtime";
 *
 * const executor = createInProcessExecutor();
 * console.log(executor.slotCount); // => 1
 * await executor.close();
 * ```
 */
export function createInProcessExecutor(): Executor {
  return createExecutorFrom<Rows>({ slotCount: 1, openLane, drop: () => undefined, close: () => Promise.resolve() });
}

function openLane(job: JobGraph): Lane<Rows> {
  for (const stage of job.stages) checkWherePossible(stage.closures);
  let isOver = false;
  const running = new Set<Promise<unknown>>();
  let turnStartedAtMs = performance.now();

  const checkpoint = async (): Promise<void> => {
    if (performance.now() - turnStartedAtMs > yieldAfterMs) {
      await setImmediate();
      turnStartedAtMs = performance.now();
    }
    if (isOver) throw new RuntimeError("canceled", `${job.name} is over`);
  };

  const runTask = async (task: TaskAttempt, inputs: readonly (readonly Rows[])[]): Promise<AttemptOutput<Rows>> => {
    const stage = job.stages[task.stage];
    assert(stage !== undefined, "a launched task belongs to a stage of the job");
    await checkpoint();
    const run = await loadTask(stage.module, stage.exportName);
    const output = await run({
      stageName: stage.name,
      partition: task.partition,
      attempt: task.attempt,
      args: stage.args,
      partitionArgs: stage.partitionArgs?.[task.partition],
      closures: stage.closures,
      inputs,
      checkpoint,
    });
    return { blocks: output.slices, rowCount: output.rowCount, notes: output.notes ?? [] };
  };

  return {
    slotCount: 1,
    encode: (rows) => rows,
    decode: (block) => block,
    // Live rows: the garbage collector frees what nobody refers to.
    drop: () => undefined,
    async runAttempt(task, inputs) {
      const attempt = runTask(task, inputs);
      running.add(attempt);
      try {
        return await attempt;
      } finally {
        running.delete(attempt);
      }
    },
    async close() {
      isOver = true;
      if (running.size === 0) return;
      // A task that waits for something that never comes cannot be stopped from here; its job does not wait for it.
      const stopped = Promise.allSettled(running);
      await Promise.race([stopped, setTimeout(stopGraceMs, undefined, { ref: false })]);
    },
  };
}

/**
 * What could not travel is refused here too, so that another executor never changes an answer. Where this process has no
 * inspector (`node --permission`), there is no other executor to change it.
 */
function checkWherePossible(closures: readonly AnyFunction[]): void {
  try {
    checkClosures(closures);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError) || thrown.refusal?.reason !== "E_ENGINE") throw thrown;
  }
}
