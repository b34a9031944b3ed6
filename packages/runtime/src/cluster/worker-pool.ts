import { randomUUID } from "node:crypto";
import type { EventEmitter } from "eventemitter3";
import type { Link } from "@tutti/link";
import type { JobEvents } from "../core/job-events.ts";
import { jobOf } from "../core/master-state.ts";
import { chooseWorker } from "../core/placement.ts";
import { RuntimeError } from "../runtime-error.ts";
import {
  createWorkerHealth,
  defaultHealth,
  type Exclusion,
  type KnownExclusion,
  type WorkerFailure,
} from "../core/worker-health.ts";
import { openChannel, type Channel } from "./channel.ts";
import { stageKeyOf, type ClusterBlock, type Registration, type ToMaster } from "./messages.ts";
import { createSlotQueue, type BorrowWish, type Waiter } from "./slot-queue.ts";
import { createWorkerHandle, type PoolWorker, type WorkerHandle } from "./worker-handle.ts";

/** Names of lost workers that are remembered, so that they cannot come back under them. */
const lostNamesMax = 10_000;

/** The workers of a cluster, lent slot by slot. */
export interface WorkerPool {
  /** Slots of all workers that are there. */
  slotCount(): number;
  /** A link of a worker that wants to register. */
  register(link: Link): void;
  /**
   * Waits for a free slot with the worker that holds most of the bytes. Jobs take turns, and each is served in the order of
   * its calls. Rejects with `no-workers` when no worker at all has been there for too long.
   */
  borrow(job: string, wish?: BorrowWish): Promise<WorkerHandle>;
  giveBack(worker: WorkerHandle, job: string): void;
  /** A task failed for reasons of its worker's: where that happens again and again, the worker gets no more of them. */
  blame(failure: Omit<WorkerFailure, "nowMs">): void;
  exclusionsOf(worker: string): readonly Exclusion[];
  /** Frees blocks where they are held. */
  drop(blocks: readonly ClusterBlock[]): void;
  /** Says that what these stages, or all stages of these jobs, leave is wanted. */
  claim(keys: readonly string[]): void;
  unclaim(keys: readonly string[]): void;
  /** Ends tasks that an earlier master had sent and that nobody wants, and frees what they left. */
  dropUnclaimed(): void;
  /** Ends the tasks of these stages, and frees all that they left. */
  dropStages(stageKeys: readonly string[]): void;
  all(): Iterable<PoolWorker>;
  /** A name for a batch of calls that no other master gives. */
  newId(): string;
  /** Calls back with the name of each worker that is lost. Returns how to stop. */
  onLost(listener: (worker: string) => void): () => void;
  /** A worker is known to be gone, whatever its link says. */
  lose(worker: string, why: string): void;
  /** Attempts at a partition that an earlier master had sent; with each worker done ones first. */
  inherited(partitionId: string): readonly InheritedTask[];
  /** Resolves when so many workers are there. */
  untilWorkers(count: number): Promise<void>;
  /** Breaks all links. Workers keep what they have. */
  close(): void;
}

export interface InheritedTask {
  readonly id: string;
  readonly worker: WorkerHandle;
}

export interface WorkerPoolOptions {
  readonly emitter: EventEmitter<JobEvents>;
  /** How long tasks wait where there is no worker at all. */
  readonly workerWaitMs: number;
  /** How long a worker whose link is down is waited for. */
  readonly workerGraceMs: number;
  /** What earlier masters have pronounced. */
  readonly exclusions?: readonly KnownExclusion[];
  /** Told of each new one, for those that come after this master. */
  readonly onExcluded?: (exclusion: Exclusion) => void;
}

const nothing: ReadonlyMap<string, number> = new Map();

