import { randomUUID } from "node:crypto";
import {
  broadcast,
  createInProcessExecutor,
  createThreadExecutor,
  type Broadcast,
  type EventSource,
  type Executor,
  type JobEvents,
} from "@tutti/runtime";
import { checkFunction, checkPartitionCount, checkRdd } from "./check-argument.ts";
import { DatasetError } from "./dataset-error.ts";
import { createAccumulator, type Accumulator } from "./rdd/accumulator.ts";
import { createHandle, createRdd } from "./rdd/create-rdd.ts";
import type { RddHost } from "./rdd/rdd-base.ts";
import type { Rdd } from "./rdd/rdd.ts";
import { createFrameSource, type Frames, type FrameSource, type PartitionedPlans } from "./frame/frame-source.ts";
import { shorten } from "./shorten.ts";
import { workerModule } from "./worker-module.ts";

/** Where jobs and queries run, and what they may take. */
export interface ContextOptions {
  /** Runs jobs on this many worker threads. Default: none, jobs run in this thread. Spark: `local[N]`. */
  readonly threads?: number;
  /** With `threads`: how much memory rows between stages may take before they go to files. See `createThreadExecutor`. */
  readonly memoryBytesMax?: number;
  /** With `threads` or `engineMemoryBytesMax`: where those files go. Default: the system's directory for temporary files. */
  readonly spillDirectory?: string;
  /** Runs jobs on an executor of the caller's instead. */
  readonly executor?: Executor;
  /** Whether `close()` closes that executor too. Default: true. */
  readonly ownsExecutor?: boolean;
  /**
   * How much memory queries on frames may take before they spill to files. The engine is one for the process, and so is its
   * bound: the last context that sets it counts. Default: four fifths of the machine's memory. What cannot spill ends with
   * `out-of-memory`.
   */
  readonly engineMemoryBytesMax?: number;
  /** The zone in which timestamps have days and hours, as `Europe/Berlin`. Default: `UTC`. Spark: `spark.sql.session.timeZone`. */
  readonly timeZone?: string;
  /**
   * Whether queries on frames are cut into stages that run on the executor. `auto`: where the executor's tasks run in other
   * processes and the files to read are over `partitionedBytesMin`. `always`: wherever it can be done, which on one machine
   * costs more than it gives. `never`: each query runs whole, in this process. Default: `auto`.
   */
  readonly partitionedPlans?: PartitionedPlans;
  /** Of cut queries: how many parts files and exchanges are cut into. Default: as many as tasks run at once, at least 2. */
  readonly partitionCount?: number;
  /** With `auto`: queries that read less run whole. Default: 1 GiB. */
  readonly partitionedBytesMin?: number;
  /** Of cut queries: a side of a join that is at most this large goes to every task whole. Default: 10 MiB, as in Spark. */
  readonly broadcastBytesMax?: number;
  /**
   * Of cut queries: where a part of a join has more rows than this, and than twice the median of the parts, several tasks share it:
   * each has some of its rows, and all that they may meet. Default: 500 000.
   */
  readonly skewedRowsMin?: number;
  /** Whether SQL texts may read files by themselves. Default: false, they read frames and views alone. */
  readonly sqlReadsFiles?: boolean;
}

/** Into how many partitions a source is cut. */
export interface SourceOptions {
  /** How many partitions at least. Default: as many as tasks run at once. */
  readonly partitionCount?: number;
}

export interface RangeOptions extends SourceOptions {
  /** Default: 1. May be negative, not 0. */
  readonly step?: number;
}

/** How Parquet files become rows of an RDD. */
export interface ParquetOptions extends SourceOptions {
  /** Which columns rows shall have, and in which order. Default: all. What is not named is not read. */
  readonly columns?: readonly string[];
}

