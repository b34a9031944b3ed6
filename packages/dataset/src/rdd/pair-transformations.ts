import type { Aggregator } from "./actions.ts";
import type { Key } from "./key.ts";
import type { Rdd } from "./rdd.ts";
import type { SortKey } from "./sort-order.ts";
import type { PartitionOptions, SortOptions } from "./transformations.ts";
import type { Widen } from "./widen.ts";

type Pairs<K, V> = Rdd<readonly [K, V]>;

/** Which partition a key goes to. */
export interface PartitionerOptions {
  /** Which partition a key goes to: a whole number below the count. Default: by the hash of its content. */
  readonly partitioner?: (key: never) => number;
}

/** Exist on RDDs of pairs only: on others the call does not compile. Keys are compared by content. */
export interface PairTransformations {
  keys<K, V>(this: Pairs<K, V>): Rdd<K>;
  values<K, V>(this: Pairs<K, V>): Rdd<V>;
  mapValues<K, V, U>(this: Pairs<K, V>, fn: (value: V) => U): Rdd<readonly [K, U]>;
  flatMapValues<K, V, U>(this: Pairs<K, V>, fn: (value: V) => Iterable<U>): Rdd<readonly [K, U]>;
  /**
   * One pair for each key, its values combined by `fn`, which must be associative and commutative. Combines before the
   * shuffle, so that few pairs cross it.
   */
  reduceByKey<K extends Key, V>(
    this: Pairs<K, V>,
    fn: (left: Widen<V>, right: Widen<V>) => Widen<V>,
    options?: PartitionOptions,
  ): Pairs<K, Widen<V>>;
  /** The same, beginning with `zero` once for each key and partition. `zero` must be plain data. */
  foldByKey<K extends Key, V>(
    this: Pairs<K, V>,
    zero: Widen<V>,
    fn: (left: Widen<V>, right: Widen<V>) => Widen<V>,
    options?: PartitionOptions,
  ): Pairs<K, Widen<V>>;
  /** Values into an accumulator of another type, then accumulators into one. `zero` must be plain data. */
  aggregateByKey<K extends Key, V, U>(
    this: Pairs<K, V>,
    zero: U,
    functions: Aggregator<V, Widen<U>>,
    options?: PartitionOptions,
  ): Pairs<K, Widen<U>>;
  /** What all of these are made of. */
  combineByKey<K extends Key, V, C>(
    this: Pairs<K, V>,
    functions: {
      readonly create: (value: V) => C;
      readonly add: (combined: C, value: V) => C;
      readonly merge: (left: C, right: C) => C;
    },
    options?: PartitionOptions,
  ): Pairs<K, C>;
  /** All values of a key as one array, in the order of the partitions. Prefer `reduceByKey` where it will do. */
  groupByKey<K extends Key, V>(this: Pairs<K, V>, options?: PartitionOptions): Pairs<K, readonly V[]>;
  /** For each key of either, the values of both. */
  cogroup<K extends Key, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options?: PartitionOptions,
  ): Pairs<K, readonly [readonly V[], readonly W[]]>;
  /** For each key of both, every value with every value. */
  join<K extends Key, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options?: PartitionOptions,
  ): Pairs<K, readonly [V, W]>;
  /** As `join`; a value whose key the other lacks comes with `undefined`. */
  leftOuterJoin<K extends Key, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options?: PartitionOptions,
  ): Pairs<K, readonly [V, W | undefined]>;
  rightOuterJoin<K extends Key, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options?: PartitionOptions,
  ): Pairs<K, readonly [V | undefined, W]>;
  fullOuterJoin<K extends Key, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options?: PartitionOptions,
  ): Pairs<K, readonly [V | undefined, W | undefined]>;
  /** The pairs whose key the other has not. */
  subtractByKey<K extends Key, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: PartitionOptions): Pairs<K, V>;
  sortByKey<K extends SortKey, V>(this: Pairs<K, V>, options?: SortOptions): Pairs<K, V>;
  /** Pairs of equal keys into the same partition. */
  partitionBy<K extends Key, V>(this: Pairs<K, V>, partitionCount: number, options?: PartitionerOptions): Pairs<K, V>;
  /** The same, each partition sorted by key. */
  repartitionAndSortWithinPartitions<K extends Key & SortKey, V>(
    this: Pairs<K, V>,
    partitionCount: number,
    options?: PartitionerOptions,
  ): Pairs<K, V>;
}
