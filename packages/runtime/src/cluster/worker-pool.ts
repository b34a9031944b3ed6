import { randomUUID } from "node:crypto";
import type { EventEmitter } from "eventemitter3";
import type { Link } from "@tutti/link";
import type { JobEvents } from "../core/job-events.ts";
import { jobOf } from "../core/master-state.ts";
import { chooseWorker } from "../core/placement.ts";
import { RuntimeError } from "../runtime-error.ts";
import { openChannel, type Channel } from "./channel.ts";
import { stageKeyOf, type ClusterBlock, type Registration, type ToMaster } from "./messages.ts";
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

export interface BorrowWish {
  /** What it will read, by the worker that holds it. */
  readonly localBytes?: ReadonlyMap<string, number>;
  /** It is for others than these, and for slots that nobody else waits for. */
  readonly overtakes?: readonly string[] | undefined;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
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
}

interface Waiter extends BorrowWish {
  readonly job: string;
  readonly lent: PromiseWithResolvers<WorkerHandle>;
}

const nothing: ReadonlyMap<string, number> = new Map();

export function createWorkerPool({ emitter, workerWaitMs, workerGraceMs }: WorkerPoolOptions): WorkerPool {
  const workers = new Map<string, PoolWorker>();
  const graces = new Map<string, NodeJS.Timeout>();
  const lostNames = new Set<string>();
  /** By job, each in the order of its calls. */
  const waiting = new Map<string, Waiter[]>();
  /** For slots that are left over. */
  let spares: Waiter[] = [];
  const lentByJob = new Map<string, number>();
  /** Stages and jobs whose outputs somebody will read or free. */
  const claimed = new Set<string>();
  const lostListeners = new Set<(worker: string) => void>();
  const countWaiters = new Set<() => void>();
  let workerCount = 0;
  const ownKey = randomUUID();
  let idCount = 0;
  let isClosed = false;
  let lonely: NodeJS.Timeout | undefined;

  const count = (job: string, change: number): void => {
    const lent = (lentByJob.get(job) ?? 0) + change;
    if (lent === 0) lentByJob.delete(job);
    else lentByJob.set(job, lent);
  };

  /** Of the job that has least. */
  const nextWaiter = (): Waiter | undefined => {
    let best: Waiter | undefined;
    let bestLent = Infinity;
    for (const [job, [first]] of waiting) {
      const lent = lentByJob.get(job) ?? 0;
      if (first === undefined || lent >= bestLent) continue;
      best = first;
      bestLent = lent;
    }
    return best;
  };

  const unqueue = (job: string): void => {
    const own = waiting.get(job);
    own?.shift();
    if (own?.length === 0) waiting.delete(job);
  };

  const rejectAll = (reason: RuntimeError): void => {
    const waiters = [...waiting.values()].flat();
    waiters.push(...spares);
    waiting.clear();
    spares = [];
    for (const waiter of waiters) waiter.lent.reject(reason);
  };

  const give = (worker: PoolWorker, { job, lent }: Waiter): void => {
    worker.busySlotCount += 1;
    count(job, 1);
    lent.resolve(worker);
  };

  const lendSpares = (): void => {
    for (const waiter of spares) {
      const others = [...workers.values()].filter(({ id }) => waiter.overtakes?.includes(id) !== true);
      const worker = chooseWorker(others, waiter.localBytes ?? nothing);
      if (worker === undefined) continue;
      spares = spares.filter((other) => other !== waiter);
      give(worker, waiter);
    }
  };

  /** Takes back what was aborted before it had a worker. */
  const leaveWhenAborted = (waiter: Waiter): void => {
    const leave = (): void => {
      spares = spares.filter((other) => other !== waiter);
      const own = waiting.get(waiter.job)?.filter((other) => other !== waiter) ?? [];
      if (own.length > 0) waiting.set(waiter.job, own);
      else waiting.delete(waiter.job);
      waiter.lent.reject(waiter.signal?.reason);
    };
    waiter.signal?.addEventListener("abort", leave, { once: true });
    const forget = (): void => waiter.signal?.removeEventListener("abort", leave);
    waiter.lent.promise.then(forget, forget);
  };

  const lend = (): void => {
    for (let waiter = nextWaiter(); waiter !== undefined; waiter = nextWaiter()) {
      const worker = chooseWorker(workers.values(), waiter.localBytes ?? nothing);
      if (worker === undefined) break;
      unqueue(waiter.job);
      give(worker, waiter);
    }
    if (waiting.size === 0) lendSpares();
    clearTimeout(lonely);
    lonely = undefined;
    const isLonely = [...workers.values()].every((worker) => worker.isDraining);
    if (waiting.size === 0 || !isLonely || isClosed) return;
    const giveUp = (): void => {
      const taskCount = [...waiting.values()].reduce((sum, own) => sum + own.length, 0);
      const what = `no worker has been there for ${workerWaitMs} ms, and ${taskCount} tasks wait for one`;
      rejectAll(new RuntimeError("no-workers", what));
    };
    lonely = setTimeout(giveUp, workerWaitMs);
  };

  const lose = (id: string, why: string): void => {
    const worker = workers.get(id);
    if (worker === undefined) return;
    workers.delete(id);
    clearTimeout(graces.get(id));
    graces.delete(id);
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
    emitter.emit("workerJoined", { worker: id, slotCount: worker.slotCount, atMs: performance.now() });
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
      const own = waiting.get(job);
      if (wish.overtakes !== undefined) spares.push(waiter);
      else if (own === undefined) waiting.set(job, [waiter]);
      else own.push(waiter);
      leaveWhenAborted(waiter);
      lend();
      return waiter.lent.promise;
    },
    giveBack({ id }, job) {
      count(job, -1);
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
      rejectAll(new RuntimeError("executor-closed", "the executor was closed"));
      for (const worker of [...workers.values()]) lose(worker.id, "the executor was closed");
    },
  };
}