export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { emitter, workerWaitMs, workerGraceMs, exclusions = [], onExcluded } = options;
  const workers = new Map<string, PoolWorker>();
  const graces = new Map<string, NodeJS.Timeout>();
  const lostNames = new Set<string>();
  const queue = createSlotQueue<PoolWorker>();
  const health = createWorkerHealth(defaultHealth, exclusions);
  /** Excluded workers that had to be used nevertheless: said once. */
  const spared = new Set<string>();
  /** Stages and jobs whose outputs somebody will read or free. */
  const claimed = new Set<string>();
  const lostListeners = new Set<(worker: string) => void>();
  const countWaiters = new Set<() => void>();
  let workerCount = 0;
  const ownKey = randomUUID();
  let idCount = 0;
  let isClosed = false;
  let lonely: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;

  /** Whether another worker that is there is better for it. Where there is none, this one must do. */
  const isAvoided = (worker: PoolWorker, { stageKey, failedOn }: Waiter, nowMs: number): boolean => {
    const doubts = ({ id }: PoolWorker): number =>
      health.exclusionOf(id, stageKey, nowMs) === undefined ? Number(failedOn?.has(id) === true) : 2;
    const own = doubts(worker);
    if (own === 0) return false;
    const isOther = [...workers.values()].some((one) => one.isUp && !one.isDraining && doubts(one) < own);
    if (!isOther) spare(worker.id, stageKey, nowMs);
    return isOther;
  };

  const spare = (worker: string, stageKey: string | undefined, nowMs: number): void => {
    const exclusion = health.exclusionOf(worker, stageKey, nowMs);
    const key = `${worker} ${exclusion?.stageKey ?? ""}`;
    if (exclusion === undefined || spared.has(key)) return;
    spared.add(key);
    const what = `no other worker is there; another one, or the end of what is wrong with this one, is awaited`;
    emitter.emit("workerSpared", {
      worker,
      stage: exclusion.stageKey,
      reason: `${what}: ${exclusion.reason}`,
      atMs: nowMs,
    });
  };

  const choose = (waiter: Waiter): PoolWorker | undefined => {
    const nowMs = performance.now();
    const free = [...workers.values()].filter(({ id, freeSlotCount }) => {
      return freeSlotCount > 0 && waiter.overtakes?.includes(id) !== true;
    });
    const fit = free.filter((worker) => !isAvoided(worker, waiter, nowMs));
    return chooseWorker(fit, waiter.localBytes ?? nothing);
  };

  const exclusionsOf = (id: string): Exclusion[] => health.all().filter(({ worker }) => worker === id);

  const tellExcluded = ({ worker, stageKey, reason, untilMs }: Exclusion, atMs: number): void =>
    void emitter.emit("workerExcluded", { worker, stage: stageKey, reason, forMs: untilMs - atMs, atMs });

  /** Exclusions end by themselves. */
  const expireLater = (): void => {
    clearTimeout(expiry);
    const untilMs = Math.min(...health.all().map((one) => one.untilMs));
    if (untilMs === Infinity || isClosed) return;
    const expire = (): void => {
      const atMs = performance.now();
      for (const { worker, stageKey } of health.expire(atMs)) {
        spared.delete(`${worker} ${stageKey ?? ""}`);
        emitter.emit("workerReleased", { worker, stage: stageKey, atMs });
      }
      expireLater();
      lend();
    };
    expiry = setTimeout(expire, Math.max(1, untilMs - performance.now()));
    expiry.unref();
  };

  const lend = (): void => {
    const isFree = [...workers.values()].some((worker) => worker.freeSlotCount > 0);
    if (isFree) queue.serve(choose, (worker) => (worker.busySlotCount += 1));
    clearTimeout(lonely);
    lonely = undefined;
    const isLonely = [...workers.values()].every((worker) => worker.isDraining);
    if (queue.size === 0 || !isLonely || isClosed) return;
    const giveUp = (): void => {
      const what = `no worker has been there for ${workerWaitMs} ms, and ${queue.size} tasks wait for one`;
      queue.rejectAll(new RuntimeError("no-workers", what));
    };
    lonely = setTimeout(giveUp, workerWaitMs);
  };

  const lose = (id: string, why: string): void => {
    const worker = workers.get(id);
    if (worker === undefined) return;
    workers.delete(id);
    clearTimeout(graces.get(id));
    graces.delete(id);
    health.forgetWorker(id);
    lostNames.add(id);
    const [oldest] = lostNames;
    if (lostNames.size > lostNamesMax && oldest !== undefined) lostNames.delete(oldest);
    // Before its tasks fail: what it held is gone, and whoever is told next must know.
    for (const listener of [...lostListeners]) listener(id);
    worker.lose(new RuntimeError("worker-lost", `the worker ${id} is gone: ${why}`));
    emitter.emit("workerLost", { worker: id, reason: why, atMs: performance.now() });
    if (!isClosed) lend();
  };

  const unclaim = (keys: readonly string[]): void => {
    for (const key of keys) claimed.delete(key);
  };

  const isClaimed = (stageKey: string): boolean => claimed.has(stageKey) || claimed.has(jobOf(stageKey));

  const dropUnclaimed = (channel: Channel, ids: Iterable<string>): void => {
    const stageKeys = new Set([...ids].flatMap((id) => stageKeyOf(id) ?? []).filter((key) => !isClaimed(key)));
    if (stageKeys.size > 0) channel.send({ kind: "dropStages", stageKeys: [...stageKeys] });
  };

  const admit = (channel: Channel, registration: Registration): PoolWorker | undefined => {
    const id = registration.worker ?? `w${(workerCount += 1)}`;
    const known = workers.get(id);
    if (known !== undefined && registration.linkNumber < known.linkNumber) {
      channel.link.destroy();
      return undefined;
    }
    clearTimeout(graces.get(id));
    graces.delete(id);
    if (known === undefined && lostNames.has(id)) {
      channel.send({ kind: "reset", reason: "it was taken for lost, and its tasks were given to others" });
      channel.link.close();
      return undefined;
    }
    channel.send({ kind: "registered", worker: id });
    if (known !== undefined) {
      known.attach(channel, registration);
      // What it was told while its link was down, it has not heard.
      dropUnclaimed(channel, [...registration.running, ...registration.done.map((done) => done.id)]);
      lend();
      return known;
    }
    const { slots = "1", host = "", port = "0" } = channel.link.peer.about ?? {};
    const about = { id, slotCount: Number(slots), host, port: Number(port), onFree: lend };
    const worker = createWorkerHandle(about, channel, registration);
    workers.set(id, worker);
    const atMs = performance.now();
    emitter.emit("workerJoined", { worker: id, slotCount: worker.slotCount, atMs });
    // Of an earlier master's: who looks at what this one tells has not heard of it.
    for (const exclusion of exclusionsOf(id)) tellExcluded(exclusion, atMs);
    lend();
    for (const check of [...countWaiters]) check();
    return worker;
  };

  const onDown = (worker: PoolWorker, why: string): void => {
    if (isClosed || workers.get(worker.id) !== worker) return;
    worker.isUp = false;
    graces.set(
      worker.id,
      setTimeout(() => lose(worker.id, why), workerGraceMs),
    );
  };

  expireLater();
  return {
    slotCount: () => [...workers.values()].reduce((sum, worker) => sum + worker.slotCount, 0),
    register(link) {
      if (isClosed) return link.destroy();
      let worker: PoolWorker | undefined;
      const channel = openChannel({
        link,
        directory: undefined,
        onMessage(message) {
          const told = message as ToMaster;
          if (told.kind === "register") worker = admit(channel, told);
          else if (told.kind === "leave") lose(worker?.id ?? "", "it was closed");
          else if (worker?.channel !== channel) return;
          else if (told.kind === "drain") {
            worker.isDraining = true;
            lend();
          } else if (told.kind === "pause") {
            const { isPaused, residentBytes } = told;
            Object.assign(worker, { isPaused, residentBytes });
            emitter.emit("workerPaused", { worker: worker.id, isPaused, residentBytes, atMs: performance.now() });
            lend();
          } else if (told.kind === "beat") worker.residentBytes = told.residentBytes;
          else worker.answer(told);
        },
        onDown(reason) {
          if (worker?.channel === channel) onDown(worker, reason.message);
        },
      });
    },
    borrow(job, wish = {}) {
      if (isClosed) return Promise.reject(new RuntimeError("executor-closed", "the cluster executor is closed"));
      const waiter: Waiter = { ...wish, job, lent: Promise.withResolvers<WorkerHandle>() };
      queue.add(waiter);
      lend();
      return waiter.lent.promise;
    },
    blame(failure) {
      const atMs = performance.now();
      for (const exclusion of health.failed({ ...failure, nowMs: atMs })) {
        onExcluded?.(exclusion);
        tellExcluded(exclusion, atMs);
      }
      expireLater();
    },
    exclusionsOf,
    giveBack({ id }, job) {
      queue.giveBack(job);
      const worker = workers.get(id);
      if (worker === undefined) return;
      worker.busySlotCount -= 1;
      lend();
    },
    drop(blocks) {
      const held = blocks.filter((block) => block.kind === "held");
      for (const [id, own] of Map.groupBy(held, (block) => block.worker)) workers.get(id)?.dropFiles(own);
    },
    claim(keys) {
      for (const key of keys) claimed.add(key);
    },
    unclaim,
    dropStages(stageKeys) {
      unclaim(stageKeys);
      health.forgetStages(stageKeys);
      const dropped = new Set(stageKeys);
      for (const worker of workers.values()) worker.forgetInherited(dropped);
      for (const worker of workers.values()) worker.channel.send({ kind: "dropStages", stageKeys });
    },
    all: () => workers.values(),
    newId: () => `${ownKey}/${(idCount += 1)}`,
    onLost(listener) {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
    lose,
    dropUnclaimed() {
      for (const worker of workers.values()) dropUnclaimed(worker.channel, worker.inherited());
    },
    inherited(partitionId) {
      return [...workers.values()].flatMap((worker) => worker.inheritedOf(partitionId).map((id) => ({ id, worker })));
    },
    untilWorkers: (wanted) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (workers.size < wanted) return;
          countWaiters.delete(check);
          resolve();
        };
        countWaiters.add(check);
        check();
      }),
    close() {
      isClosed = true;
      clearTimeout(lonely);
      for (const timer of graces.values()) clearTimeout(timer);
      clearTimeout(expiry);
      queue.rejectAll(new RuntimeError("executor-closed", "the executor was closed"));
      for (const worker of [...workers.values()]) lose(worker.id, "the executor was closed");
    },
  };
}
