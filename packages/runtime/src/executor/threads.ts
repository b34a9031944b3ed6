import { availableParallelism } from "node:os";
import { assert } from "@tutti/stdx";
import { captureClosures } from "../closure/capture.ts";
import type { JobGraph, TaskAttempt } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { decodeRows } from "../shuffle/rows-codec.ts";
import { createExecutorFrom } from "./base-executor.ts";
import type { Executor } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";
import { shareRows, type SharedBlock } from "./shared-block.ts";
import { createThreadPool, type ThreadPool } from "./thread-pool.ts";
import type { ToThread } from "./thread-messages.ts";
import type { Thread } from "./thread.ts";

/** A task that has not noticed within this time that its job is over loses its thread: its code may loop for ever. */
const stopGraceMs = 1_000;

export interface ThreadExecutorOptions {
  /** Default: the cores of this machine. 1 to 1024. Spark: `local[N]`. */
  readonly threadsMax?: number;
}

/**
 * Runs tasks on worker threads of this process. Threads start with the first tasks that need them (about 30 ms each)
 * and end with `close()`; idle ones keep no program alive.
 *
 * ```ts
 * import { createThreadExecutor } from "@tutti/runtime";
 *
 * const executor = createThreadExecutor({ threadsMax: 2 });
 * console.log(executor.slotCount); // => 2
 * await executor.close();
 * ```
 */
export function createThreadExecutor(options: ThreadExecutorOptions = {}): Executor {
  const threadsMax = options.threadsMax ?? availableParallelism();
  if (!Number.isSafeInteger(threadsMax) || threadsMax < 1 || threadsMax > 1024) {
    throw new RuntimeError(
      "invalid-argument",
      `threadsMax is ${String(threadsMax)}; it must be a whole number from 1 to 1024`,
    );
  }
  const pool = createThreadPool(threadsMax);
  let laneCount = 0;
  return createExecutorFrom<SharedBlock>({
    slotCount: threadsMax,
    openLane: (job) => openLane(job, { pool, slotCount: threadsMax, laneId: (laneCount += 1) }),
    close: () => pool.close(),
  });
}

interface LaneParts {
  readonly pool: ThreadPool;
  readonly slotCount: number;
  readonly laneId: number;
}

function openLane(job: JobGraph, { pool, slotCount, laneId }: LaneParts): Lane<SharedBlock> {
  // All at once, before anything starts: a function of the last stage must not fail a job that is half done.
  const closures = job.stages.map((stage) => captureClosures(stage.closures).bytes);
  const jobIsOver = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const busy = new Map<Promise<unknown>, Thread>();
  const keyOf = (stageId: number): string => `${laneId}.${stageId}`;

  const describe = (stageId: number): Extract<ToThread, { kind: "stage" }> => {
    const stage = job.stages[stageId];
    const bytes = closures[stageId];
    assert(stage !== undefined && bytes !== undefined, "a launched task belongs to a stage of the job");
    const { name, module, exportName, args } = stage;
    return { kind: "stage", stageKey: keyOf(stageId), name, module, exportName, args, closures: bytes };
  };

  return {
    slotCount,
    encode: shareRows,
    decode: decodeRows,
    async runAttempt(task: TaskAttempt, inputs): Promise<AttemptOutput<SharedBlock>> {
      const thread = await pool.borrow();
      const done = Promise.withResolvers<void>();
      busy.set(done.promise, thread);
      try {
        if (Atomics.load(jobIsOver, 0) === 1) throw new RuntimeError("canceled", `${job.name} is over`);
        const { partition, attempt } = task;
        const stageKey = keyOf(task.stage);
        const partitionArgs = job.stages[task.stage]?.partitionArgs?.[partition];
        thread.announce(stageKey, () => describe(task.stage));
        return await thread.runTask({
          kind: "task",
          stageKey,
          partition,
          attempt,
          partitionArgs,
          inputs,
          jobIsOver,
        });
      } finally {
        busy.delete(done.promise);
        done.resolve();
        pool.giveBack(thread);
      }
    },
    async close() {
      Atomics.store(jobIsOver, 0, 1);
      pool.forget(job.stages.map((stage) => keyOf(stage.id)));
      const grace = setTimeout(() => {
        for (const thread of busy.values()) void thread.terminate();
      }, stopGraceMs);
      await Promise.all(busy.keys());
      clearTimeout(grace);
    },
  };
}
