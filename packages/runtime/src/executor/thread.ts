import { Worker, type WorkerOptions } from "node:worker_threads";
import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { RuntimeError } from "../runtime-error.ts";
import { reviveError } from "./portable-error.ts";
import type { CalledMessage, DoneMessage, FromThread, SentCall, ToThread } from "./thread-messages.ts";

/** The worker file stands beside this one, in the sources as in the build. */
const workerUrl: URL = new URL(
  import.meta.url.endsWith(".ts") ? "./thread-worker.ts" : "./thread-worker.js",
  import.meta.url,
);

/** One worker thread, as the pool sees it. */
export interface Thread {
  /** Announces a stage or a function, once. Must come before the first task or call of it. */
  announce(key: string, describe: () => Extract<ToThread, { kind: "stage" | "function" }>): void;
  /** Sends a broadcast, once, until it is released. Must come before the first stage that uses it. */
  share(broadcast: CapturedBroadcast): void;
  /** Lets go of what was announced. */
  forget(keys: readonly string[]): void;
  /** Runs one task; the next may follow only after the answer. Rejects with `worker-lost` when the thread ends. */
  runTask(message: Extract<ToThread, { kind: "task" }>): Promise<DoneMessage>;
  /** The same for calls, with what they hand over. */
  runCalls(calls: readonly SentCall[], transfers: readonly ArrayBuffer[]): Promise<CalledMessage>;
  /** What its objects and buffers take. 0 where it cannot be asked. */
  heldBytes(): Promise<number>;
  /** Ends it, whatever it does. A task in work is rejected with `worker-lost`, or with the reason that is given. */
  terminate(reason?: RuntimeError): Promise<void>;
}

type Answer = DoneMessage | CalledMessage;

export interface ThreadOptions {
  /** undefined: V8's own limit. */
  readonly heapBytesMax: number | undefined;
  /** Called once, when the thread can run nothing more. */
  readonly onEnd: () => void;
}

/** Of the heap, for objects that are new. V8's own: 48 MB. */
const youngShare = 1 / 8;

/** Starts a thread. An idle one keeps no program alive. */
export function startThread({ heapBytesMax, onEnd }: ThreadOptions): Thread {
  const worker = new Worker(workerUrl, { name: "tutti-task", ...limitsOf(heapBytesMax) });
  worker.unref();
  const announced = new Set<string>();
  /** What this thread has, by id, and how to stop being told of its release. */
  const shared = new Map<string, () => void>();
  let waiting: PromiseWithResolvers<Answer> | undefined;
  let endedBy: RuntimeError | undefined;

  const settle = (): PromiseWithResolvers<Answer> | undefined => {
    const settled = waiting;
    waiting = undefined;
    worker.unref();
    return settled;
  };
  const endWith = (reason: RuntimeError): void => {
    if (endedBy !== undefined) return;
    endedBy = reason;
    for (const stop of shared.values()) stop();
    settle()?.reject(endedBy);
    onEnd();
  };
  const end = (why: string, cause?: unknown): void => {
    // Another thread would run out of memory too.
    const code = (cause as { readonly code?: unknown } | undefined)?.code;
    const error =
      code === "ERR_WORKER_OUT_OF_MEMORY"
        ? new RuntimeError(
            "task-failed",
            `the task needs more memory than a thread may have (${why}); more partitions make tasks smaller`,
            { cause },
          )
        : new RuntimeError("worker-lost", `the thread ended: ${why}`, { cause });
    endWith(error);
  };
  const ask = (message: ToThread, transfers: readonly ArrayBuffer[]): Promise<Answer> => {
    if (endedBy !== undefined) return Promise.reject(endedBy);
    const asked = Promise.withResolvers<Answer>();
    // Throws where something cannot be cloned: then nothing was sent.
    worker.postMessage(message, transfers);
    waiting = asked;
    worker.ref();
    return asked.promise;
  };
  worker.on("message", (message: FromThread) => {
    if (message.kind !== "failed") settle()?.resolve(message);
    else settle()?.reject(reviveError(message.error));
  });
  worker.on("messageerror", (cause) => end("its answer could not be read", cause));
  worker.on("error", (cause) => end(cause instanceof Error ? cause.message : String(cause), cause));
  worker.on("exit", (code) => end(`exit code ${code}`));

  return {
    announce(key, describe) {
      if (announced.has(key)) return;
      announced.add(key);
      worker.postMessage(describe());
    },
    share({ shipment, onRelease }) {
      if (shared.has(shipment.id)) return;
      const stop = onRelease(() => {
        stop();
        shared.delete(shipment.id);
        worker.postMessage({ kind: "dropBroadcast", id: shipment.id } satisfies ToThread);
      });
      shared.set(shipment.id, stop);
      worker.postMessage({ kind: "broadcast", shipment } satisfies ToThread);
    },
    forget(keys) {
      const known = keys.filter((key) => announced.delete(key));
      if (known.length > 0) worker.postMessage({ kind: "forget", keys: known } satisfies ToThread);
    },
    runTask: (message) => ask(message, []) as Promise<DoneMessage>,
    runCalls: (calls, transfers) => ask({ kind: "calls", calls }, transfers) as Promise<CalledMessage>,
    async heldBytes() {
      try {
        const { used_heap_size: heap, external_memory: buffers } = await worker.getHeapStatistics();
        return heap + buffers;
      } catch {
        // It has ended meanwhile.
        return 0;
      }
    },
    async terminate(reason) {
      if (reason !== undefined) endWith(reason);
      end("it was told to");
      await worker.terminate();
    },
  };
}

function limitsOf(heapBytesMax: number | undefined): WorkerOptions {
  if (heapBytesMax === undefined) return {};
  const heapMb = heapBytesMax / (1024 * 1024);
  const maxYoungGenerationSizeMb = Math.min(48, Math.ceil(heapMb * youngShare));
  return { resourceLimits: { maxYoungGenerationSizeMb, maxOldGenerationSizeMb: heapMb - maxYoungGenerationSizeMb } };
}
