import type { RunOptions, StageReport } from "@tutti/runtime";
import type { Key } from "./key.ts";
import type { SortKey } from "./sort-order.ts";
import type { Widen } from "./widen.ts";

/** Options of every action. Aborting the signal ends the job with `canceled`; nothing half written stays. */
export type ActionOptions = RunOptions;

export interface ReduceByKeyOptions {
  /** Default: as many as the input has. Spark: `numPartitions`. */
  readonly partitionCount?: number;
}

export interface SortByOptions {
  /** Default: true. */
  readonly ascending?: boolean;
  /** Default: as many as the input has. */
  readonly partitionCount?: number;
}

/** What `saveAsTextFile` wrote. */
export interface SavedFiles {
  readonly directory: string;
  readonly partCount: number;
  readonly rowCount: number;
  readonly stages: readonly StageReport[];
}

/**
 * A collection cut into partitions, described by how it comes about. Transformations describe a new one and run
 * nothing; actions run.
 *
 * Functions that it is given must not change what they capture: they may run on another thread, more than once.
 */
export interface Rdd<T> {
  /** One element for each element. */
  map<U>(fn: (element: T) => U): Rdd<U>;
  /** The elements for which `fn` says true. */
  filter<S extends T>(fn: (element: T) => element is S): Rdd<S>;
  filter(fn: (element: T) => boolean): Rdd<T>;
  /** All elements of all lists that `fn` gives. A string is a list of characters. */
  flatMap<U>(fn: (element: T) => Iterable<U>): Rdd<U>;
  /**
   * One pair for each key, its values combined by `fn`, which must be associative and commutative. Combines before the
   * shuffle, so that few pairs cross it.
   */
  reduceByKey<K extends Key, V>(
    this: Rdd<readonly [K, V]>,
    fn: (left: Widen<V>, right: Widen<V>) => Widen<V>,
    options?: ReduceByKeyOptions,
  ): Rdd<readonly [K, Widen<V>]>;
  /** In the order of the keys; equal keys keep their order. For the order of mixed keys see {@link SortKey}. */
  sortBy<K extends SortKey>(key: (element: T) => K, options?: SortByOptions): Rdd<T>;

  /** All elements, in the order of the partitions. They must fit into memory. */
  collect(options?: ActionOptions): Promise<T[]>;
  /** The first `count` elements. Reads no more partitions than it needs to. */
  take(count: number, options?: ActionOptions): Promise<T[]>;
  /** All elements as one, by an associative and commutative function. Throws `empty-collection` where there is none. */
  reduce(fn: (left: T, right: T) => T, options?: ActionOptions): Promise<T>;
  /** How many elements there are. */
  count(options?: ActionOptions): Promise<number>;
  /**
   * Writes a directory with a part file for each partition, one element a line, and `_SUCCESS`. Text is written as it
   * is, arrays and objects as JSON. The directory must not exist, and appears only when it is complete.
   */
  saveAsTextFile(directory: string, options?: ActionOptions): Promise<SavedFiles>;
}
