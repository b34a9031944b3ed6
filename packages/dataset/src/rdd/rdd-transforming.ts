import { checkFraction, checkFunction, checkPartitionCount, checkRdd, checkSeed } from "../check-argument.ts";
import { DatasetError } from "../dataset-error.ts";
import { RddBase } from "./rdd-base.ts";
import { keepPlaceOf, type StorageLevel } from "./storage-level.ts";
import type { PartitionOptions, SampleOptions, SortOptions } from "./transformations.ts";

type Call = (...args: unknown[]) => unknown;
type Pair = readonly [unknown, unknown];

/** {@link Transformations}, without their types: the interface has them. */
export class TransformingRdd extends RddBase {
  map(fn: Call): this {
    checkFunction("map", fn);
    return this.element("map", fn);
  }

  filter(fn: Call): this {
    checkFunction("filter", fn);
    return this.element("filter", fn);
  }

  flatMap(fn: Call): this {
    checkFunction("flatMap", fn);
    return this.element("flatMap", fn);
  }

  mapPartitions(fn: Call): this {
    checkFunction("mapPartitions", fn, { mayBeAsync: true });
    return this.element("mapPartitions", (elements: readonly unknown[]) => fn(elements));
  }

  mapPartitionsWithIndex(fn: Call): this {
    checkFunction("mapPartitionsWithIndex", fn, { mayBeAsync: true });
    return this.element("mapPartitions", fn);
  }

  glom(): this {
    return this.element("mapPartitions", (elements: readonly unknown[]) => [elements]);
  }

  keyBy(fn: Call): this {
    checkFunction("keyBy", fn);
    return this.element("map", (element: unknown) => [fn(element), element]);
  }

  distinct(options: PartitionOptions = {}): this {
    const firstOf = (first: unknown): unknown => first;
    return this.element("map", (element: unknown) => [element, null])
      .combined(options, { merge: firstOf })
      .element("map", (pair: Pair) => pair[0]);
  }

  union(other: unknown): this {
    return this.derive({ kind: "union", inputs: [this.lineage, checkRdd("union", other).lineage] });
  }

  intersection(other: unknown, options: PartitionOptions = {}): this {
    const both = this.#grouped("intersection", other, options);
    return both
      .element("filter", ([, [left, right]]: Grouped) => left.length > 0 && right.length > 0)
      .element("map", ([key]: Grouped) => key);
  }

  subtract(other: unknown, options: PartitionOptions = {}): this {
    const both = this.#grouped("subtract", other, options);
    return both.element("flatMap", ([key, [left, right]]: Grouped) => (right.length > 0 ? [] : left.map(() => key)));
  }

  cartesian(other: unknown): this {
    return this.derive({ kind: "cartesian", input: this.lineage, other: checkRdd("cartesian", other).lineage });
  }

  zip(other: unknown): this {
    return this.derive({ kind: "zip", input: this.lineage, other: checkRdd("zip", other).lineage });
  }

  zipWithIndex(): this {
    return this.derive({ kind: "zipWithIndex", input: this.lineage });
  }

  zipWithUniqueId(): this {
    return this.derive({ kind: "zipWithUniqueId", input: this.lineage });
  }

  sample(fraction: number, { withReplacement = false, seed = 0 }: SampleOptions = {}): this {
    checkFraction("sample", fraction, withReplacement ? Infinity : 1);
    checkSeed("sample", seed);
    return this.derive({ kind: "sample", input: this.lineage, from: 0, to: fraction, withReplacement, seed });
  }

  randomSplit(weights: readonly number[], seed: number = 0): this[] {
    checkSeed("randomSplit", seed);
    for (const weight of weights) checkFraction("randomSplit", weight, Infinity);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (sum === 0) throw new DatasetError("invalid-argument", "randomSplit needs a weight above 0");
    let from = 0;
    return weights.map((weight, index) => {
      // The last part reaches to the end whatever rounding did, so that no element is in no part.
      const to = index === weights.length - 1 ? 1 : from + weight / sum;
      const part = this.derive({ kind: "sample", input: this.lineage, from, to, withReplacement: false, seed });
      from = to;
      return part;
    });
  }

