/** A worker, as placement sees it. */
export interface WorkerLoad {
  readonly id: string;
  readonly freeSlotCount: number;
}

/**
 * Where a task runs: with a free worker that holds most of what it reads; of several, with the one that has most room; of
 * these with the first. undefined where no worker is free: a task does not wait for the best one.
 */
export function chooseWorker<W extends WorkerLoad>(
  workers: Iterable<W>,
  localBytes: ReadonlyMap<string, number>,
): W | undefined {
  let best: W | undefined;
  const bytesOf = (worker: W): number => localBytes.get(worker.id) ?? 0;
  for (const worker of workers) {
    if (worker.freeSlotCount <= 0) continue;
    if (best === undefined || bytesOf(worker) > bytesOf(best)) best = worker;
    else if (bytesOf(worker) === bytesOf(best) && worker.freeSlotCount > best.freeSlotCount) best = worker;
  }
  return best;
}
