import { assert } from "@tutti/stdx";
import type { TaskAttempt } from "../core/job.ts";
import type { Launch } from "../core/scheduler.ts";
import { reviveError } from "../executor/portable-error.ts";
import type { AttemptOutput, Lane } from "../executor/lane.ts";
import { unpackedBlock } from "../executor/stored-block.ts";
import { RuntimeError, type RuntimeErrorCode } from "../runtime-error.ts";
import { decodeRows, encodeRows } from "../shuffle/rows-codec.ts";
import type { CapturedJob } from "./captured-job.ts";
import {
  partitionIdOf,
  taskIdOf,
  type ClusterBlock,
  type HeldBlock,
  type StageAnnouncement,
  type TaskDone,
  type WorkerAnswer,
} from "./messages.ts";
import { heldBy, type WorkerHandle } from "./worker-handle.ts";
import type { InheritedTask, WorkerPool } from "./worker-pool.ts";

/** Tasks wait at the pool, where a worker that joins meanwhile takes them. */
const launchedMax = 1024;

/** How long the end of a job waits for tasks that have not stopped: then their threads are ended over there. */
const stopGraceMs = 2_000;

/** A thread that ended, a disk that is full or forgets: nothing that another worker must have too. */
const faultsOfWorkers: ReadonlySet<RuntimeErrorCode> = new Set(["worker-lost", "spill-failed", "corrupt-block"]);

interface RanOn {
  readonly worker: string;
  readonly task: TaskAttempt;
}

interface Asked {
  readonly id: string;
  readonly answer: Promise<WorkerAnswer>;
}

type Inputs = readonly (readonly ClusterBlock[])[];

export interface ClusterLaneOptions {
  readonly pool: WorkerPool;
  /** Name of the job, unlike those of all others that the workers know. */
  readonly jobKey: string;
  /** Put before the number of an attempt: two masters do not give one name to different attempts. */
  readonly attemptPrefix?: string;
  /** Of tasks that an earlier master had sent for one partition, the one to go on with. Default: the first. */
  readonly choose?: (tasks: readonly InheritedTask[]) => InheritedTask | undefined;
  /** Awaited before an output is told of. */
  readonly beforeDone?: (task: string) => Promise<void>;
}

export interface ClusterLane extends Lane<ClusterBlock> {
  /** The job has its outcome: what runs is stopped, and what waits for a worker does not begin. What is done stays until `close`. */
  stopAll(): void;
}

