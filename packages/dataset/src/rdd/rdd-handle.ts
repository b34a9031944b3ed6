import type { AnyFunction, Executor, JobResult, TaskModule } from "@tutti/runtime";
import { assert } from "@tutti/stdx";
import { checkCount, checkFunction, checkPartitionCount } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import { writeDirectory } from "../sinks/text-directory.ts";
import { planParquetRanges } from "../sources/parquet.ts";
import { planTextSplits } from "../sources/text.ts";
import { sourcesOf, type Lineage, type SourceNode } from "./lineage.ts";
import { planJob, type ActionSink } from "./plan-job.ts";
import type { ActionOptions, Rdd, ReduceByKeyOptions, SavedFiles, SortByOptions } from "./rdd.ts";
import type { Widen } from "./widen.ts";

/** What an RDD needs of its context to run. */
export interface RddHost {
  readonly module: TaskModule;
  /** Throws `executor-closed` once the context is closed. */
  readonly executor: () => Executor;
}

/** The RDD with this lineage. */
export function createRdd<T>(host: RddHost, lineage: Lineage): Rdd<T> {
  return new RddHandle<T>(host, lineage);
}

/** Every transformation makes a new handle on a new node; a handle never changes. */
class RddHandle<T> implements Rdd<T> {
  readonly #host: RddHost;
  readonly #lineage: Lineage;

  constructor(host: RddHost, lineage: Lineage) {
    this.#host = host;
    this.#lineage = Object.freeze(lineage);
  }

  map<U>(fn: (element: T) => U): Rdd<U> {
    return this.#step("map", fn);
  }

  filter<S extends T>(fn: ((element: T) => element is S) | ((element: T) => boolean)): Rdd<S> {
    return this.#step("filter", fn);
  }

  flatMap<U>(fn: (element: T) => Iterable<U>): Rdd<U> {
    return this.#step("flatMap", fn);
  }

  reduceByKey<K, V>(
    fn: (left: Widen<V>, right: Widen<V>) => Widen<V>,
    options: ReduceByKeyOptions = {},
  ): Rdd<readonly [K, Widen<V>]> {
    checkFunction("reduceByKey", fn);
    checkPartitionCount("reduceByKey", options.partitionCount);
    return createRdd(this.#host, {
      kind: "reduceByKey",
      input: this.#lineage,
      fn,
      partitionCount: options.partitionCount,
    });
  }

  sortBy(key: (element: T) => unknown, options: SortByOptions = {}): Rdd<T> {
    checkFunction("sortBy", key);
    checkPartitionCount("sortBy", options.partitionCount);
    const { ascending = true, partitionCount } = options;
    return createRdd(this.#host, { kind: "sortBy", input: this.#lineage, key, isAscending: ascending, partitionCount });
  }

  async collect(options?: ActionOptions): Promise<T[]> {
    const { partitions } = await this.#run("collect", { kind: "collect" }, { options });
    return partitions.flat() as T[];
  }

  async take(count: number, options?: ActionOptions): Promise<T[]> {
    checkCount("take", count);
    if (count === 0) return [];
    const { partitions } = await this.#run("take", { kind: "collect", rowsMax: count }, { options, rowsWanted: count });
    return partitions.flat().slice(0, count) as T[];
  }

  async reduce(fn: (left: T, right: T) => T, options?: ActionOptions): Promise<T> {
    checkFunction("reduce", fn);
    const { partitions } = await this.#run("reduce", { kind: "reduce", fn }, { options });
    const parts = partitions.flat() as T[];
    if (parts.length === 0)
      throw new DatasetError("empty-collection", "reduce found no element; there is nothing to give");
    return parts.reduce((left, right) => fn(left, right));
  }

  async count(options?: ActionOptions): Promise<number> {
    const { partitions } = await this.#run("count", { kind: "count" }, { options });
    return (partitions.flat() as number[]).reduce((sum, count) => sum + count, 0);
  }

  async saveAsTextFile(directory: string, options?: ActionOptions): Promise<SavedFiles> {
    let result: JobResult | undefined;
    await writeDirectory(directory, async (hidden) => {
      result = await this.#run("saveAsTextFile", { kind: "text", directory: hidden }, { options });
    });
    assert(result !== undefined, "a directory that was published was written by a job");
    const rowCount = (result.partitions.flat() as number[]).reduce((sum, count) => sum + count, 0);
    return { directory, partCount: result.partitions.length, rowCount, stages: result.stages };
  }

  #step<U>(kind: "map" | "filter" | "flatMap", fn: AnyFunction): Rdd<U> {
    checkFunction(kind, fn);
    return createRdd<U>(this.#host, { kind, input: this.#lineage, fn });
  }

  async #run(
    name: string,
    sink: ActionSink,
    { options, rowsWanted }: { readonly options: ActionOptions | undefined; readonly rowsWanted?: number },
  ): Promise<JobResult> {
    try {
      const executor = this.#host.executor();
      const splits = await planSources(this.#lineage);
      const plan = { name, module: this.#host.module, splits, ...(rowsWanted === undefined ? {} : { rowsWanted }) };
      return await executor.run(planJob(this.#lineage, sink, plan), options);
    } catch (thrown) {
      throw DatasetError.from(thrown);
    }
  }
}

/** Looks at the files that a lineage reads: where they are, how large, how to cut them. */
async function planSources(lineage: Lineage): Promise<ReadonlyMap<SourceNode, readonly unknown[]>> {
  const splits = new Map<SourceNode, readonly unknown[]>();
  for (const source of sourcesOf(lineage)) {
    if (source.kind === "text") splits.set(source, await planTextSplits(source.path, source.partitionsMin));
    else if (source.kind === "parquet") splits.set(source, await planParquetRanges(source.path, source));
  }
  return splits;
}
