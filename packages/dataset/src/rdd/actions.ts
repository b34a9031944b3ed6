import type { RunOptions, StageReport } from "@tutti/runtime";
import type { Key } from "./key.ts";
import type { Rdd } from "./rdd.ts";
import type { SortKey } from "./sort-order.ts";
import type { Statistics } from "./statistics.ts";
import type { Widen } from "./widen.ts";

/** Options of every action. Aborting the signal ends the job with `canceled`; nothing half written stays. */
export type ActionOptions = RunOptions;

/** What a `save…` action wrote. */
export interface SavedFiles {
  readonly directory: string;
  readonly partCount: number;
  readonly rowCount: number;
  readonly stages: readonly StageReport[];
}

/** How many values lie in each bucket. */
export interface Histogram {
  /** One more than there are buckets. Each bucket begins with its bound; only the last includes the one at its end. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** How elements, or values of a key, become one accumulator. */
export interface Aggregator<T, U> {
  readonly add: (accumulator: U, element: T) => U;
  readonly merge: (left: U, right: U) => U;
}

type Pairs<K, V> = Rdd<readonly [K, V]>;

/** Run a job and give its answer. */
export interface Actions<T> {
  /** All elements, in the order of the partitions. They must fit into memory. */
  collect(options?: ActionOptions): Promise<T[]>;
  /** All elements, a partition at a time: one job for each, so that only one partition is in memory here. */
  toLocalIterator(options?: ActionOptions): AsyncIterableIterator<T>;
  /** The first `count` elements. Reads no more partitions than it needs to. */
  take(count: number, options?: ActionOptions): Promise<T[]>;
  /** The first element. Throws `empty-collection` where there is none. */
  first(options?: ActionOptions): Promise<T>;
  /** The `count` smallest, in order, by themselves or by a key. */
  takeOrdered(count: number, key?: (element: T) => SortKey, options?: ActionOptions): Promise<T[]>;
  /** The `count` largest, largest first, by themselves or by a key. */
  top(count: number, key?: (element: T) => SortKey, options?: ActionOptions): Promise<T[]>;
  /** A random choice of `count` elements without replacement; all of them where there are fewer. */
  takeSample(count: number, seed?: number, options?: ActionOptions): Promise<T[]>;
  count(options?: ActionOptions): Promise<number>;
  isEmpty(options?: ActionOptions): Promise<boolean>;
  /** How often each content occurs. Elements must be {@link Key}s. */
  countByValue(options?: ActionOptions): Promise<Map<T, number>>;
  /** About how many distinct contents there are, within about 1 %. Elements must be {@link Key}s. */
  countApproxDistinct(options?: ActionOptions): Promise<number>;
  /** All elements as one, by an associative and commutative function. Throws `empty-collection` where there is none. */
  reduce(fn: (left: Widen<T>, right: Widen<T>) => Widen<T>, options?: ActionOptions): Promise<Widen<T>>;
  /** As `reduce`, beginning with `zero` in each partition and once more here. `zero` must be plain data. */
  fold(zero: Widen<T>, fn: (left: Widen<T>, right: Widen<T>) => Widen<T>, options?: ActionOptions): Promise<Widen<T>>;
  /** Elements into an accumulator of another type, then accumulators into one. `zero` must be plain data. */
  aggregate<U>(zero: U, functions: Aggregator<T, Widen<U>>, options?: ActionOptions): Promise<Widen<U>>;
  /** As `reduce`, in rounds: partitions are put together by tasks before the last round is done here. */
  treeReduce(fn: (left: Widen<T>, right: Widen<T>) => Widen<T>, options?: ActionOptions): Promise<Widen<T>>;
  /** As `aggregate`, in rounds. */
  treeAggregate<U>(zero: U, functions: Aggregator<T, Widen<U>>, options?: ActionOptions): Promise<Widen<U>>;
  /** Calls `fn` for each element, for what it does. At least once: a task that lost its thread runs again. */
  foreach(fn: (element: T) => void, options?: ActionOptions): Promise<void>;
  /** Calls `fn` for each partition, with all its elements. It may be async. */
  foreachPartition(fn: (elements: readonly T[]) => void | Promise<void>, options?: ActionOptions): Promise<void>;
  /** Smallest and largest, in the order of {@link SortKey}. Throw `empty-collection` where there is none. */
  min<K extends SortKey>(this: Rdd<K>, options?: ActionOptions): Promise<K>;
  max<K extends SortKey>(this: Rdd<K>, options?: ActionOptions): Promise<K>;
  /** 0 where there is nothing. */
  sum(this: Rdd<number>, options?: ActionOptions): Promise<number>;
  /** These three throw `empty-collection` where there is nothing. Variance is that of the population. */
  mean(this: Rdd<number>, options?: ActionOptions): Promise<number>;
  variance(this: Rdd<number>, options?: ActionOptions): Promise<number>;
  stdev(this: Rdd<number>, options?: ActionOptions): Promise<number>;
  /** Count, mean, variance, smallest and largest in one pass. */
  stats(this: Rdd<number>, options?: ActionOptions): Promise<Statistics>;
  /** Counts between bounds: a number of equal buckets from smallest to largest, or bounds of one's own, rising. */
  histogram(this: Rdd<number>, buckets: number | readonly number[], options?: ActionOptions): Promise<Histogram>;
  countByKey<K extends Key, V>(this: Pairs<K, V>, options?: ActionOptions): Promise<Map<K, number>>;
  /** Pairs as a Map. Of pairs with equal keys the last counts. */
  collectAsMap<K extends Key, V>(this: Pairs<K, V>, options?: ActionOptions): Promise<Map<K, V>>;
  /** All values of a key. */
  lookup<K extends Key, V>(this: Pairs<K, V>, key: NoInfer<K>, options?: ActionOptions): Promise<V[]>;
  /** As `reduceByKey`, and the result as a Map. */
  reduceByKeyLocally<K extends Key, V>(
    this: Pairs<K, V>,
    fn: (left: Widen<V>, right: Widen<V>) => Widen<V>,
    options?: ActionOptions,
  ): Promise<Map<K, Widen<V>>>;
  /**
   * Writes a directory with a part file for each partition, one element a line, and `_SUCCESS`. Text is written as it
   * is, arrays and objects as JSON. The directory must not exist, and appears only when it is complete.
   */
  saveAsTextFile(directory: string, options?: ActionOptions): Promise<SavedFiles>;
  /** The same, every element as JSON, texts too. bigints are written digit for digit. */
  saveAsJson(directory: string, options?: ActionOptions): Promise<SavedFiles>;
  /**
   * The same, as bytes that `objectFile` reads back: everything that may cross threads may be written, and arrives as it
   * left. Checked for damage when read.
   */
  saveAsObjectFile(directory: string, options?: ActionOptions): Promise<SavedFiles>;
  /**
   * Writes an object file and gives an RDD that begins there: a long lineage is cut, and later jobs read instead of
   * computing. The files are the caller's to remove.
   */
  checkpoint(directory: string, options?: ActionOptions): Promise<Rdd<T>>;
  /** How many partitions a job would have. Looks at the files, runs nothing. */
  getNumPartitions(): Promise<number>;
  /** What it is made of, and the stages that collecting it would run. */
  toDebugString(): Promise<string>;
}
