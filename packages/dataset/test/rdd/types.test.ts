import { expectTypeOf, test } from "vitest";
import type { Context, Key, Rdd } from "../../src/index.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Never runs: the compiler checks it, and fails where a line that must not compile does. */
function programs(tutti: Context, numbers: Rdd<number>, texts: Rdd<string>, json: Rdd<Json>): unknown[] {
  const pairs = texts.map((text) => [text, 1] as const);
  expectTypeOf(pairs.reduceByKey((a, b) => a + b)).toEqualTypeOf<Rdd<readonly [string, number]>>();
  expectTypeOf(pairs.groupByKey()).toEqualTypeOf<Rdd<readonly [string, readonly 1[]]>>();
  expectTypeOf(pairs.leftOuterJoin(texts.keyBy((text) => text))).toEqualTypeOf<
    Rdd<readonly [string, readonly [1, string | undefined]]>
  >();
  expectTypeOf(numbers.filter((x): x is 3 => x === 3)).toEqualTypeOf<Rdd<3>>();
  expectTypeOf(numbers.flatMap((x) => `${x}`)).toEqualTypeOf<Rdd<string>>();
  expectTypeOf(numbers.union(texts)).toEqualTypeOf<Rdd<string | number>>();
  expectTypeOf(json.reduce((a) => a)).resolves.toEqualTypeOf<Json>();
  expectTypeOf(tutti.parquetRows<{ n: bigint }>("f").collect()).resolves.toEqualTypeOf<{ n: bigint }[]>();
  expectTypeOf(
    numbers.aggregate({ n: 0 }, { add: ({ n }) => ({ n: n + 1 }), merge: (a) => a }),
  ).resolves.toEqualTypeOf<{
    n: number;
  }>();
  return [
    // @ts-expect-error operations on pairs exist on pairs only
    numbers.reduceByKey((a: number, b: number) => a + b),
    // @ts-expect-error a function is no key
    texts.map((text) => [() => text, 1] as const).groupByKey(),
    // @ts-expect-error keys of a join have one type
    pairs.join(numbers.map((x) => [x, x] as const)),
    // @ts-expect-error a sum of texts is no number
    texts.sum(),
    // @ts-expect-error objects have no order
    numbers.map((x) => ({ x })).min(),
    // @ts-expect-error a combination has the type of what it combines
    pairs.reduceByKey((a, b) => `${a}${b}`),
    // @ts-expect-error a reduction too
    numbers.reduce((a, b) => `${a}${b}`),
  ];
}

test("types follow the elements, and wrong programs do not compile", () => {
  expectTypeOf(programs).parameters.toEqualTypeOf<[Context, Rdd<number>, Rdd<string>, Rdd<Json>]>();
  expectTypeOf<Date | readonly [string, { readonly a: bigint }]>().toExtend<Key>();
});
