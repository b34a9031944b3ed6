// What runs inside a thread of the thread executor. One task at a time; nothing is kept between tasks but stages.
import { parentPort } from "node:worker_threads";
import { reviveBroadcast, type Broadcast } from "../broadcast/broadcast.ts";
import { reviveWith } from "../closure/revive.ts";
import type { AnyFunction } from "../core/job.ts";
import type { TaskFunction } from "../core/task.ts";
import { RuntimeError } from "../runtime-error.ts";
import { loadTask } from "./load-task.ts";
import { portError } from "./portable-error.ts";
import { openAttemptBlocks } from "./attempt-blocks.ts";
import { readBlock, readingBlocks } from "./stored-block.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";

type StageMessage = Extract<ToThread, { kind: "stage" }>;
type TaskMessage = Extract<ToThread, { kind: "task" }>;

interface LoadedStage {
  readonly message: StageMessage;
  readonly run: TaskFunction;
  readonly closures: readonly AnyFunction[];
}

/** Loading may fail; the failure belongs to the task that needs the stage, so it waits here until one asks. */
const stages = new Map<string, Promise<LoadedStage>>();

/** Decoded at most once in this thread, however many stages and jobs use them. */
const broadcasts = new Map<string, Broadcast<unknown>>();

async function loadStage(message: StageMessage): Promise<LoadedStage> {
  // Before anything is awaited: a drop that comes meanwhile is for the stages after this one.
  const used = new Map([...broadcasts].filter(([id]) => message.broadcastIds.includes(id)));
  const run = await loadTask(message.module, message.exportName);
  return { message, run, closures: await reviveWith(message.closures, used) };
}

async function runTask(task: TaskMessage): Promise<FromThread> {
  const stage = await stages.get(task.stageKey);
  if (stage === undefined) throw new RuntimeError("invalid-argument", `stage ${task.stageKey} was never announced`);
  const blocks = openAttemptBlocks(task.place);
  try {
    const output = await stage.run({
      stageName: stage.message.name,
      partition: task.partition,
      attempt: task.attempt,
      args: stage.message.args,
      partitionArgs: task.partitionArgs,
      closures: stage.closures,
      inputs: task.inputs.map((inputs) => readingBlocks(inputs, readBlock)),
      memory: blocks.memory,
      checkpoint: () => {
        if (Atomics.load(task.jobIsOver, 0) === 1) throw new RuntimeError("canceled", `${stage.message.name} is over`);
      },
    });
    const slices = blocks.finish(output.slices);
    return { kind: "done", slices, rowCount: output.rowCount, notes: output.notes ?? [] };
  } finally {
    blocks.close();
  }
}

parentPort?.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "stage": {
      const loading = loadStage(message);
      loading.catch(() => undefined);
      stages.set(message.stageKey, loading);
      break;
    }
    case "task":
      void runTask(message)
        .catch((thrown: unknown): FromThread => ({ kind: "failed", error: portError(thrown) }))
        .then((answer) => parentPort?.postMessage(answer));
      break;
    case "broadcast":
      broadcasts.set(message.shipment.id, reviveBroadcast(message.shipment));
      break;
    case "dropBroadcast":
      broadcasts.delete(message.id);
      break;
    case "forget":
      for (const key of message.stageKeys) stages.delete(key);
      break;
    default:
      message satisfies never;
  }
});
