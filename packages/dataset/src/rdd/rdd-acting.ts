import type { JobResult } from "@tutti/runtime";
import { assert, createPrng, mixSeed } from "@tutti/stdx";
import { checkCount, checkFunction, checkPlainData, checkSeed } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import { grantParts, writeDirectory } from "../sinks/output-directory.ts";
import { jsonOf } from "../sinks/json-text.ts";
import type { Struct } from "../frame/schema.ts";
import type { ActionOptions, Histogram, SavedFiles } from "./actions.ts";
import { addToSketch, emptySketch, estimateDistinct, mergeSketches } from "./distinct-sketch.ts";
import { binOf, boundsOf, checkBounds } from "./histogram.ts";
import { canonicalKey } from "./key.ts";
import { drawLineage } from "./lineage.ts";
import { countPartitions, planJob, type ActionSink } from "./plan-job.ts";
import { PairingRdd } from "./rdd-pairing.ts";
import { compareKeys } from "./sort-order.ts";
import { addToMoments, mergeMoments, noMoments, statisticsOf, type Moments, type Statistics } from "./statistics.ts";

type Call = (...args: unknown[]) => unknown;
type Pair = readonly [key: unknown, value: unknown];

interface Aggregation {
  readonly add: Call;
  readonly merge: Call;
}

/** {@link Actions}, without their types: the interface has them. */
export class ActingRdd extends PairingRdd {
  toDF(schema: Struct<unknown>): unknown {
    return this.host.toFrame(this, schema);
  }

  async collect(options?: ActionOptions): Promise<unknown[]> {
    const { partitions } = await this.runJob("collect", { sink: { kind: "collect" }, options });
    return partitions.flat();
  }

