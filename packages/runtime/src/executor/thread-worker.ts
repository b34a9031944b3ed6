// What runs inside a thread of the thread executor. One task at a time; nothing is kept between tasks but stages.
import { parentPort } from "node:worker_threads";
import { reviveBroadcast, type Broadcast } from "../broadcast/broadcast.ts";
import { reviveWith } from "../closure/revive.ts";
import type { AnyFunction } from "../core/job.ts";
import type { TaskFunction } from "../core/task.ts";
import { RuntimeError } from "../runtime-error.ts";
import { transfersOf } from "../calls/moved.ts";
import { checkTravels } from "../shuffle/rows-codec.ts";
import { loadTask } from "./load-task.ts";
import { portError } from "./portable-error.ts";
import { openAttemptBlocks } from "./attempt-blocks.ts";
import { readBlock, readingBlocks } from "./stored-block.ts";
import type { FromThread, SentAnswer, SentCall, ToThread } from "./thread-messages.ts";

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

/** To be asked before anything is awaited: a drop that comes meanwhile is for what comes after. */
function broadcastsOf(ids: readonly string[]): ReadonlyMap<string, Broadcast<unknown>> {
  return new Map([...broadcasts].filter(([id]) => ids.includes(id)));
}

async function loadStage(message: StageMessage): Promise<LoadedStage> {
  const { closures, relocation } = message;
  const here = { broadcasts: broadcastsOf(message.broadcastIds), relocation };
  const run = await loadTask(message.module, message.exportName);
  return { message, run, closures: await reviveWith(closures, here) };
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
    return { kind: "done", slices, rowCount: output.rowCount, sliceRows: output.sliceRows, notes: output.notes ?? [] };
  } finally {
    blocks.close();
  }
}

/** The functions that calls name. */
const functions = new Map<string, Promise<AnyFunction>>();

async function loadFunction({
  closures,
  broadcastIds,
  relocation,
}: Extract<ToThread, { kind: "function" }>): Promise<AnyFunction> {
  const [fn] = await reviveWith(closures, { broadcasts: broadcastsOf(broadcastIds), relocation });
  if (fn === undefined) throw new RuntimeError("invalid-argument", "a function was announced that is none");
  return fn;
}

async function answerCall({ key, args }: SentCall): Promise<SentAnswer> {
  try {
    const fn = await functions.get(key);
    if (fn === undefined) throw new RuntimeError("invalid-argument", `the function ${key} was never announced`);
    const result = (fn as (...all: readonly unknown[]) => unknown)(...args);
    const value: unknown = isThenable(result) ? await result : result;
    checkTravels(value);
    return { kind: "value", value };
  } catch (thrown) {
    return { kind: "error", error: portError(thrown) };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

async function runCalls(calls: readonly SentCall[]): Promise<void> {
  const answers: SentAnswer[] = [];
  for (const call of calls) answers.push(await answerCall(call));
  const transfers = transfersOf(answers.map((answer) => (answer.kind === "value" ? answer.value : undefined)));
  try {
    parentPort?.postMessage({ kind: "called", answers } satisfies FromThread, transfers);
  } catch (thrown) {
    // One of them cannot be cloned after all, and which one is not said.
    const error = portError(thrown);
    const failed = answers.map(() => ({ kind: "error", error }) as const);
    parentPort?.postMessage({ kind: "called", answers: failed } satisfies FromThread);
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
    case "function": {
      const loading = loadFunction(message);
      loading.catch(() => undefined);
      functions.set(message.key, loading);
      break;
    }
    case "calls":
      void runCalls(message.calls);
      break;
    case "broadcast":
      broadcasts.set(message.shipment.id, reviveBroadcast(message.shipment));
      break;
    case "dropBroadcast":
      broadcasts.delete(message.id);
      break;
    case "forget":
      for (const key of message.keys) if (!stages.delete(key)) functions.delete(key);
      break;
    default:
      message satisfies never;
  }
});