/** Where RDDs and frames begin. */
export interface Context extends FrameSource, AsyncDisposable {
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
  /** Numbers from `start` up to but not with `end`. */
  range(start: number, end: number, options?: RangeOptions): Rdd<number>;
  /** Nothing, in no partition. */
  emptyRdd<T>(): Rdd<T>;
  /** The elements of all, in order. */
  union<T>(rdds: readonly Rdd<T>[]): Rdd<T>;
  /** What `saveAsObjectFile` wrote, a partition for each of its parts. */
  objectFile<T>(path: string): Rdd<T>;
  /** `[path, text]` for each file of a directory or glob, a partition for each. */
  wholeTextFiles(path: string): Rdd<readonly [string, string]>;
  /** `[path, bytes]` for each file of a directory or glob, a partition for each. */
  binaryFiles(path: string): Rdd<readonly [string, Uint8Array]>;
  /**
   * A sum that tasks add to, from 0 or another beginning; with a function of one's own anything associative and
   * commutative.
   */
  accumulator(zero: number): Accumulator<number>;
  accumulator<T>(zero: T, merge: (left: T, right: T) => T): Accumulator<T>;
  /** Plain data that functions read by `.value`: sent to each thread once, instead of with every job. */
  broadcast<T>(value: T): Broadcast<T>;
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
  let keyCount = 0;
  const contextKey = randomUUID();
  const host: RddHost = {
    module: workerModule,
    executor: () => {
      if (isClosed) throw new DatasetError("executor-closed", "the context is closed; create another one");
      return executor;
    },
    kept: new Map(),
    accumulators: new Map(),
    // Several contexts may share an executor.
    newKey: () => `${contextKey}/${(keyCount += 1)}`,
    create: (lineage) => createHandle(host, lineage),
    toFrame: (rdd, schema) => frames.rddToFrame(rdd, schema),
  };
  const forgetKept = ({ key }: { readonly key: string }): void => void host.kept.delete(key);
  executor.events.on("keptLost", forgetKept);
  const partitionsOf = (operation: string, asked: number | undefined): number => {
    checkPartitionCount(operation, asked);
    return asked ?? executor.slotCount;
  };
  const frames: Frames = createFrameSource(options, {
    checkOpen: () => void host.executor(),
    newKey: () => `tutti_${randomUUID().replaceAll("-", "")}`,
    executor: () => host.executor(),
    createRdd: (lineage) => createRdd(host, lineage),
    slotCount: () => executor.slotCount,
    toRdd: (rows) => createRdd(host, { kind: "rows", partitions: cutEvenly(rows, executor.slotCount) }),
  });
  const close = async (): Promise<void> => {
    isClosed = true;
    executor.events.off("keptLost", forgetKept);
    await frames.close();
    for (const key of host.kept.keys()) executor.release(key);
    host.kept.clear();
    if (ownsExecutor) await executor.close();
  };
  return {
    ...frames.source,
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
    range(start, end, { step = 1, partitionCount } = {}) {
      const numbers = numbersBetween(start, end, step);
      return createRdd<number>(host, {
        kind: "rows",
        partitions: cutEvenly(numbers, partitionsOf("range", partitionCount)),
      });
    },
    accumulator<T>(zero: T, merge?: (left: T, right: T) => T) {
      if (merge !== undefined) checkFunction("accumulator", merge);
      const id = host.newKey();
      const add = (left: unknown, right: unknown): unknown => (left as number) + (right as number);
      host.accumulators.set(id, { total: zero, merge: (merge as typeof add | undefined) ?? add });
      return createAccumulator<T>(id, host.accumulators);
    },
    broadcast(value) {
      try {
        return broadcast(value);
      } catch (thrown) {
        throw DatasetError.from(thrown);
      }
    },
    emptyRdd: <T>() => createRdd<T>(host, { kind: "rows", partitions: [] }),
    union<T>(rdds: readonly Rdd<T>[]) {
      return createRdd<T>(host, { kind: "union", inputs: rdds.map((rdd) => checkRdd("union", rdd).lineage) });
    },
    objectFile: <T>(path: string) => createRdd<T>(host, { kind: "objects", path }),
    wholeTextFiles: (path) => createRdd<readonly [string, string]>(host, { kind: "files", path, as: "text" }),
    binaryFiles: (path) => createRdd<readonly [string, Uint8Array]>(host, { kind: "files", path, as: "bytes" }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function executorFor({ executor, threads, memoryBytesMax, spillDirectory, ...others }: ContextOptions): Executor {
  if (executor !== undefined && threads !== undefined) {
    throw new DatasetError("invalid-argument", "createContext takes threads or an executor, not both");
  }
  const isSpillLost = spillDirectory !== undefined && others.engineMemoryBytesMax === undefined;
  if (threads === undefined && (memoryBytesMax !== undefined || isSpillLost)) {
    throw new DatasetError("invalid-argument", "memoryBytesMax and spillDirectory go with threads; set threads too");
  }
  if (executor !== undefined) return executor;
  if (threads === undefined) return createInProcessExecutor();
  try {
    return createThreadExecutor({
      threadsMax: threads,
      ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
      ...(spillDirectory === undefined ? {} : { spillDirectory }),
    });
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
  const all: readonly T[] = Array.isArray(elements) ? elements : [...elements];
  const cut = (index: number): number => Math.floor((index * all.length) / partitionCount);
  return Array.from({ length: partitionCount }, (_, index) => all.slice(cut(index), cut(index + 1)));
}

/** A hundred million numbers are 800 MB: more belong into a file. */
const rangeLengthMax = 100_000_000;

function numbersBetween(start: number, end: number, step: number): number[] {
  const length = Math.max(0, Math.ceil((end - start) / step));
  if (!Number.isFinite(start) || !Number.isFinite(length) || length > rangeLengthMax) {
    throw new DatasetError(
      "invalid-argument",
      `range from ${start} to ${end} by ${step} is not finite, or has more than ${rangeLengthMax} numbers`,
    );
  }
  return Array.from({ length }, (_, index) => start + index * step);
}
