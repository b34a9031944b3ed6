import { tmpdir } from "node:os";
import { setImmediate, setTimeout } from "node:timers/promises";
import { assert } from "@tutti/stdx";
import { createInProcessCalls } from "../calls/in-process-calls.ts";
import { checkClosuresWherePossible } from "../closure/check-where-possible.ts";
import type { AnyFunction, JobGraph, TaskAttempt } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { openAttemptBlocks } from "./attempt-blocks.ts";
import { createExecutorFrom } from "./base-executor.ts";
import { createBlockStore, type BlockStore } from "./block-store.ts";
import type { Executor } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";
import { loadTask } from "./load-task.ts";
import { readBlock, readingBlocks, type SpilledBlock } from "./stored-block.ts";

/** A task gives the event loop a turn when it has worked for this long: timers stay within a frame of a screen. */
const yieldAfterMs = 12;

/** How long the end of a job waits for a task that has not stopped. */
const stopGraceMs = 1_000;

/** Live rows, or where they lie when they are to be kept in files. */
type RowBlock = readonly unknown[] | SpilledBlock;

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
  const store = createBlockStore({ memoryBytesMax: Infinity, workBytesMax: Infinity, spillDirectory: tmpdir() });
  return createExecutorFrom<RowBlock, AnyFunction>({
    slotCount: 1,
    calls: createInProcessCalls(),
    openLane: (job) => openLane(job, store),
    drop: (blocks) => store.drop(blocks.filter(isSpilled)),
    close: () => Promise.resolve(store.close()),
  });
}

/** Live rows need no store: the garbage collector frees what nobody refers to. */
function isSpilled(block: RowBlock): block is SpilledBlock {
  return !Array.isArray(block);
}

function rowsOf(block: RowBlock): readonly unknown[] {
  return isSpilled(block) ? readBlock(block) : block;
}

function openLane(job: JobGraph, store: BlockStore): Lane<RowBlock> {
  for (const stage of job.stages) checkClosuresWherePossible(stage.closures);
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

  const runTask = async (
    task: TaskAttempt,
    inputs: readonly (readonly RowBlock[])[],
  ): Promise<AttemptOutput<RowBlock>> => {
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
      inputs: inputs.map((blocks) => readingBlocks(blocks, rowsOf)),
      checkpoint,
    });
    const slices =
      stage.keepIn === "disk" ? writeSlices(output.slices, task, store) : output.slices.map((rows) => [rows]);
    return { slices, rowCount: output.rowCount, sliceRows: output.sliceRows, notes: output.notes ?? [] };
  };

  return {
    slotCount: 1,
    encode: (rows) => rows,
    decode: rowsOf,
    isInMemory: (block) => !isSpilled(block),
    drop: (blocks) => store.drop(blocks.filter(isSpilled)),
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

function writeSlices(
  slices: readonly (readonly unknown[])[],
  { stage, partition, attempt }: TaskAttempt,
  store: BlockStore,
): SpilledBlock[][] {
  const blocks = openAttemptBlocks(store.place(`${stage}.${partition}.${attempt}`, "disk"));
  try {
    return blocks
      .finish(slices)
      .map((own) => own.filter((block): block is SpilledBlock => !(block instanceof Uint8Array)));
  } finally {
    blocks.close();
  }
}
