import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContext, type Context } from "../../src/index.ts";
import { canonicalKey } from "../../src/rdd/key.ts";
import { compareKeys } from "../../src/rdd/sort-order.ts";

const element = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.string({ maxLength: 3 }),
  fc.constantFrom(undefined, null, NaN, -0, 0, 2n ** 70n, true),
);
const partitions = fc.integer({ min: 1, max: 7 });

/** One order for comparing results whose order is not promised. */
const inAnyOrder = (rows: readonly unknown[]): string[] => rows.map((row) => canonicalKey(row)).sort();

describe.each([
  { executor: "in process", open: () => createContext(), runs: 60 },
  { executor: "on two threads", open: () => createContext({ threads: 2 }), runs: 25 },
])("$executor", ({ open, runs }) => {
  let tutti: Context;
  beforeAll(() => {
    tutti = open();
  });
  afterAll(() => tutti.close());

  const check = async (property: fc.IAsyncPropertyWithHooks<never>): Promise<void> => {
    await fc.assert(property as fc.IAsyncProperty<never>, { numRuns: runs });
  };
  const overElements = (
    verify: (elements: unknown[], partitionCount: number) => Promise<void>,
  ): fc.IAsyncPropertyWithHooks<never> =>
    fc.asyncProperty(fc.array(element), partitions, verify) as unknown as fc.IAsyncPropertyWithHooks<never>;

  test("the five numbers, doubled and summed, are 30", async () => {
    expect(
      await tutti
        .parallelize([1, 2, 3, 4, 5])
        .map((x) => x * 2)
        .reduce((a, b) => a + b),
    ).toBe(30);
  });

  test("collect gives what was parallelized, in order", () =>
    check(
      overElements(async (elements, partitionCount) => {
        expect(await tutti.parallelize(elements, { partitionCount }).collect()).toStrictEqual(elements);
      }),
    ));

  test("map, filter and flatMap do what arrays do", () =>
    check(
      overElements(async (elements, partitionCount) => {
        const rdd = tutti.parallelize(elements, { partitionCount });
        expect(await rdd.map((x) => [x]).collect()).toStrictEqual(elements.map((x) => [x]));
        expect(await rdd.filter((x) => typeof x === "string").collect()).toStrictEqual(
          elements.filter((x) => typeof x === "string"),
        );
        expect(await rdd.flatMap((x) => [x, x]).collect()).toStrictEqual(elements.flatMap((x) => [x, x]));
      }),
    ));

  test("take gives a prefix and count the length", () =>
    check(
      overElements(async (elements, partitionCount) => {
        const rdd = tutti.parallelize(elements, { partitionCount });
        for (const count of [0, 1, 3, elements.length, elements.length + 1]) {
          expect(await rdd.take(count)).toStrictEqual(elements.slice(0, count));
        }
        expect(await rdd.count()).toBe(elements.length);
      }),
    ));

  test("reduceByKey has one pair for each distinct key", () =>
    check(
      overElements(async (elements, partitionCount) => {
        const pairs = await tutti
          .parallelize(elements, { partitionCount })
          .map((x) => [x as string, 1] as const)
          .reduceByKey((a, b) => a + b, { partitionCount: 3 })
          .collect();
        const expected = new Map<unknown, number>();
        for (const x of elements) expected.set(x, (expected.get(x) ?? 0) + 1);
        expect(inAnyOrder(pairs)).toEqual(inAnyOrder([...expected]));
      }),
    ));

  test("sortBy sorts, keeps the order of equal keys, and does so in both directions", () =>
    check(
      overElements(async (elements, partitionCount) => {
        const rows = elements.map((key, index) => ({ key, index }));
        for (const ascending of [true, false]) {
          const sorted = await tutti
            .parallelize(rows, { partitionCount })
            .sortBy((row) => row.key as string, { ascending, partitionCount: 3 })
            .collect();
          const direction = ascending ? 1 : -1;
          expect(sorted).toStrictEqual(rows.toSorted((a, b) => direction * compareKeys(a.key, b.key)));
        }
      }),
    ));

  test("an operation on what another made sees what that one gave", async () => {
    const sums = tutti
      .parallelize(Array.from({ length: 1000 }, (_, index) => index))
      .map((x) => [x % 10, x] as const)
      .reduceByKey((a, b) => a + b);
    const top = sums.sortBy(([, sum]) => sum, { ascending: false }).map(([digit]) => digit);
    expect(await top.take(3)).toEqual([9, 8, 7]);
    expect(await sums.map(([, sum]) => sum).reduce((a, b) => a + b)).toBe(499_500);
  });

  test("a function may use what it closes over, as it was when the action started", async () => {
    let factor = 3;
    const scale = (x: number): number => x * factor;
    const rdd = tutti.parallelize([1, 2]).map(scale);
    factor = 10;
    expect(await rdd.collect()).toEqual([10, 20]);
  });
});
