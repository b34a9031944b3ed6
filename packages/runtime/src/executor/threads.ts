import { availableParallelism, tmpdir, totalmem } from "node:os";
import { assert } from "@tutti/stdx";
import type { SentFunction } from "../calls/function-table.ts";
import { createThreadCalls } from "../calls/thread-calls.ts";
import { captureClosures } from "../closure/capture.ts";
import type { JobGraph, TaskAttempt } from "../core/job.ts";
import { RuntimeError } from "../runtime-error.ts";
import { createExecutorFrom } from "./base-executor.ts";
import { createBlockStore, type BlockStore } from "./block-store.ts";
import type { Executor } from "./executor.ts";
import type { AttemptOutput, Lane } from "./lane.ts";
import { readBlock, shareRows, type StoredBlock } from "./stored-block.ts";
import { createThreadPool, type ThreadPool } from "./thread-pool.ts";
import type { ToThread } from "./thread-messages.ts";
import type { Thread } from "./thread.ts";

/** A task that has not noticed within this time that its job is over loses its thread: its code may loop for ever. */
const stopGraceMs = 1_000;

/** Tasks together hold rows of a quarter of the budget, as bytes: live, these are about the budget again. */
const workShare = 4;

/** More makes fewer and longer sorted runs, which is no faster. */
const workBytesMax = 64 * 1024 * 1024;

/** With less, a thread hardly starts. */
const heapBytesMin = 16 * 1024 * 1024;

/** How many threads there are, and what they may take. */
export interface ThreadExecutorOptions {
  /** Default: the cores of this machine. 1 to 1024. Spark: `local[N]`. */
  readonly threadsMax?: number;
  /**
   * How much memory the rows between stages, and persisted ones, may take as bytes; what is over it goes to files.
   * Default: a quarter of the machine's memory. Spark: `spark.memory.fraction`. The rows that tasks work on come on
   * top; sorts and groups of more than this budget, divided by four and by the threads, go through files.
   */
  readonly memoryBytesMax?: number;
  /**
   * What the JavaScript heap of each thread may take. A task that needs more fails, and its thread is replaced; well above
   * what tasks need, a limit makes V8 collect garbage earlier. At least 16 MiB. Default: V8's own, some gigabytes.
   */
  readonly heapBytesMax?: number;
  /** Where those files go, to be removed by `close()`. Default: the system's directory for temporary files. */
  readonly spillDirectory?: string;
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
  const memoryBytesMax = options.memoryBytesMax ?? Math.floor(totalmem() / 4);
  if (!(memoryBytesMax >= 0)) {
    throw new RuntimeError(
      "invalid-argument",
      `memoryBytesMax is ${String(memoryBytesMax)}; it must be a number from 0`,
    );
  }
  const { heapBytesMax } = options;
  if (heapBytesMax !== undefined && !(heapBytesMax >= heapBytesMin)) {
    throw new RuntimeError(
      "invalid-argument",
      `heapBytesMax is ${String(heapBytesMax)}; it must be a number from ${heapBytesMin}`,
    );
  }
  const store = createBlockStore({
    memoryBytesMax,
    workBytesMax: Math.min(workBytesMax, Math.floor(memoryBytesMax / (workShare * threadsMax))),
    spillDirectory: options.spillDirectory ?? tmpdir(),
  });
  const pool = createThreadPool({ threadsMax, heapBytesMax });
  let laneCount = 0;
  return createExecutorFrom<StoredBlock, SentFunction>({
    slotCount: threadsMax,
    calls: createThreadCalls(pool, threadsMax),
    openLane: (job) => openLane(job, { pool, store, slotCount: threadsMax, laneId: (laneCount += 1) }),
    drop: (blocks) => store.drop(blocks),
    async close() {
      await pool.close();
      store.close();
    },
  });
}

interface LaneParts {
  readonly pool: ThreadPool;
  readonly store: BlockStore;
  readonly slotCount: number;
  readonly laneId: number;
}

type Inputs = readonly (readonly StoredBlock[])[];

function openLane(job: JobGraph, { pool, store, slotCount, laneId }: LaneParts): Lane<StoredBlock> {
  // All at once, before anything starts: a function of the last stage must not fail a job that is half done.
  const captured = job.stages.map((stage) => captureClosures(stage.closures));
  const jobIsOver = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const busy = new Map<Promise<unknown>, Thread>();
  const keyOf = (stageId: number): string => `${laneId}.${stageId}`;

  const describe = (stageId: number): Extract<ToThread, { kind: "stage" }> => {
    const stage = job.stages[stageId];
    const own = captured[stageId];
    assert(stage !== undefined && own !== undefined, "a launched task belongs to a stage of the job");
    const { name, module, exportName, args } = stage;
    const broadcastIds = own.broadcasts.map((one) => one.shipment.id);
    const stageKey = keyOf(stageId);
    return { kind: "stage", stageKey, name, module, exportName, args, closures: own.bytes, broadcastIds };
  };

  const runOn = async (thread: Thread, task: TaskAttempt, inputs: Inputs): Promise<AttemptOutput<StoredBlock>> => {
    if (Atomics.load(jobIsOver, 0) === 1) throw new RuntimeError("canceled", `${job.name} is over`);
    const { partition, attempt } = task;
    const stageKey = keyOf(task.stage);
    const stage = job.stages[task.stage];
    const place = store.place(`${stageKey}.${partition}.${attempt}`, stage?.keepIn);
    try {
      for (const broadcast of captured[task.stage]?.broadcasts ?? []) thread.share(broadcast);
      thread.announce(stageKey, () => describe(task.stage));
      const partitionArgs = stage?.partitionArgs?.[partition];
      const what = { kind: "task", stageKey, partition, attempt, partitionArgs, inputs, jobIsOver, place } as const;
      const output = await thread.runTask(what);
      store.add(output.slices.flat());
      return output;
    } catch (thrown) {
      store.discard(place);
      throw thrown;
    }
  };

  return {
    slotCount,
    encode: shareRows,
    decode: readBlock,
    isInMemory: (block) => block instanceof Uint8Array,
    drop: (blocks) => store.drop(blocks),
    async runAttempt(task, inputs) {
      const thread = await pool.borrow();
      const done = Promise.withResolvers<void>();
      busy.set(done.promise, thread);
      try {
        return await runOn(thread, task, inputs);
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