/** One job's way to the workers of a cluster. */
export function openClusterLane(job: CapturedJob, options: ClusterLaneOptions): ClusterLane {
  const { pool, jobKey, attemptPrefix = "", choose = ([first]) => first, beforeDone } = options;
  const { stages } = job.graph;
  const keyOf = (stage: number): string => `${jobKey}.${stage}`;
  pool.claim(stages.map((stage) => keyOf(stage.id)));
  const running = new Set<Promise<unknown>>();
  /** Tasks of an earlier master that were gone on with, each once. */
  const adopted = new Set<string>();
  /** By partition, the workers that are to blame for failures. */
  const failedOn = new Map<string, Set<string>>();
  /** Attempts that are on their way, by name. */
  const stoppers = new Map<string, AbortController>();
  const last = stages.length - 1;
  let tellGone: ((isGone: (block: ClusterBlock) => boolean) => void) | undefined;
  let tellStarted: Parameters<NonNullable<Lane<ClusterBlock>["onStarted"]>>[0] | undefined;
  let tellEnding: ((task: TaskAttempt) => void) | undefined;
  let isOver = false;
  const stopListening = pool.onLost((worker) =>
    tellGone?.((block) => block.kind === "held" && block.worker === worker),
  );

  const ask = (worker: WorkerHandle, task: TaskAttempt, inputs: Inputs): Asked => {
    const { stage, partition, attempt } = task;
    const code = job.code[stage];
    assert(code !== undefined, "a launched task belongs to a stage of the job");
    const stageKey = keyOf(stage);
    for (const broadcast of code.broadcasts) worker.share(broadcast);
    worker.bring(code.bundle);
    worker.announce(stageKey, () => describe(job, stage, stageKey));
    const id = taskIdOf(stageKey, partition, `${attemptPrefix}${attempt}`);
    const partitionArgs = stages[stage]?.partitionArgs?.[partition];
    return { id, answer: worker.ask(id, { kind: "task", id, stageKey, partition, attempt, partitionArgs, inputs }) };
  };

  const follow = async (
    worker: WorkerHandle,
    task: TaskAttempt,
    { id, answer: asked }: Asked,
  ): Promise<AttemptOutput<ClusterBlock>> => {
    running.add(asked);
    const stopper = stoppers.get(attemptOf(task))?.signal;
    const stop = (): void => worker.channel.send({ kind: "cancel", ids: [id] });
    stopper?.addEventListener("abort", stop, { once: true });
    if (stopper?.aborted === true) stop();
    try {
      const answer = await asked;
      if (answer.kind === "done") {
        tellEnding?.(task);
        const output = await outputOf(worker, answer, task.stage === last);
        await beforeDone?.(answer.id);
        return output;
      }
      assert(answer.kind === "failed", "a task is answered by its end");
      throw failureOf(answer.lost, reviveError(answer.error), { worker: worker.id, task });
    } finally {
      stopper?.removeEventListener("abort", stop);
      running.delete(asked);
    }
  };

  /** Of several attempts at one partition that are there, one is gone on with; the others are for when that one is lost. */
  const adopt = (task: Launch): Promise<AttemptOutput<ClusterBlock>> | undefined => {
    const present = pool.inherited(partitionIdOf(keyOf(task.stage), task.partition));
    const chosen = choose(present.filter(({ id }) => !adopted.has(id)));
    const asked = chosen?.worker.adopt(chosen.id);
    if (chosen === undefined || asked === undefined) return undefined;
    adopted.add(chosen.id);
    tellStarted?.(task, { worker: chosen.worker.id, isAdopted: true });
    return follow(chosen.worker, task, { id: chosen.id, answer: asked });
  };

  const send = async (task: Launch, inputs: Inputs, signal: AbortSignal): Promise<AttemptOutput<ClusterBlock>> => {
    const worker = await pool.borrow(jobKey, {
      stageKey: keyOf(task.stage),
      localBytes: localBytesOf(inputs),
      failedOn: failedOn.get(`${task.stage}.${task.partition}`),
      overtakes: task.overtakes,
      signal,
    });
    try {
      if (isOver) throw new RuntimeError("canceled", `${job.graph.name} is over`);
      signal.throwIfAborted();
      const asked = ask(worker, task, inputs);
      tellStarted?.(task, { worker: worker.id, isAdopted: false });
      return await follow(worker, task, asked);
    } finally {
      pool.giveBack(worker, jobKey);
    }
  };

  /** What the worker is to blame for, another one may do better. */
  const blamed = (error: RuntimeError, { worker, task: { stage, partition } }: RanOn): Error => {
    const key = `${stage}.${partition}`;
    failedOn.set(key, (failedOn.get(key) ?? new Set()).add(worker));
    const message = error.message.replace(/^\[[a-z-]+\] /, "");
    pool.blame({ worker, stageKey: keyOf(stage), partition, message });
    return new RuntimeError("worker-lost", `on ${worker}: ${message}`, { cause: error });
  };

  const failureOf = (lost: readonly HeldBlock[], error: Error, where: RanOn): Error => {
    if (lost.length === 0) {
      return error instanceof RuntimeError && faultsOfWorkers.has(error.code) ? blamed(error, where) : error;
    }
    const names = new Set(lost.map(nameOf));
    tellGone?.((block) => block.kind === "held" && names.has(nameOf(block)));
    return new RuntimeError("block-lost", error.message.replace(/^\[[a-z-]+\] /, ""), { cause: error });
  };

  return {
    slotCount: launchedMax,
    encode: (rows) => ({ kind: "inline", bytes: encodeRows(rows) }),
    decode(block) {
      assert(block.kind === "inline", "results are fetched when their task is done");
      return decodeRows(block.bytes);
    },
    isInMemory: (block) => block.kind === "inline",
    watch: (onGone) => (tellGone = onGone),
    onStarted: (listener) => (tellStarted = listener),
    onEnding: (listener) => (tellEnding = listener),
    drop: (blocks) => pool.drop(blocks),
    async runAttempt(task, inputs) {
      const stopper = new AbortController();
      stoppers.set(attemptOf(task), stopper);
      try {
        return await (adopt(task) ?? send(task, inputs, stopper.signal));
      } finally {
        stoppers.delete(attemptOf(task));
      }
    },
    stop: (task) => stoppers.get(attemptOf(task))?.abort(new RuntimeError("canceled", "another attempt was faster")),
    stopAll() {
      isOver = true;
      for (const stopper of stoppers.values()) stopper.abort(new RuntimeError("canceled", `${job.graph.name} is over`));
    },
    async close(keptStages) {
      isOver = true;
      stopListening();
      for (const worker of pool.all()) worker.forget(stages.map((stage) => keyOf(stage.id)));
      pool.dropStages(stages.filter((stage) => !keptStages.has(stage.id)).map((stage) => keyOf(stage.id)));
      pool.unclaim([jobKey]);
      const stopped = Promise.allSettled(running);
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, stopGraceMs);
      await Promise.race([stopped, promise]);
      clearTimeout(timer);
    },
  };
}