  async *toLocalIterator(options?: ActionOptions): AsyncIterableIterator<unknown> {
    const partitionCount = await this.getNumPartitions();
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const only = this.derive({ kind: "partition", input: this.lineage, partition });
      yield* await only.collect(options);
    }
  }

  async take(count: number, options?: ActionOptions): Promise<unknown[]> {
    checkCount("take", count);
    if (count === 0) return [];
    const sink = { kind: "collect", rowsMax: count } as const;
    const { partitions } = await this.runJob("take", { sink, options, rowsWanted: count });
    return partitions.flat().slice(0, count);
  }

  async first(options?: ActionOptions): Promise<unknown> {
    const rows = await this.take(1, options);
    if (rows.length === 0) throw nothingFor("first");
    return rows[0];
  }

  async takeOrdered(count: number, key: Call = (element) => element, options?: ActionOptions): Promise<unknown[]> {
    return await this.#extremes("takeOrdered", { count, key, direction: 1 }, options);
  }

  async top(count: number, key: Call = (element) => element, options?: ActionOptions): Promise<unknown[]> {
    return await this.#extremes("top", { count, key, direction: -1 }, options);
  }

  async takeSample(count: number, seed: number = 0, options?: ActionOptions): Promise<unknown[]> {
    checkCount("takeSample", count);
    checkSeed("takeSample", seed);
    const choose = (drawn: (readonly [draw: number, element: unknown])[]): typeof drawn =>
      drawn.sort(([left], [right]) => left - right).slice(0, count);
    // Each element draws a number, and the smallest win: a partition sends no more than could be among them.
    const drawing = this.element("mapPartitions", (elements: readonly unknown[], index: number) => {
      const prng = createPrng(mixSeed(seed, index));
      return choose(elements.map((element) => [prng.nextUnit(), element]));
    });
    const drawn = (await drawing.collect(options)) as (readonly [number, unknown])[];
    return choose(drawn).map(([, element]) => element);
  }

  async count(options?: ActionOptions): Promise<number> {
    return sumOf((await this.runJob("count", { sink: { kind: "count" }, options })).partitions.flat());
  }

  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }

  async countByValue(options?: ActionOptions): Promise<Map<unknown, number>> {
    return await this.map((element) => [element, null]).countByKey(options);
  }

  async countApproxDistinct(options?: ActionOptions): Promise<number> {
    const sketch = await this.aggregate(
      emptySketch(),
      { add: addToSketch as Call, merge: mergeSketches as Call },
      options,
    );
    return estimateDistinct(sketch as Uint8Array);
  }

  async reduce(fn: Call, options?: ActionOptions): Promise<unknown> {
    checkFunction("reduce", fn);
    const { partitions } = await this.runJob("reduce", { sink: { kind: "reduce", fn }, options });
    const parts = partitions.flat();
    if (parts.length === 0) throw nothingFor("reduce");
    return parts.reduce((left, right) => fn(left, right));
  }

  async fold(zero: unknown, fn: Call, options?: ActionOptions): Promise<unknown> {
    return await this.aggregate(zero, { add: fn, merge: fn }, options);
  }

  async aggregate(zero: unknown, { add, merge }: Aggregation, options?: ActionOptions): Promise<unknown> {
    checkFunction("aggregate", add);
    checkFunction("aggregate", merge);
    checkPlainData("aggregate", zero);
    const sink = { kind: "reduce", fn: add, initial: { value: zero } } as const;
    const { partitions } = await this.runJob("aggregate", { sink, options });
    return partitions.flat().reduce((left, right) => merge(left, right), structuredClone(zero));
  }

  async treeReduce(fn: Call, options?: ActionOptions): Promise<unknown> {
    checkFunction("treeReduce", fn);
    return await (
      await this.#inFewer((rows) => (rows.length === 0 ? [] : [rows.reduce((left, right) => fn(left, right))]))
    ).reduce(fn, options);
  }

  async treeAggregate(zero: unknown, { add, merge }: Aggregation, options?: ActionOptions): Promise<unknown> {
    checkFunction("treeAggregate", add);
    checkFunction("treeAggregate", merge);
    checkPlainData("treeAggregate", zero);
    const parts = await this.#inFewer((rows) => [rows.reduce((sum, row) => add(sum, row), structuredClone(zero))]);
    return await parts.fold(zero, merge, options);
  }

  async foreach(fn: Call, options?: ActionOptions): Promise<void> {
    checkFunction("foreach", fn);
    const effects = this.element("flatMap", (element: unknown) => {
      fn(element);
      return [];
    });
    await effects.runJob("foreach", { sink: { kind: "count" }, options, hasEffects: true });
  }

  async foreachPartition(fn: Call, options?: ActionOptions): Promise<void> {
    checkFunction("foreachPartition", fn, { mayBeAsync: true });
    const effects = this.element("mapPartitions", async (elements: readonly unknown[]) => {
      await fn(elements);
      return [];
    });
    await effects.runJob("foreachPartition", { sink: { kind: "count" }, options, hasEffects: true });
  }

  async min(options?: ActionOptions): Promise<unknown> {
    return await this.reduce((left, right) => (compareKeys(right, left) < 0 ? right : left), options);
  }

  async max(options?: ActionOptions): Promise<unknown> {
    return await this.reduce((left, right) => (compareKeys(right, left) > 0 ? right : left), options);
  }

  async sum(options?: ActionOptions): Promise<number> {
    return (await this.fold(0, (left, right) => (left as number) + (right as number), options)) as number;
  }

  async mean(options?: ActionOptions): Promise<number> {
    return (await this.#someStats("mean", options)).mean;
  }

  async variance(options?: ActionOptions): Promise<number> {
    return (await this.#someStats("variance", options)).variance;
  }

  async stdev(options?: ActionOptions): Promise<number> {
    return (await this.#someStats("stdev", options)).stdev;
  }

  async stats(options?: ActionOptions): Promise<Statistics> {
    const functions = { add: addToMoments as Call, merge: mergeMoments as Call };
    return statisticsOf((await this.aggregate(noMoments, functions, options)) as Moments);
  }

  async histogram(buckets: number | readonly number[], options?: ActionOptions): Promise<Histogram> {
    const bounds =
      typeof buckets === "number"
        ? boundsOf(await this.#someStats("histogram", options), buckets)
        : checkBounds(buckets);
    const zero = new Array<number>(bounds.length - 1).fill(0);
    const add = (counts: number[], value: number): number[] => {
      const bin = binOf(bounds, value);
      if (bin !== undefined) counts[bin] = (counts[bin] ?? 0) + 1;
      return counts;
    };
    const merge = (left: number[], right: number[]): number[] => left.map((count, bin) => count + (right[bin] ?? 0));
    const counts = await this.aggregate(zero, { add: add as Call, merge: merge as Call }, options);
    return { bounds, counts: counts as number[] };
  }

  async countByKey(options?: ActionOptions): Promise<Map<unknown, number>> {
    const ones = this.map((pair) => [(pair as Pair)[0], 1]);
    return (await ones.reduceByKeyLocally((left, right) => (left as number) + (right as number), options)) as Map<
      unknown,
      number
    >;
  }

  async collectAsMap(options?: ActionOptions): Promise<Map<unknown, unknown>> {
    return new Map((await this.collect(options)) as Pair[]);
  }

  async lookup(key: unknown, options?: ActionOptions): Promise<unknown[]> {
    const wanted = canonicalKey(key);
    const found = this.element("filter", (pair: Pair) => canonicalKey(pair[0]) === wanted);
    return await found.element("map", (pair: Pair) => pair[1]).collect(options);
  }

  async reduceByKeyLocally(fn: Call, options?: ActionOptions): Promise<Map<unknown, unknown>> {
    return await this.reduceByKey(fn).collectAsMap(options);
  }

  async saveAsTextFile(directory: string, options?: ActionOptions): Promise<SavedFiles> {
    return await this.#save("saveAsTextFile", { kind: "file", as: "text", directory }, options);
  }

  async saveAsObjectFile(directory: string, options?: ActionOptions): Promise<SavedFiles> {
    return await this.#save("saveAsObjectFile", { kind: "file", as: "objects", directory }, options);
  }

  async saveAsJson(directory: string, options?: ActionOptions): Promise<SavedFiles> {
    const lines = this.element("map", (element: unknown) => jsonOf(element));
    return await lines.#save("saveAsJson", { kind: "file", as: "text", directory }, options);
  }

  async checkpoint(directory: string, options?: ActionOptions): Promise<this> {
    await this.saveAsObjectFile(directory, options);
    return this.derive({ kind: "objects", path: directory });
  }

  async getNumPartitions(): Promise<number> {
    try {
      return countPartitions(this.lineage, await this.planOptions("getNumPartitions"));
    } catch (thrown) {
      throw DatasetError.from(thrown);
    }
  }

  async toDebugString(): Promise<string> {
    const { graph } = planJob(this.lineage, { kind: "collect" }, await this.planOptions("toDebugString"));
    const stages = graph.stages.map(({ id, name, partitionCount }) => `stage ${id} (${partitionCount} tasks): ${name}`);
    return [drawLineage(this.lineage), "", ...stages].join("\n");
  }

  async #save(
    name: string,
    sink: Extract<ActionSink, { kind: "file" }>,
    options: ActionOptions | undefined,
  ): Promise<SavedFiles> {
    const { directory } = sink;
    let result: JobResult | undefined;
    let parts: (readonly [attempt: string, rowCount: number])[] = [];
    await writeDirectory(directory, async (hidden) => {
      result = await this.runJob(name, { sink: { ...sink, directory: hidden }, options });
      parts = result.partitions.flat() as typeof parts;
      // The attempts that the job counts, and no others.
      await grantParts(
        hidden,
        parts.map(([attempt]) => attempt),
      );
    });
    assert(result !== undefined, "a directory that was published was written by a job");
    const rowCount = sumOf(parts.map(([, count]) => count));
    return { directory, partCount: parts.length, rowCount, stages: result.stages };
  }

  /** Each partition keeps its own extremes; the few that are left are put in order here. */
  async #extremes(
    operation: string,
    { count, key, direction }: { readonly count: number; readonly key: Call; readonly direction: 1 | -1 },
    options: ActionOptions | undefined,
  ): Promise<unknown[]> {
    checkCount(operation, count);
    checkFunction(operation, key);
    const choose = (rows: readonly unknown[]): unknown[] => {
      const keyed = rows.map((row) => ({ key: key(row), row }));
      keyed.sort((left, right) => direction * compareKeys(left.key, right.key));
      return keyed.slice(0, count).map(({ row }) => row);
    };
    return choose(await this.element("mapPartitions", choose).collect(options));
  }

  async #someStats(operation: string, options: ActionOptions | undefined): Promise<Statistics> {
    const stats = await this.stats(options);
    if (stats.count === 0) throw nothingFor(operation);
    return stats;
  }

  /** One row for each partition, then as many partitions as the square root of what there were. */
  async #inFewer(combine: (rows: readonly unknown[]) => readonly unknown[]): Promise<this> {
    const partitionCount = Math.max(1, Math.ceil(Math.sqrt(await this.getNumPartitions())));
    return this.element("mapPartitions", combine).coalesce(partitionCount);
  }
}

function sumOf(counts: readonly unknown[]): number {
  return (counts as readonly number[]).reduce((sum, count) => sum + count, 0);
}

function nothingFor(operation: string): DatasetError {
  return new DatasetError("empty-collection", `${operation} found no element; there is nothing to give`);
}
