import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BroadcastShipment } from "../broadcast/broadcast.ts";
import { sharePayload } from "../broadcast/payload.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import { captureClosures } from "../closure/capture.ts";
import type { Relocation } from "../closure/relocation.ts";
import { scratchPathOf } from "../executor/attempt-blocks.ts";
import type { BlockCodec, SpilledBlock } from "../executor/stored-block.ts";
import { portError } from "../executor/portable-error.ts";
import type { Thread } from "../executor/thread.ts";
import { createThreadPool } from "../executor/thread-pool.ts";
import type { ToThread } from "../executor/thread-messages.ts";
import { RuntimeError, type RuntimeErrorCode } from "../runtime-error.ts";
import { damagedBlocks, fetchInputs, type BlockSource } from "./fetch-inputs.ts";
import { holdBroadcast, type HeldBroadcast } from "./held-broadcast.ts";
import {
  stageKeyOf,
  type FileRange,
  type HeldBlock,
  type Registration,
  type StageAnnouncement,
  type TaskDone,
  type ToWorker,
  type WorkerAnswer,
} from "./messages.ts";
import { watchMemory } from "./memory-watch.ts";
import { unpackBundle } from "./unpack-bundle.ts";

/** A task that has not noticed within this time that its job is over loses its thread. */
const stopGraceMs = 1_000;

const filePrefix = "task-";

/** What a task says that could not read a block. */
const unreadableCodes: ReadonlySet<RuntimeErrorCode> = new Set(["corrupt-block", "spill-failed"]);

export interface WorkerTasksParts {
  readonly source: BlockSource;
  readonly slotCount: number;
  readonly workBytesMax: number;
  /** How its blocks are packed. */
  readonly codec: BlockCodec | undefined;
  readonly heapBytesMax: number;
  /** What the whole process may hold. */
  readonly memoryBytesMax: number;
  /** No new tasks are wanted, or they are again. */
  readonly onPause: (isPaused: boolean, residentBytes: number) => void;
  readonly allowClosures: boolean;
  readonly directory: string;
  /** Over the link as it is then; what is sent while there is none is lost, and told by the next report. */
  readonly send: (message: WorkerAnswer) => void;
}

export type WorkerOrder = Exclude<ToWorker, { kind: "registered" | "reset" }>;

/** The tasks and calls of a worker under one name, on its threads. They outlive links and masters. */
export interface WorkerTasks {
  handle(message: WorkerOrder): void;
  /** Whether no new tasks are wanted, for want of memory. */
  readonly isPaused: boolean;
  /** What is here, for a master that may not know. */
  report(): Pick<Registration, "running" | "done" | "has">;
  /** Ends everything that runs. */
  close(): Promise<void>;
}

interface Running {
  readonly jobIsOver: Int32Array<SharedArrayBuffer>;
  thread: Thread | undefined;
}