function describe(job: CapturedJob, stageId: number, stageKey: string): StageAnnouncement {
  const stage = job.graph.stages[stageId];
  const code = job.code[stageId];
  assert(stage !== undefined && code !== undefined, "a launched task belongs to a stage of the job");
  const { name, module, exportName, args } = stage;
  const broadcastIds = code.broadcasts.map((one) => one.shipment.id);
  const { closures, bundle } = code;
  return { kind: "stage", stageKey, name, module, exportName, args, closures, broadcastIds, bundle: bundle?.hash };
}

/** Results come here at once. The worker keeps them until the job is over, for another master that would want them. */
export async function outputOf(
  worker: WorkerHandle,
  done: TaskDone,
  isResult: boolean,
): Promise<AttemptOutput<ClusterBlock>> {
  const { id: task, rowCount, sliceRows, notes, fetchedBytes } = done;
  const rest = { task, rowCount, sliceRows, notes, fetchedBytes, worker: worker.id };
  if (!isResult) return { ...rest, slices: done.slices.map((ranges) => ranges.map((range) => heldBy(worker, range))) };
  const ranges = done.slices.flat();
  const bytes = new Uint8Array(ranges.reduce((sum, range) => sum + range.bytes, 0));
  let length = 0;
  const problem = await worker.channel.fetch(ranges, (chunk) => {
    bytes.set(chunk, length);
    length += chunk.length;
  });
  if (problem !== undefined) throw new RuntimeError("worker-lost", `a result cannot be fetched: ${problem.message}`);
  let offset = 0;
  const slices = done.slices.map((own) =>
    own.map((range): ClusterBlock => {
      offset += range.bytes;
      return { kind: "inline", bytes: unpackedBlock(bytes.subarray(offset - range.bytes, offset), range.codec) };
    }),
  );
  return { ...rest, slices };
}

function localBytesOf(inputs: Inputs): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const block of inputs.flat()) {
    if (block.kind === "held") bytes.set(block.worker, (bytes.get(block.worker) ?? 0) + block.bytes);
  }
  return bytes;
}

function attemptOf({ stage, partition, attempt }: TaskAttempt): string {
  return `${stage}.${partition}.${attempt}`;
}

function nameOf({ worker, file, offset }: HeldBlock): string {
  return `${worker}/${file}/${offset}`;
}