  sortBy(key: Call, { ascending = true, partitionCount }: SortOptions = {}): this {
    checkFunction("sortBy", key);
    checkPartitionCount("sortBy", partitionCount);
    return this.derive({ kind: "sortBy", input: this.lineage, key, isAscending: ascending, partitionCount });
  }

  groupBy(fn: Call, options: PartitionOptions = {}): this {
    checkFunction("groupBy", fn);
    return this.element("map", (element: unknown) => [fn(element), element]).gathered(options);
  }

  pipe(command: string, args: readonly string[] = []): this {
    if (typeof command !== "string" || command === "") {
      throw new DatasetError("invalid-argument", "pipe needs the name of a program; its arguments come apart from it");
    }
    return this.derive({ kind: "pipe", input: this.lineage, command, args: [...args] });
  }

  coalesce(partitionCount: number): this {
    checkPartitionCount("coalesce", partitionCount, { isNeeded: true });
    return this.derive({ kind: "coalesce", input: this.lineage, partitionCount });
  }

  repartition(partitionCount: number): this {
    checkPartitionCount("repartition", partitionCount, { isNeeded: true });
    return this.derive({ kind: "exchange", input: this.lineage, by: "turn", partitionCount, isSorted: false });
  }

  persist(level: StorageLevel = "MEMORY_AND_DISK"): this {
    const keepIn = keepPlaceOf(level);
    if (this.lineage.kind === "persist") {
      if (this.lineage.keepIn === keepIn) return this;
      const what = `this RDD is kept in ${this.lineage.keepIn}; for ${level} persist the one that it was made of`;
      throw new DatasetError("invalid-argument", what);
    }
    return this.derive({ kind: "persist", input: this.lineage, key: this.host.newKey(), keepIn });
  }

  cache(): this {
    return this.lineage.kind === "persist" ? this : this.persist();
  }

  unpersist(): void {
    if (this.lineage.kind !== "persist") return;
    this.host.kept.delete(this.lineage.key);
    this.host.executor().release(this.lineage.key);
  }

  /** One value for each key, combined before the shuffle. */
  protected combined({ partitionCount }: PartitionOptions, functions: Combination): this {
    checkPartitionCount("a shuffle", partitionCount);
    const { create, merge, mergeCombiners = merge } = functions;
    const node = { kind: "combineByKey", input: this.lineage, create, mergeValue: merge, mergeCombiners } as const;
    return this.derive({ ...node, mapSide: true, partitionCount });
  }

  /** All values of each key. Combining first would only move them into arrays earlier. */
  protected gathered({ partitionCount }: PartitionOptions): this {
    checkPartitionCount("a shuffle", partitionCount);
    const create = (value: unknown): unknown[] => [value];
    const mergeValue = (values: unknown[], value: unknown): unknown[] => {
      values.push(value);
      return values;
    };
    const mergeCombiners = (left: unknown[], right: readonly unknown[]): unknown[] => {
      for (const value of right) left.push(value);
      return left;
    };
    const node = { kind: "combineByKey", input: this.lineage, create, mergeValue, mergeCombiners } as const;
    return this.derive({ ...node, mapSide: false, partitionCount });
  }

  protected cogrouped(other: RddBase, { partitionCount }: PartitionOptions): this {
    checkPartitionCount("a shuffle", partitionCount);
    return this.derive({ kind: "cogroup", inputs: [this.lineage, other.lineage], partitionCount });
  }

  #grouped(operation: string, other: unknown, options: PartitionOptions): this {
    const asKey = (element: unknown): Pair => [element, null];
    const right = (checkRdd(operation, other) as this).element("map", asKey);
    return this.element("map", asKey).cogrouped(right, options);
  }
}

/** A key with the values of two RDDs. */
export type Grouped = readonly [key: unknown, values: readonly [left: readonly unknown[], right: readonly unknown[]]];

export interface Combination {
  /** What the first value of a key becomes. Default: itself. */
  readonly create?: Call | undefined;
  readonly merge: Call;
  /** Default: `merge`. */
  readonly mergeCombiners?: Call;
}
