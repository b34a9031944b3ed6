import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedPositions } from "../../src/rdd/sort-rows.ts";
import { compareKeys } from "../../src/rdd/sort-order.ts";

const scalar = fc.oneof(
  fc.string(),
  fc.double(),
  fc.bigInt({ min: -5n, max: 5n }),
  fc.boolean(),
  fc.date(),
  fc.constantFrom(null, undefined, NaN, -0, 0),
);
const key = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));

test("the order is total: antisymmetric and transitive, over keys of any kinds", () => {
  const property = fc.property(key, key, key, (a, b, c) => {
    expect(Math.sign(compareKeys(a, b)) + Math.sign(compareKeys(b, a))).toBe(0);
    if (compareKeys(a, b) <= 0 && compareKeys(b, c) <= 0) expect(compareKeys(a, c)).toBeLessThanOrEqual(0);
    expect(compareKeys(a, a)).toBe(0);
  });
  fc.assert(property, { numRuns: 1000 });
});

test("kinds have an order: undefined, null, booleans, numbers, dates, strings, arrays", () => {
  const sorted = [undefined, null, false, true, -Infinity, 1, 2n, 2.5, NaN, new Date(0), "", "a", [], [1], [1, 2]];
  // Boxed: Array.sort puts undefined last without asking.
  const boxed = sorted.map((one) => ({ one }));
  expect(boxed.toReversed().sort((left, right) => compareKeys(left.one, right.one))).toEqual(boxed);
});

test("what has no place in an order is refused", () => {
  expect(() => compareKeys({}, {})).toThrow("[unsupported-key]");
});

test("positions are those of a stable sort, whatever the kinds of the keys", () => {
  const keys = fc.oneof(
    fc.array(fc.string({ unit: "binary", maxLength: 9 })),
    fc.array(fc.string({ unit: fc.constantFrom("a", "\u00ff", "\u0100", "\uffff", "\0"), maxLength: 9 })),
    // A beginning that all share is left out of the comparison.
    fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 8 }).map((text) => `same beginning ${text}`)),
    fc.array(fc.double()),
    fc.array(fc.oneof(fc.double({ noNaN: true }), fc.bigInt(), fc.string(), fc.constantFrom(null, undefined, NaN, -0))),
  );
  fc.assert(
    fc.property(keys, fc.boolean(), (all, isAscending) => {
      const expected = all
        .map((key, index) => ({ key, index }))
        .sort((left, right) => (isAscending ? 1 : -1) * compareKeys(left.key, right.key));
      expect([...sortedPositions(all, isAscending)]).toEqual(expected.map(({ index }) => index));
    }),
    { numRuns: 500 },
  );
});