export function createWorkerTasks(parts: WorkerTasksParts): WorkerTasks {
  const { source, slotCount, workBytesMax, heapBytesMax, memoryBytesMax, allowClosures, directory, send, onPause } =
    parts;
  const pool = createThreadPool({ threadsMax: slotCount, heapBytesMax });
  /** With the error of those that cannot run here, which is for the task that needs them. */
  const announcements = new Map<string, Extract<ToThread, { kind: "stage" | "function" }> | RuntimeError>();
  const broadcasts = new Map<string, HeldBroadcast>();
  /** By the hash of a bundle: where its files are here, or why they are not. */
  const relocations = new Map<string, Relocation | RuntimeError>();
  const running = new Map<string, Running>();
  /** What ended tasks left, until nobody wants it. */
  const held = new Map<string, TaskDone>();

  const announce = (thread: Thread, key: string): void => {
    const announcement = announcements.get(key);
    if (announcement instanceof RuntimeError) throw announcement;
    if (announcement === undefined) throw new RuntimeError("canceled", `${key} is over`);
    for (const id of announcement.broadcastIds) {
      const broadcast = broadcasts.get(id);
      if (broadcast !== undefined) thread.share(broadcast);
    }
    thread.announce(key, () => announcement);
  };

  const withModules = <M extends { readonly bundle: string | undefined }>(
    message: M | RuntimeError,
  ): (M & { readonly relocation?: Relocation | undefined }) | RuntimeError => {
    if (message instanceof RuntimeError || message.bundle === undefined) return message;
    const relocation = relocations.get(message.bundle);
    return relocation instanceof RuntimeError ? relocation : { ...message, relocation };
  };

  const endLargest = async (residentBytes: number): Promise<void> => {
    const holders = [...running].flatMap(([id, { thread }]) => (thread === undefined ? [] : [{ id, thread }]));
    const held = await Promise.all(holders.map(async (one) => ({ ...one, bytes: await one.thread.heldBytes() })));
    const [largest] = held.toSorted((left, right) => right.bytes - left.bytes);
    // It may have ended while it was asked.
    if (largest === undefined || running.get(largest.id)?.thread !== largest.thread) return;
    const { id, thread, bytes } = largest;
    const process = `the process of the worker ${source.worker} holds ${residentBytes} of ${memoryBytesMax} bytes`;
    const what = `${id} was ended: ${process}, ${bytes} of them in the thread of this task`;
    await thread.terminate(new RuntimeError("out-of-memory", `${what}; more partitions make tasks smaller`));
  };

  const memory = watchMemory({
    bytesMax: memoryBytesMax,
    onPause,
    endLargest,
    runningCount: () => running.size,
    endIdle: () => pool.endIdle(),
  });

  const start = (id: string): Running => {
    const one: Running = { jobIsOver: new Int32Array(new SharedArrayBuffer(4)), thread: undefined };
    running.set(id, one);
    return one;
  };

  const onThread = async <T>(id: string, run: (thread: Thread, one: Running) => Promise<T>): Promise<T> => {
    const one = running.get(id) ?? start(id);
    const thread = await pool.borrow();
    one.thread = thread;
    try {
      if (isOver(one)) throw new RuntimeError("canceled", "the job is over");
      return await run(thread, one);
    } finally {
      running.delete(id);
      pool.giveBack(thread);
    }
  };

  const runTask = async (task: Extract<ToWorker, { kind: "task" }>): Promise<WorkerAnswer> => {
    const { id, stageKey: key, partition, attempt, partitionArgs } = task;
    const spillPath = path.join(directory, `${filePrefix}${id}`);
    const fetchPath = `${spillPath}.fetched`;
    const one = start(id);
    const failed = (thrown: unknown, lost: readonly HeldBlock[]): WorkerAnswer => {
      running.delete(id);
      for (const file of [spillPath, scratchPathOf(spillPath)]) rmSync(file, { force: true });
      return { kind: "failed", id, error: portError(thrown), lost };
    };
    try {
      const { inputs, fetchedBytes, lost } = await fetchInputs(task.inputs, source, fetchPath);
      if (lost.length > 0)
        return failed(new RuntimeError("block-lost", `${lost.length} blocks cannot be fetched`), lost);
      return await onThread(id, async (thread) => {
        announce(thread, key);
        const place = { memoryBytesLeft: -1, spillPath, workBytesMax, codec: parts.codec, isTight: memory.isTight };
        const what = {
          kind: "task",
          stageKey: key,
          partition,
          attempt,
          partitionArgs,
          inputs,
          jobIsOver: one.jobIsOver,
          place,
        } as const;
        const { slices, rowCount, sliceRows, notes } = await thread.runTask(what);
        if (isOver(one)) throw new RuntimeError("canceled", "the job is over");
        const done = {
          kind: "done",
          id,
          slices: slices.map(rangesOf),
          rowCount,
          sliceRows,
          notes,
          fetchedBytes,
        } as const;
        held.set(id, done);
        return done;
      });
    } catch (thrown) {
      const isUnreadable = thrown instanceof RuntimeError && unreadableCodes.has(thrown.code);
      return failed(thrown, isUnreadable ? await damagedBlocks(task.inputs, source) : []);
    } finally {
      rmSync(fetchPath, { force: true });
    }
  };

  const runCalls = async ({ id, calls }: Extract<ToWorker, { kind: "calls" }>): Promise<WorkerAnswer> => {
    try {
      return await onThread(id, async (thread) => {
        for (const { key } of calls) announce(thread, key);
        return { kind: "called", id, answers: (await thread.runCalls(calls, [])).answers };
      });
    } catch (thrown) {
      return { kind: "failed", id, error: portError(thrown), lost: [] };
    }
  };

  /** An answer that cannot be sent is a failure that can. */
  const answerWith = (answer: WorkerAnswer): void => {
    try {
      send(answer);
    } catch (thrown) {
      send({ kind: "failed", id: answer.id, error: portError(thrown), lost: [] });
    }
  };

  const stop = (id: string): void => {
    const one = running.get(id);
    if (one === undefined) return;
    Atomics.store(one.jobIsOver, 0, 1);
    setTimeout(() => running.get(id) === one && void one.thread?.terminate(), stopGraceMs).unref();
  };

  const removeFile = (file: string): void => rmSync(path.join(directory, path.basename(file)), { force: true });

  const dropFiles = (files: readonly string[]): void => {
    for (const file of files) {
      removeFile(file);
      held.delete(file.slice(filePrefix.length));
    }
  };

  const dropStages = (stageKeys: ReadonlySet<string | undefined>): void => {
    for (const id of [...running.keys()]) if (stageKeys.has(stageKeyOf(id))) stop(id);
    for (const [id, { slices }] of [...held]) {
      if (!stageKeys.has(stageKeyOf(id))) continue;
      held.delete(id);
      for (const { file } of slices.flat().slice(0, 1)) removeFile(file);
    }
  };

  return {
    handle(message) {
      switch (message.kind) {
        case "task":
          void runTask(message).then((answer) => answerWith(answer));
          break;
        case "calls":
          void runCalls(message).then((answer) => answerWith(answer));
          break;
        case "stage":
          announcements.set(message.stageKey, withModules(located(message, allowClosures)));
          break;
        case "function":
          announcements.set(message.key, allowClosures ? withModules(message) : noFunctions(message.key));
          break;
        case "bundle":
          relocations.set(message.bundle.hash, unpacked(message.bundle, directory));
          break;
        case "broadcast":
          broadcasts.set(message.shipment.id, holdBroadcast(sharedShipment(message.shipment)));
          break;
        case "dropBroadcast":
          broadcasts.get(message.id)?.release();
          broadcasts.delete(message.id);
          break;
        case "forget":
          for (const key of message.keys) announcements.delete(key);
          pool.forget(message.keys);
          break;
        case "cancel":
          for (const id of message.ids) stop(id);
          break;
        case "dropFiles":
          dropFiles(message.files);
          break;
        case "dropStages":
          dropStages(new Set(message.stageKeys));
          break;
        default:
          message satisfies never;
      }
    },
    get isPaused() {
      return memory.isPaused;
    },
    report: () => ({
      running: [...running.keys()],
      done: [...held.values()],
      has: [...announcements.keys(), ...broadcasts.keys(), ...relocations.keys()],
    }),
    async close() {
      memory.close();
      for (const id of running.keys()) stop(id);
      await pool.close();
      const files = [...held.values()].flatMap(({ slices }) => slices.flat().slice(0, 1));
      held.clear();
      for (const { file } of files) removeFile(file);
    },
  };
}

