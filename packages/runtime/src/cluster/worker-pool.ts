import type { EventEmitter } from "eventemitter3";
import type { Link } from "@tutti/link";
import type { CapturedBroadcast } from "../broadcast/broadcast.ts";
import { unsharePayload } from "../broadcast/payload.ts";
import type { ModuleBundle } from "../closure/module-bundle.ts";
import type { JobEvents } from "../core/job-events.ts";
import { chooseWorker, type WorkerLoad } from "../core/placement.ts";
import { RuntimeError } from "../runtime-error.ts";
import { openChannel, type Channel } from "./channel.ts";
import type { ClusterBlock, FileRange, HeldBlock, ToMaster, ToWorker } from "./messages.ts";

/** A registered worker, as the master sees it. */
export interface WorkerHandle extends WorkerLoad {
  readonly slotCount: number;
  /** Where others fetch its blocks. */
  readonly host: string;
  readonly port: number;
  readonly channel: Channel;
  /** Announces a stage or a function, once. */
  announce(key: string, describe: () => Extract<ToWorker, { kind: "stage" | "function" }>): void;
  forget(keys: readonly string[]): void;
  /** Sends a broadcast, once, until it is released. */
  share(broadcast: CapturedBroadcast): void;
  /** Removes the files of these ranges. */
  dropFiles(ranges: readonly FileRange[]): void;
  /** Sends a bundle of modules, once. */
  bring(bundle: ModuleBundle | undefined): void;
  /** Sends a task or calls, under the id. Rejects with `worker-lost` when the worker is. */
  ask(id: number, message: Extract<ToWorker, { kind: "task" | "calls" }>): Promise<ToMaster>;
}

/** The workers of a cluster, lent slot by slot. */
export interface WorkerPool {
  /** Slots of all workers that are there. */
  slotCount(): number;
  /** A link of a worker that wants to register. */
  register(link: Link): void;
  /**
   * Waits for a free slot, first come, first served, with the worker that holds most of the bytes. Rejects with
   * `no-workers` when no worker at all has been there for too long.
   */
  borrow(localBytes: ReadonlyMap<string, number>): Promise<WorkerHandle>;
  giveBack(worker: WorkerHandle): void;
  /** Frees blocks where they are held. */
  drop(blocks: readonly ClusterBlock[]): void;
  all(): Iterable<WorkerHandle>;
  newId(): number;
  /** Calls back with the name of each worker that is lost. Returns how to stop. */
  onLost(listener: (worker: string) => void): () => void;
  /** Resolves when so many workers are there. */
  untilWorkers(count: number): Promise<void>;
  close(): void;
}

export interface WorkerPoolOptions {
  readonly emitter: EventEmitter<JobEvents>;
  /** How long tasks wait where there is no worker at all. */
  readonly workerWaitMs: number;
}

interface PoolWorker extends WorkerHandle {
  freeSlotCount: number;
}

interface Waiter {
  readonly localBytes: ReadonlyMap<string, number>;
  readonly lent: PromiseWithResolvers<WorkerHandle>;
}

