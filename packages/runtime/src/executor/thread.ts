import { Worker, type WorkerOptions } from "node:worker_threads";
import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { RuntimeError } from "../runtime-error.ts";
import { reviveError } from "./portable-error.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";

/** The worker file stands beside this one, in the sources as in the build. */
const workerUrl: URL = new URL(
  import.meta.url.endsWith(".ts") ? "./thread-worker.ts" : "./thread-worker.js",
  import.meta.url,
);

export type DoneMessage = Extract<FromThread, { kind: "done" }>;

/** One worker thread, as the pool sees it. */
export interface Thread {
  /** Announces a stage, once. Must come before the first task of that stage. */
  announce(stageKey: string, describe: () => Extract<ToThread, { kind: "stage" }>): void;
  /** Sends a broadcast, once, until it is released. Must come before the first stage that uses it. */
  share(broadcast: CapturedBroadcast): void;
  /** Lets go of stages whose job is over. */
  forget(stageKeys: readonly string[]): void;
  /** Runs one task; the next may follow only after the answer. Rejects with `worker-lost` when the thread ends. */
  runTask(message: Extract<ToThread, { kind: "task" }>): Promise<DoneMessage>;
  /** Ends it, whatever it does. A task in work is rejected with `worker-lost`. */
  terminate(): Promise<void>;
}

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
  let waiting: PromiseWithResolvers<DoneMessage> | undefined;
  let endedBy: RuntimeError | undefined;

  const settle = (): PromiseWithResolvers<DoneMessage> | undefined => {
    const settled = waiting;
    waiting = undefined;
    worker.unref();
    return settled;
  };
  const end = (why: string, cause?: unknown): void => {
    if (endedBy !== undefined) return;
    // Another thread would run out of memory too.
    const code = (cause as { readonly code?: unknown } | undefined)?.code;
    endedBy =
      code === "ERR_WORKER_OUT_OF_MEMORY"
        ? new RuntimeError(
            "task-failed",
            `the task needs more memory than a thread may have (${why}); more partitions make tasks smaller`,
            { cause },
          )
        : new RuntimeError("worker-lost", `the thread ended: ${why}`, { cause });
    for (const stop of shared.values()) stop();
    settle()?.reject(endedBy);
    onEnd();
  };
  worker.on("message", (message: FromThread) => {
    if (message.kind === "done") settle()?.resolve(message);
    else settle()?.reject(reviveError(message.error));
  });
  worker.on("messageerror", (cause) => end("its answer could not be read", cause));
  worker.on("error", (cause) => end(cause instanceof Error ? cause.message : String(cause), cause));
  worker.on("exit", (code) => end(`exit code ${code}`));

  return {
    announce(stageKey, describe) {
      if (announced.has(stageKey)) return;
      announced.add(stageKey);
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
    forget(stageKeys) {
      const known = stageKeys.filter((key) => announced.delete(key));
      if (known.length > 0) worker.postMessage({ kind: "forget", stageKeys: known } satisfies ToThread);
    },
    runTask(message) {
      if (endedBy !== undefined) return Promise.reject(endedBy);
      waiting = Promise.withResolvers<DoneMessage>();
      worker.ref();
      worker.postMessage(message);
      return waiting.promise;
    },
    async terminate() {
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
