/** How calls run. */
export interface CallOptions {
  /**
   * Ends the calls with `canceled`, at once. Those that wait never start; a thread that is in the middle of one is given
   * a second to finish it, and ended then.
   */
  readonly signal?: AbortSignal | undefined;
  /** Each call ends with `timeout` when it takes longer, the time in the queue included. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** How often a call whose function throws is repeated. Default: 0. */
  readonly retriesMax?: number;
  /**
   * How often a call may be started when its thread ends under it. Default: 4. A function that must not run twice needs
   * 1.
   */
  readonly attemptsMax?: number;
}

/** How many calls of a map run at once, and who hears of each that has ended. */
export interface MapOptions extends CallOptions {
  /** How many items are under way at once. Default: as many as keep all workers busy. */
  readonly concurrency?: number;
  /** Told after each item. */
  readonly onProgress?: (progress: MapProgress) => void;
}

/** How far a map is. */
export interface MapProgress {
  readonly doneCount: number;
  readonly totalCount: number;
}

/** Arguments as they are, or as promises: a call starts when what it needs is there. */
export type Awaitable<A extends readonly unknown[]> = { readonly [K in keyof A]: A[K] | PromiseLike<A[K]> };

/** Runs single functions on workers. */
export interface Submitter {
  /**
   * Calls a function on a worker. Promises among the arguments are awaited first, so that calls make a graph:
   * `submit(add, submit(load, "a"), submit(load, "b"))`. When one of them fails, the call does not start and fails with
   * the same error.
   *
   * The function is captured now, with what it closes over; one that closes over nothing is captured once and is cheap to
   * submit often. Arguments and results are copied, or handed over with `move`.
   *
   * Rejects with `task-failed` and the function's own error as the cause, with `cannot-travel`, `worker-lost`, `canceled`,
   * `timeout`, `queue-full` or `executor-closed`.
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: Awaitable<A>): Promise<Awaited<R>>;
  /**
   * Calls a function with each item and its index, and gives the results in the order of the items. The first failure
   * ends it. Items are taken from the iterable as workers become free.
   */
  map<T, R>(
    items: Iterable<T> | AsyncIterable<T>,
    fn: (item: T, index: number) => R,
    options?: MapOptions,
  ): Promise<Awaited<R>[]>;
  /** The same executor with options for its calls. */
  withOptions(options: CallOptions): Submitter;
}