function isOver({ jobIsOver }: Running): boolean {
  return Atomics.load(jobIsOver, 0) === 1;
}

function rangesOf(blocks: readonly unknown[]): FileRange[] {
  return (blocks as readonly SpilledBlock[]).map(({ path: at, ...range }) => ({ ...range, file: path.basename(at) }));
}

/** By specifier from where the worker was started, else at the driver's own place where this machine has it. */
function located(message: StageAnnouncement, allowClosures: boolean): StageAnnouncement | RuntimeError {
  const { module } = message;
  if (!allowClosures && !hasNoClosures(message)) return noFunctions(message.name);
  try {
    const resolved = createRequire(path.join(process.cwd(), "worker.js")).resolve(module.specifier);
    return { ...message, module: { ...module, url: pathToFileURL(resolved).href } };
  } catch (thrown) {
    if (allowClosures && module.url.startsWith("file:") && existsSync(fileURLToPath(module.url))) return message;
    const what = `this worker, started in ${process.cwd()}, cannot find the module ${module.specifier}; install it there`;
    return new RuntimeError("invalid-argument", what, { cause: thrown });
  }
}

/** A full disk is for the tasks that need the files, not for the link. */
function unpacked(bundle: ModuleBundle, directory: string): Relocation | RuntimeError {
  try {
    return unpackBundle(bundle, directory);
  } catch (cause) {
    return RuntimeError.from(cause, "spill-failed");
  }
}

/** Once for all threads: what came as bytes is shared by them. */
function sharedShipment({ id, payload }: BroadcastShipment): BroadcastShipment {
  return { id, payload: sharePayload(payload) };
}

/** What no functions look like when they were captured. */
let nothingCaptured: Uint8Array | undefined;

function hasNoClosures({ closures }: StageAnnouncement): boolean {
  nothingCaptured ??= captureClosures([]).bytes;
  return Buffer.compare(closures, nothingCaptured) === 0;
}

function noFunctions(what: string): RuntimeError {
  const why = "it has allowClosures off, and runs what installed modules export";
  return new RuntimeError("invalid-argument", `${what}: this worker takes no functions from drivers: ${why}`);
}
