import { checkFunction, checkPartitionCount, checkPlainData, checkRdd } from "../check-argument.ts";
import type { PartitionerOptions } from "./pair-transformations.ts";
import { TransformingRdd, type Grouped } from "./rdd-transforming.ts";
import type { PartitionOptions, SortOptions } from "./transformations.ts";

type Call = (...args: unknown[]) => unknown;
type Pair = readonly [key: unknown, value: unknown];

/** {@link PairTransformations}, without their types: the interface has them. */
export class PairingRdd extends TransformingRdd {
  keys(): this {
    return this.element("map", (pair: Pair) => pair[0]);
  }

  values(): this {
    return this.element("map", (pair: Pair) => pair[1]);
  }

  mapValues(fn: Call): this {
    checkFunction("mapValues", fn);
    return this.element("map", (pair: Pair) => [pair[0], fn(pair[1])]);
  }

  flatMapValues(fn: Call): this {
    checkFunction("flatMapValues", fn);
    return this.element("flatMap", (pair: Pair) =>
      Array.from(fn(pair[1]) as Iterable<unknown>, (one) => [pair[0], one]),
    );
  }

  reduceByKey(fn: Call, options: PartitionOptions = {}): this {
    checkFunction("reduceByKey", fn);
    return this.combined(options, { merge: fn });
  }

  foldByKey(zero: unknown, fn: Call, options: PartitionOptions = {}): this {
    checkFunction("foldByKey", fn);
    checkPlainData("foldByKey", zero);
    const create = (value: unknown): unknown => fn(structuredClone(zero), value);
    return this.combined(options, { create, merge: fn });
  }

  aggregateByKey(
    zero: unknown,
    functions: { readonly add: Call; readonly merge: Call },
    options: PartitionOptions = {},
  ): this {
    checkPlainData("aggregateByKey", zero);
    const { add, merge } = functions;
    checkFunction("aggregateByKey", add);
    checkFunction("aggregateByKey", merge);
    const create = (value: unknown): unknown => add(structuredClone(zero), value);
    return this.combined(options, { create, merge: add, mergeCombiners: merge });
  }

  combineByKey(
    functions: { readonly create: Call; readonly add: Call; readonly merge: Call },
    options: PartitionOptions = {},
  ): this {
    const { create, add, merge } = functions;
    for (const fn of [create, add, merge]) checkFunction("combineByKey", fn);
    return this.combined(options, { create, merge: add, mergeCombiners: merge });
  }

  groupByKey(options: PartitionOptions = {}): this {
    return this.gathered(options);
  }

  cogroup(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("cogroup", other), options);
  }

  join(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("join", other), options).element("flatMap", ([key, [left, right]]: Grouped) =>
      left.flatMap((one) => right.map((two) => [key, [one, two]])),
    );
  }

  leftOuterJoin(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("leftOuterJoin", other), options).element(
      "flatMap",
      ([key, [left, right]]: Grouped) =>
        left.flatMap((one) => (right.length === 0 ? [undefined] : right).map((two) => [key, [one, two]])),
    );
  }

  rightOuterJoin(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("rightOuterJoin", other), options).element(
      "flatMap",
      ([key, [left, right]]: Grouped) =>
        (left.length === 0 ? [undefined] : left).flatMap((one) => right.map((two) => [key, [one, two]])),
    );
  }

  fullOuterJoin(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("fullOuterJoin", other), options).element(
      "flatMap",
      ([key, [left, right]]: Grouped) =>
        (left.length === 0 ? [undefined] : left).flatMap((one) =>
          (right.length === 0 ? [undefined] : right).map((two) => [key, [one, two]]),
        ),
    );
  }

  subtractByKey(other: unknown, options: PartitionOptions = {}): this {
    return this.cogrouped(checkRdd("subtractByKey", other), options).element(
      "flatMap",
      ([key, [left, right]]: Grouped) => (right.length > 0 ? [] : left.map((value) => [key, value])),
    );
  }

  sortByKey(options: SortOptions = {}): this {
    return this.sortBy((pair: unknown) => (pair as Pair)[0], options);
  }

  partitionBy(partitionCount: number, options: PartitionerOptions = {}): this {
    return this.#exchanged("partitionBy", { partitionCount, ...options, isSorted: false });
  }

  repartitionAndSortWithinPartitions(partitionCount: number, options: PartitionerOptions = {}): this {
    return this.#exchanged("repartitionAndSortWithinPartitions", { partitionCount, ...options, isSorted: true });
  }

  #exchanged(
    operation: string,
    parts: PartitionerOptions & { readonly partitionCount: number; readonly isSorted: boolean },
  ): this {
    const { partitionCount, partitioner, isSorted } = parts;
    checkPartitionCount(operation, partitionCount, { isNeeded: true });
    if (partitioner !== undefined) checkFunction(operation, partitioner);
    return this.derive({ kind: "exchange", input: this.lineage, by: partitioner ?? "key", partitionCount, isSorted });
  }
}
