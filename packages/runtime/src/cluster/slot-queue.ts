import type { WorkerHandle } from "./worker-handle.ts";

export interface BorrowWish {
  /** Of the task. undefined: calls. */
  readonly stageKey?: string;
  /** What it will read, by the worker that holds it. */
  readonly localBytes?: ReadonlyMap<string, number>;
  /** It failed there: others first. */
  readonly failedOn?: ReadonlySet<string> | undefined;
  /** It is for others than these, and for slots that nobody else waits for. */
  readonly overtakes?: readonly string[] | undefined;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

/** Somebody who waits for a slot. */
export interface Waiter extends BorrowWish {
  readonly job: string;
  readonly lent: PromiseWithResolvers<WorkerHandle>;
}

/** Who waits for slots: jobs take turns, and each is served in the order of its calls, as far as there are slots for it. */
export interface SlotQueue<W extends WorkerHandle> {
  readonly size: number;
  add(waiter: Waiter): void;
  /** Lends as long as `choose` finds a worker. */
  serve(choose: (waiter: Waiter) => W | undefined, give: (worker: W) => void): void;
  giveBack(job: string): void;
  rejectAll(reason: Error): void;
}

export function createSlotQueue<W extends WorkerHandle>(): SlotQueue<W> {
  /** By job, each in the order of its calls. */
  const waiting = new Map<string, Waiter[]>();
  const lentByJob = new Map<string, number>();
  /** For slots that are left over. */
  const spares = new Set<Waiter>();

  const count = (job: string, change: number): void => {
    const lent = (lentByJob.get(job) ?? 0) + change;
    if (lent === 0) lentByJob.delete(job);
    else lentByJob.set(job, lent);
  };

  const remove = (waiter: Waiter): void => {
    spares.delete(waiter);
    const rest = waiting.get(waiter.job)?.filter((other) => other !== waiter) ?? [];
    if (rest.length > 0) waiting.set(waiter.job, rest);
    else waiting.delete(waiter.job);
  };

  /** The first that can be served; of the job that has least. */
  const next = (choose: (waiter: Waiter) => W | undefined): { waiter: Waiter; worker: W } | undefined => {
    const lentTo = (job: string): number => lentByJob.get(job) ?? 0;
    const jobs = [...waiting].toSorted(([left], [right]) => lentTo(left) - lentTo(right));
    for (const [, own] of jobs) {
      // Tasks of one stage fare alike, but for those that have failed somewhere.
      const inVain = new Set<string | undefined>();
      for (const waiter of own) {
        if (waiter.failedOn === undefined && inVain.has(waiter.stageKey)) continue;
        const worker = choose(waiter);
        if (worker !== undefined) return { waiter, worker };
        if (waiter.failedOn === undefined) inVain.add(waiter.stageKey);
      }
    }
    if (waiting.size > 0) return undefined;
    for (const waiter of spares) {
      const worker = choose(waiter);
      if (worker !== undefined) return { waiter, worker };
    }
    return undefined;
  };

  return {
    get size() {
      return waiting.size;
    },
    add(waiter) {
      const own = waiting.get(waiter.job);
      if (waiter.overtakes !== undefined) spares.add(waiter);
      else if (own === undefined) waiting.set(waiter.job, [waiter]);
      else own.push(waiter);
      const { signal, lent } = waiter;
      if (signal === undefined) return;
      const leave = (): void => {
        remove(waiter);
        lent.reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      const forget = (): void => signal.removeEventListener("abort", leave);
      lent.promise.then(forget, forget);
    },
    serve(choose, give) {
      for (let found = next(choose); found !== undefined; found = next(choose)) {
        const { waiter, worker } = found;
        remove(waiter);
        count(waiter.job, 1);
        give(worker);
        waiter.lent.resolve(worker);
      }
    },
    giveBack: (job) => count(job, -1),
    rejectAll(reason) {
      const waiters = [...[...waiting.values()].flat(), ...spares];
      waiting.clear();
      spares.clear();
      for (const { lent } of waiters) lent.reject(reason);
    },
  };
}
