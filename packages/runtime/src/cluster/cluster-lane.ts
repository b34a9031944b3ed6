import { assert } from "@tutti/stdx";
import { captureClosures, type CapturedClosures } from "../closure/capture.ts";
import { bundleModules, type ModuleBundle } from "../closure/module-bundle.ts";
import type { JobGraph, TaskAttempt } from "../core/job.ts";
import { reviveError } from "../executor/portable-error.ts";
import type { AttemptOutput, Lane } from "../executor/lane.ts";
import { RuntimeError } from "../runtime-error.ts";
import { decodeRows, encodeRows } from "../shuffle/rows-codec.ts";
import type { ClusterBlock, HeldBlock, ToMaster, ToWorker } from "./messages.ts";
import { heldBy, type WorkerHandle, type WorkerPool } from "./worker-pool.ts";

/** Tasks wait at the pool, where a worker that joins meanwhile takes them. */
const launchedMax = 1024;

/** How long the end of a job waits for tasks that have not stopped: then their threads are ended over there. */
const stopGraceMs = 2_000;

type Inputs = readonly (readonly ClusterBlock[])[];
type Done = Extract<ToMaster, { kind: "done" }>;

/** One job's way to the workers of a cluster. */
export function openClusterLane(job: JobGraph, pool: WorkerPool, laneId: number): Lane<ClusterBlock> {
  const captured = job.stages.map((stage) => {
    const closures = captureClosures(stage.closures);
    return { ...closures, bundle: bundleModules(closures.modules) };
  });
  const keyOf = (stage: number): string => `${laneId}.${stage}`;
  const running = new Map<number, { readonly worker: WorkerHandle; readonly end: Promise<unknown> }>();
  const last = job.stages.length - 1;
  let tellGone: ((isGone: (block: ClusterBlock) => boolean) => void) | undefined;
  let isOver = false;
  const stopListening = pool.onLost((worker) =>
    tellGone?.((block) => block.kind === "held" && block.worker === worker),
  );

  const runOn = async (
    worker: WorkerHandle,
    task: TaskAttempt,
    inputs: Inputs,
  ): Promise<AttemptOutput<ClusterBlock>> => {
    const { partition, attempt } = task;
    const own = captured[task.stage];
    for (const broadcast of own?.broadcasts ?? []) worker.share(broadcast);
    worker.bring(own?.bundle);
    worker.announce(keyOf(task.stage), () =>
      describe(job, { stageId: task.stage, key: keyOf(task.stage), captured: own }),
    );
    const id = pool.newId();
    const partitionArgs = job.stages[task.stage]?.partitionArgs?.[partition];
    const what = { kind: "task", id, stageKey: keyOf(task.stage), partition, attempt, partitionArgs, inputs } as const;
    const asked = worker.ask(id, what);
    running.set(id, { worker, end: asked.catch(() => undefined) });
    try {
      const answer = await asked;
      if (answer.kind === "done") return await outputOf(worker, answer, task.stage === last);
      assert(answer.kind === "failed", "a task is answered by its end");
      throw failureOf(answer.lost, reviveError(answer.error));
    } finally {
      running.delete(id);
    }
  };

  const failureOf = (lost: readonly HeldBlock[], error: Error): Error => {
    if (lost.length === 0) return error;
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
    drop: (blocks) => pool.drop(blocks),
    async runAttempt(task, inputs) {
      const worker = await pool.borrow(localBytesOf(inputs));
      try {
        if (isOver) throw new RuntimeError("canceled", `${job.name} is over`);
        return await runOn(worker, task, inputs);
      } finally {
        pool.giveBack(worker);
      }
    },
    async close() {
      isOver = true;
      stopListening();
      for (const [id, { worker }] of running) worker.channel.send({ kind: "cancel", ids: [id] });
      for (const worker of pool.all()) worker.forget(job.stages.map((stage) => keyOf(stage.id)));
      const stopped = Promise.all([...running.values()].map((one) => one.end));
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, stopGraceMs);
      await Promise.race([stopped, promise]);
      clearTimeout(timer);
    },
  };
}

interface StageParts {
  readonly stageId: number;
  readonly key: string;
  readonly captured: (CapturedClosures & { readonly bundle: ModuleBundle | undefined }) | undefined;
}

function describe(job: JobGraph, { stageId, key, captured }: StageParts): Extract<ToWorker, { kind: "stage" }> {
  const stage = job.stages[stageId];
  assert(stage !== undefined && captured !== undefined, "a launched task belongs to a stage of the job");
  const { name, module, exportName, args } = stage;
  const broadcastIds = captured.broadcasts.map((one) => one.shipment.id);
  return {
    kind: "stage",
    stageKey: key,
    name,
    module,
    exportName,
    args,
    closures: captured.bytes,
    broadcastIds,
    bundle: captured.bundle?.hash,
  };
}

/** Results come here at once: the job is over for the worker then, and nothing of them can be lost. */
async function outputOf(worker: WorkerHandle, done: Done, isResult: boolean): Promise<AttemptOutput<ClusterBlock>> {
  const { rowCount, notes, fetchedBytes } = done;
  const rest = { rowCount, notes, fetchedBytes, worker: worker.id };
  if (!isResult) return { ...rest, slices: done.slices.map((ranges) => ranges.map((range) => heldBy(worker, range))) };
  const ranges = done.slices.flat();
  const bytes = new Uint8Array(ranges.reduce((sum, range) => sum + range.bytes, 0));
  let length = 0;
  const problem = await worker.channel.fetch(ranges, (chunk) => {
    bytes.set(chunk, length);
    length += chunk.length;
  });
  if (problem !== undefined) throw new RuntimeError("worker-lost", `a result cannot be fetched: ${problem.message}`);
  worker.dropFiles(ranges);
  let offset = 0;
  const slices = done.slices.map((own) =>
    own.map((range): ClusterBlock => {
      offset += range.bytes;
      return { kind: "inline", bytes: bytes.subarray(offset - range.bytes, offset) };
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

function nameOf({ worker, file, offset }: HeldBlock): string {
  return `${worker}/${file}/${offset}`;
}
