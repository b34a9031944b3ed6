import {
  createInProcessExecutor,
  createThreadExecutor,
  type EventSource,
  type Executor,
  type JobEvents,
} from "@tutti/runtime";
import { checkPartitionCount } from "./check-argument.ts";
import { DatasetError } from "./dataset-error.ts";
import { createRdd, type RddHost } from "./rdd/rdd-handle.ts";
import type { Rdd } from "./rdd/rdd.ts";
import { shorten } from "./shorten.ts";
import { workerModule } from "./worker-module.ts";

export interface ContextOptions {
  /** Runs jobs on this many worker threads. Default: none, jobs run in this thread. Spark: `local[N]`. */
  readonly threads?: number;
  /** Runs jobs on an executor of the caller's instead. */
  readonly executor?: Executor;
  /** Whether `close()` closes that executor too. Default: true. */
  readonly ownsExecutor?: boolean;
}

export interface SourceOptions {
  /** How many partitions at least. Default: as many as tasks run at once. */
  readonly partitionCount?: number;
}

export interface ParquetOptions extends SourceOptions {
  /** Which columns rows shall have, and in which order. Default: all. What is not named is not read. */
  readonly columns?: readonly string[];
}

/** Where RDDs begin. */
export interface Context extends AsyncDisposable {
  /** Jobs, stages and tasks as they run, for progress and logs. */
  readonly events: EventSource<JobEvents>;
  /** The elements of an iterable, as they are now, cut into `partitionCount` parts of equal size. */
  parallelize<T>(elements: Iterable<T>, options?: SourceOptions): Rdd<T>;
  /**
   * The lines of a file, of all files of a directory, or of all files that match a glob. `.gz` and `.zst` are unpacked,
   * one partition each; other files are cut where lines end. Looked up when an action runs.
   */
  textFile(path: string, options?: SourceOptions): Rdd<string>;
  /**
   * The rows of Parquet files as objects, one partition for some row groups. 64-bit integers are `bigint`, dates and
   * timestamps `Date`, NULL is `null`. Looked up when an action runs.
   */
  parquetRows<Row extends object>(path: string, options?: ParquetOptions): Rdd<Row>;
  /** Ends running jobs with `executor-closed` and frees the threads. Calling it twice is harmless. */
  close(): Promise<void>;
}

/**
 * A context: cheap, lazy, the owner of its executor.
 *
 * ```ts
 * import { createContext } from "@tutti/dataset";
 *
 * const tutti = createContext();
 * const sum = await tutti.parallelize([1, 2, 3, 4, 5]).map((x) => x * 2).reduce((a, b) => a + b);
 * console.log(sum); // => 30
 * await tutti.close();
 * ```
 */
export function createContext(options: ContextOptions = {}): Context {
  const executor = executorFor(options);
  const ownsExecutor = options.ownsExecutor ?? true;
  let isClosed = false;
  const host: RddHost = {
    module: workerModule,
    executor: () => {
      if (isClosed) throw new DatasetError("executor-closed", "the context is closed; create another one");
      return executor;
    },
  };
  const partitionsOf = (operation: string, asked: number | undefined): number => {
    checkPartitionCount(operation, asked);
    return asked ?? executor.slotCount;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    if (ownsExecutor) await executor.close();
  };
  return {
    events: executor.events,
    parallelize<T>(elements: Iterable<T>, { partitionCount }: SourceOptions = {}) {
      const count = partitionsOf("parallelize", partitionCount);
      return createRdd<T>(host, { kind: "rows", partitions: cutEvenly(elements, count) });
    },
    textFile(path, { partitionCount } = {}) {
      return createRdd<string>(host, { kind: "text", path, partitionsMin: partitionsOf("textFile", partitionCount) });
    },
    parquetRows<Row extends object>(path: string, { partitionCount, columns }: ParquetOptions = {}) {
      const partitionsMin = partitionsOf("parquetRows", partitionCount);
      return createRdd<Row>(host, { kind: "parquet", path, columns, partitionsMin });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function executorFor({ executor, threads }: ContextOptions): Executor {
  if (executor !== undefined && threads !== undefined) {
    throw new DatasetError("invalid-argument", "createContext takes threads or an executor, not both");
  }
  if (executor !== undefined) return executor;
  if (threads === undefined) return createInProcessExecutor();
  try {
    return createThreadExecutor({ threadsMax: threads });
  } catch (thrown) {
    throw DatasetError.from(thrown);
  }
}

/** Sizes differ by one at most, and the order is kept. */
function cutEvenly<T>(elements: Iterable<T>, partitionCount: number): T[][] {
  if (elements === null || elements === undefined || typeof elements[Symbol.iterator] !== "function") {
    throw new DatasetError(
      "invalid-argument",
      `parallelize needs an array or another iterable; it was given ${shorten(elements)}`,
    );
  }
  const all = [...elements];
  const cut = (index: number): number => Math.floor((index * all.length) / partitionCount);
  return Array.from({ length: partitionCount }, (_, index) => all.slice(cut(index), cut(index + 1)));
}
