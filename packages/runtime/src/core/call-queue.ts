/** Calls of this much time together go to a worker at once: what sending costs is then little beside it. */
const batchMs = 2;

/** More calls at once save nothing. */
const batchCallsMax = 64;

/** How much of the mean is that of the last batch. */
const lastBatchShare = 0.3;

export interface CallQueueOptions {
  /** How many batches run at once, as it is now. */
  readonly slotCount: () => number;
  /** Calls that wait or run. One more is refused. */
  readonly callsMax: number;
}

/** One call, on its way to a worker. */
export interface QueuedCall {
  readonly id: number;
  /** How often it may be started when workers are lost under it. */
  readonly attemptsMax: number;
  /** How often it may be repeated when its own function fails. */
  readonly retriesMax: number;
}

/** Calls that go to one worker together, in this order. */
export interface CallBatch {
  readonly calls: readonly { readonly id: number; readonly attempt: number }[];
}

/** What a lost worker, or a failure, means for a call. */
export type CallFate = "again" | "failed" | "gone";

/**
 * Which call runs next, and how many at once. First come, first served. Short calls go to workers in batches, whose size
 * follows the time that calls take; a call that lost its worker goes alone, since it may be what ends workers.
 *
 * Does no I/O, reads no clock.
 */
export interface CallQueue {
  /** False where the queue is full. */
  add(call: QueuedCall): boolean;
  /** Forgets a call: what comes of it is nobody's affair any more. */
  remove(id: number): void;
  /** The batch for a free worker, or undefined where nothing waits. */
  next(): CallBatch | undefined;
  /** A worker is free again after this time. */
  finished(batch: CallBatch, elapsedMs: number): void;
  /** A call has its answer. False where it was removed meanwhile. */
  succeeded(id: number): boolean;
  /** Its function failed. */
  failed(id: number): CallFate;
  /** Its worker was lost. */
  lost(id: number): CallFate;
}

interface CallState extends QueuedCall {
  attempt: number;
  retryCount: number;
  lossCount: number;
}

export function createCallQueue({ slotCount, callsMax }: CallQueueOptions): CallQueue {
  const states = new Map<number, CallState>();
  let waiting: number[] = [];
  let head = 0;
  /** Those that lost a worker. Alone, and first: they are the oldest. */
  const suspects: number[] = [];
  let meanMs: number | undefined;

  const take = (id: number): { id: number; attempt: number } => {
    const state = states.get(id) as CallState;
    state.attempt += 1;
    return { id, attempt: state.attempt - 1 };
  };
  const nextWaiting = (): number | undefined => {
    while (head < waiting.length) {
      const id = waiting[head] as number;
      head += 1;
      if (states.has(id)) return id;
    }
    waiting = [];
    head = 0;
    return undefined;
  };
  /** The part of the list that is used up goes once it is the larger one. */
  const compact = (): void => {
    if (head * 2 < waiting.length) return;
    waiting = waiting.slice(head);
    head = 0;
  };
  const sizeOfBatch = (): number => {
    if (meanMs === undefined) return 1;
    const fair = Math.ceil((waiting.length - head) / Math.max(1, slotCount()));
    return Math.max(1, Math.min(batchCallsMax, fair, Math.floor(batchMs / Math.max(meanMs, 1e-6))));
  };

  return {
    add(call) {
      if (states.size >= callsMax) return false;
      // Removed ones are skipped when their turn comes; where none comes, they must not pile up.
      if (waiting.length - head > 2 * states.size + batchCallsMax) {
        waiting = waiting.slice(head).filter((id) => states.has(id));
        head = 0;
      }
      states.set(call.id, { ...call, attempt: 0, retryCount: 0, lossCount: 0 });
      waiting.push(call.id);
      return true;
    },
    remove: (id) => void states.delete(id),
    next() {
      for (let id = suspects.shift(); id !== undefined; id = suspects.shift()) {
        if (states.has(id)) return { calls: [take(id)] };
      }
      const size = sizeOfBatch();
      const calls: { id: number; attempt: number }[] = [];
      while (calls.length < size) {
        const id = nextWaiting();
        if (id === undefined) break;
        calls.push(take(id));
      }
      compact();
      return calls.length === 0 ? undefined : { calls };
    },
    finished({ calls }, elapsedMs) {
      const lastMs = elapsedMs / calls.length;
      meanMs = meanMs === undefined ? lastMs : meanMs + lastBatchShare * (lastMs - meanMs);
    },
    succeeded: (id) => states.delete(id),
    failed(id) {
      const state = states.get(id);
      if (state === undefined) return "gone";
      state.retryCount += 1;
      if (state.retryCount > state.retriesMax) {
        states.delete(id);
        return "failed";
      }
      waiting.push(id);
      return "again";
    },
    lost(id) {
      const state = states.get(id);
      if (state === undefined) return "gone";
      state.lossCount += 1;
      if (state.lossCount >= state.attemptsMax) {
        states.delete(id);
        return "failed";
      }
      suspects.push(id);
      return "again";
    },
  };
}