export function createWorkerPool({ emitter, workerWaitMs }: WorkerPoolOptions): WorkerPool {
  const workers = new Map<string, PoolWorker>();
  const waiting: Waiter[] = [];
  const lostListeners = new Set<(worker: string) => void>();
  const countWaiters = new Set<() => void>();
  let workerCount = 0;
  let idCount = 0;
  let isClosed = false;
  let lonely: NodeJS.Timeout | undefined;

  const lend = (): void => {
    while (waiting[0] !== undefined) {
      const worker = chooseWorker(workers.values(), waiting[0].localBytes);
      if (worker === undefined) break;
      worker.freeSlotCount -= 1;
      waiting.shift()?.lent.resolve(worker);
    }
    clearTimeout(lonely);
    lonely = undefined;
    if (waiting.length === 0 || workers.size > 0) return;
    const giveUp = (): void => {
      const what = `no worker has been there for ${workerWaitMs} ms, and ${waiting.length} tasks wait for one`;
      for (const waiter of waiting.splice(0)) waiter.lent.reject(new RuntimeError("no-workers", what));
    };
    lonely = setTimeout(giveUp, workerWaitMs);
  };

  const lose = (worker: PoolWorker, reason: Error): void => {
    if (!workers.delete(worker.id)) return;
    for (const listener of [...lostListeners]) listener(worker.id);
    emitter.emit("workerLost", { worker: worker.id, reason: reason.message, atMs: performance.now() });
    if (!isClosed) lend();
  };

  return {
    slotCount: () => [...workers.values()].reduce((sum, worker) => sum + worker.slotCount, 0),
    register(link) {
      if (isClosed) return link.destroy();
      const worker: PoolWorker = createWorkerHandle(link, `w${(workerCount += 1)}`, (reason) => lose(worker, reason));
      workers.set(worker.id, worker);
      worker.channel.send({ kind: "registered", worker: worker.id });
      emitter.emit("workerJoined", { worker: worker.id, slotCount: worker.slotCount, atMs: performance.now() });
      lend();
      for (const check of [...countWaiters]) check();
    },
    borrow(localBytes) {
      if (isClosed) return Promise.reject(new RuntimeError("executor-closed", "the cluster executor is closed"));
      const lent = Promise.withResolvers<WorkerHandle>();
      waiting.push({ localBytes, lent });
      lend();
      return lent.promise;
    },
    giveBack({ id }) {
      const worker = workers.get(id);
      if (worker === undefined) return;
      worker.freeSlotCount += 1;
      lend();
    },
    drop(blocks) {
      const held = blocks.filter((block) => block.kind === "held");
      for (const [id, own] of Map.groupBy(held, (block) => block.worker)) workers.get(id)?.dropFiles(own);
    },
    all: () => workers.values(),
    newId: () => idCount++,
    onLost(listener) {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
    untilWorkers: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (workers.size < count) return;
          countWaiters.delete(check);
          resolve();
        };
        countWaiters.add(check);
        check();
      }),
    close() {
      isClosed = true;
      clearTimeout(lonely);
      const closed = new RuntimeError("executor-closed", "the executor was closed");
      for (const waiter of waiting.splice(0)) waiter.lent.reject(closed);
      for (const worker of [...workers.values()]) worker.channel.link.destroy();
    },
  };
}

function createWorkerHandle(link: Link, id: string, onDown: (reason: Error) => void): PoolWorker {
  const { slots = "1", host = "", port = "0" } = link.peer.about ?? {};
  const announced = new Set<string>();
  const shared = new Map<string, () => void>();
  const bundles = new Set<string>();
  const asked = new Map<number, PromiseWithResolvers<ToMaster>>();
  let lostBy: RuntimeError | undefined;
  const channel = openChannel({
    link,
    directory: undefined,
    onMessage(message) {
      // A worker only answers.
      const answer = message as ToMaster;
      asked.get(answer.id)?.resolve(answer);
      asked.delete(answer.id);
    },
    onDown(reason) {
      lostBy = new RuntimeError("worker-lost", `the worker ${id} (${link.remoteName}) is gone: ${reason.message}`);
      for (const stop of shared.values()) stop();
      // Before its tasks fail: what it held is gone, and whoever is told next must know.
      onDown(reason);
      for (const one of asked.values()) one.reject(lostBy);
      asked.clear();
    },
  });
  return {
    id,
    slotCount: Number(slots),
    freeSlotCount: Number(slots),
    host,
    port: Number(port),
    channel,
    announce(key, describe) {
      if (announced.has(key)) return;
      channel.send(describe());
      announced.add(key);
    },
    forget(keys) {
      const known = keys.filter((key) => announced.delete(key));
      if (known.length > 0) channel.send({ kind: "forget", keys: known });
    },
    share({ shipment, onRelease }) {
      if (shared.has(shipment.id)) return;
      channel.send({ kind: "broadcast", shipment: { id: shipment.id, payload: unsharePayload(shipment.payload) } });
      const stop = onRelease(() => {
        stop();
        shared.delete(shipment.id);
        channel.send({ kind: "dropBroadcast", id: shipment.id });
      });
      shared.set(shipment.id, stop);
    },
    bring(bundle) {
      if (bundle === undefined || bundles.has(bundle.hash)) return;
      channel.send({ kind: "bundle", bundle });
      bundles.add(bundle.hash);
    },
    dropFiles(ranges) {
      const files = [...new Set(ranges.map((range) => range.file))];
      if (files.length > 0) channel.send({ kind: "dropFiles", files });
    },
    ask(requestId, message) {
      if (lostBy !== undefined) return Promise.reject(lostBy);
      const answer = Promise.withResolvers<ToMaster>();
      channel.send(message);
      asked.set(requestId, answer);
      return answer.promise;
    },
  };
}

/** Ranges of one worker as blocks that others may fetch. */
export function heldBy({ id, host, port }: WorkerHandle, range: FileRange): HeldBlock {
  return { ...range, kind: "held", worker: id, host, port };
}
