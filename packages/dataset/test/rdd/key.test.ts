import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalKey, hashKey, type Key } from "../../src/rdd/key.ts";
import { createKeyedTable, cutByKey } from "../../src/rdd/keyed-table.ts";

const plain = { noNullPrototype: true };
const primitive = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, NaN, -0, 0),
);
const { key } = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    primitive,
    fc.date(),
    fc.array(tie("key"), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie("key"), { maxKeys: 3, ...plain }),
  ),
}));

test("a copy of a key is the same key, with the same hash", () => {
  const property = fc.property(key, (one) => {
    const copy = structuredClone(one);
    expect(canonicalKey(copy)).toBe(canonicalKey(one));
    expect(hashKey(copy)).toBe(hashKey(one));
  });
  fc.assert(property);
});

test("keys of different content are different", () => {
  const distinct: Key[] = ["1", 1, 1n, "1;", [1], ["1"], [[1]], { a: 1 }, { b: 1 }, null, undefined, true, new Date(1)];
  distinct.push(
    "",
    [],
    {},
    ["a", "b"],
    ["ab"],
    ["a:1", "b"],
    { a: undefined },
    [undefined],
    [null],
    "n1;",
    NaN,
    0,
    false,
  );
  expect(new Set(distinct.map(canonicalKey)).size).toBe(distinct.length);
});

test("NaN is NaN, minus zero is zero, and the order of properties does not matter", () => {
  expect(canonicalKey([NaN])).toBe(canonicalKey([NaN]));
  expect(canonicalKey(-0)).toBe(canonicalKey(0));
  expect(hashKey(-0)).toBe(hashKey(0));
  expect(canonicalKey({ a: 1, b: 2 })).toBe(canonicalKey({ b: 2, a: 1 }));
});

test("what is no key is refused with its kind", () => {
  class Point {}
  expect(() => canonicalKey(new Point())).toThrow("[unsupported-key] an instance of Point");
  expect(() => canonicalKey([() => 1])).toThrow("[unsupported-key] a function");
  expect(() => canonicalKey({ [Symbol.for("s")]: 1 })).toThrow("symbol keys");
});

test("a table keeps one value for each key, whatever kind of key it is", () => {
  const property = fc.property(
    fc.array(fc.tuple(key, fc.integer())),
    fc.integer({ min: 1, max: 5 }),
    (pairs, sliceCount) => {
      const table = createKeyedTable();
      const expected = new Map<string, number>();
      for (const [one, value] of pairs) {
        table.add(one, value, { create: undefined, merge: (left, right) => Number(left) + Number(right) });
        expected.set(canonicalKey(one), (expected.get(canonicalKey(one)) ?? 0) + value);
      }
      const slices = cutByKey(table.drain(), sliceCount) as [Key, number][][];
      expect(new Map(slices.flat().map(([one, value]) => [canonicalKey(one), value]))).toEqual(expected);
      slices.forEach((slice, index) => slice.forEach(([one]) => expect(hashKey(one) % sliceCount).toBe(index)));
    },
  );
  fc.assert(property);
});
