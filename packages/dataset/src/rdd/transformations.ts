import type { Shape } from "../frame/column-types.ts";
import type { DataFrame } from "../frame/data-frame.ts";
import type { Struct } from "../frame/schema.ts";
import type { Rdd } from "./rdd.ts";
import type { SortKey } from "./sort-order.ts";
import type { Key } from "./key.ts";
import type { StorageLevel } from "./storage-level.ts";

/** How many partitions the result has. */
export interface PartitionOptions {
  /** Default: as many as the input has. Spark: `numPartitions`. */
  readonly partitionCount?: number;
}

/** In which direction, and into how many partitions. */
export interface SortOptions extends PartitionOptions {
  /** Default: true. */
  readonly ascending?: boolean;
}

/** How elements are drawn. */
export interface SampleOptions {
  /** Default: false. With replacement an element may come more than once, and `fraction` may exceed 1. */
  readonly withReplacement?: boolean;
  /** The same seed gives the same sample of the same partitions. Default: 0. */
  readonly seed?: number;
}

/** Describe new RDDs; none of them runs anything. */
export interface Transformations<T> {
  /** One element for each element. */
  map<U>(fn: (element: T) => U): Rdd<U>;
  /** The elements for which `fn` says true. */
  filter<S extends T>(fn: (element: T) => element is S): Rdd<S>;
  filter(fn: (element: T) => boolean): Rdd<T>;
  /** All elements of all lists that `fn` gives. A string is a list of characters. */
  flatMap<U>(fn: (element: T) => Iterable<U>): Rdd<U>;
  /** What `fn` makes of all elements of a partition at once. It may be an async generator. Holds the partition in memory. */
  mapPartitions<U>(fn: (elements: readonly T[]) => Iterable<U> | AsyncIterable<U> | Promise<Iterable<U>>): Rdd<U>;
  /** The same, with the index of the partition. */
  mapPartitionsWithIndex<U>(
    fn: (elements: readonly T[], index: number) => Iterable<U> | AsyncIterable<U> | Promise<Iterable<U>>,
  ): Rdd<U>;
  /** The elements, which must be objects of these columns, as a frame. They are computed when a query first needs them. */
  toDF<S extends Shape>(schema: Struct<S>): DataFrame<S>;
  /** Each partition as one array. */
  glom(): Rdd<readonly T[]>;
  /** Pairs of what `fn` says of an element, and the element. */
  keyBy<K>(fn: (element: T) => K): Rdd<readonly [K, T]>;
  /** Each content once. Elements must be {@link Key}s. */
  distinct(options?: PartitionOptions): Rdd<T>;
  /** The elements of both, with repetitions, those of this one first. */
  union<U>(other: Rdd<U>): Rdd<T | U>;
  /** The elements that both have, each once. */
  intersection(other: Rdd<T>, options?: PartitionOptions): Rdd<T>;
  /** The elements that the other has not. */
  subtract(other: Rdd<T>, options?: PartitionOptions): Rdd<T>;
  /** Each element with each of the other's. The other is held in memory by every task. */
  cartesian<U>(other: Rdd<U>): Rdd<readonly [T, U]>;
  /** Each element with the one at its place in the other, which must have partitions of the same sizes. */
  zip<U>(other: Rdd<U>): Rdd<readonly [T, U]>;
  /** Each element with its index. Counts the partitions first, which reads the input twice. */
  zipWithIndex(): Rdd<readonly [T, number]>;
  /** Each element with a number that no other has. Needs no counting; the numbers have gaps. */
  zipWithUniqueId(): Rdd<readonly [T, number]>;
  /** A random part: each element with the probability `fraction`. */
  sample(fraction: number, options?: SampleOptions): Rdd<T>;
  /** Random parts in proportion to the weights. Each element is in exactly one. */
  randomSplit(weights: readonly number[], seed?: number): readonly Rdd<T>[];
  /** In the order of the keys; equal keys keep their order. For the order of mixed keys see {@link SortKey}. */
  sortBy<K extends SortKey>(key: (element: T) => K, options?: SortOptions): Rdd<T>;
  /** Pairs of a key and all elements that `fn` gives it. */
  groupBy<K extends Key>(fn: (element: T) => K, options?: PartitionOptions): Rdd<readonly [K, readonly T[]]>;
  /** Runs a program for each partition: elements go in as lines, its lines come out. */
  pipe(command: string, args?: readonly string[]): Rdd<string>;
  /** At most this many partitions, by putting neighbours together. No shuffle; order is kept. */
  coalesce(partitionCount: number): Rdd<T>;
  /** This many partitions of about equal size. */
  repartition(partitionCount: number): Rdd<T>;
  /**
   * Computed by the first job that needs it, then kept by the executor until `unpersist` or the context's `close`. Default:
   * `MEMORY_AND_DISK`.
   */
  persist(level?: StorageLevel): Rdd<T>;
  /** The same as `persist()`. */
  cache(): Rdd<T>;
  /** Frees what `persist` kept. Later jobs compute it anew. */
  unpersist(): void;
}
