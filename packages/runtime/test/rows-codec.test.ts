import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRows, encodeRows } from "../src/shuffle/rows-codec.ts";

const travel = (rows: readonly unknown[]): unknown[] => decodeRows(encodeRows(rows));

const scalar = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(undefined, null, NaN, -0, 0, Infinity),
  fc.bigInt(),
  fc.boolean(),
  fc.string({ unit: "binary" }),
  fc.date(),
);
const plain = { noNullPrototype: true };
const shapes: readonly fc.Arbitrary<unknown>[] = [
  scalar,
  fc.tuple(fc.string(), fc.integer()),
  fc.record({ name: fc.string(), at: fc.record({ x: fc.double() }, plain) }, plain),
  fc.array(scalar),
  fc.dictionary(fc.string(), scalar, plain),
];

test("rows of any shape arrive as they left, in order", () => {
  for (const shape of [...shapes, fc.oneof(...shapes)]) {
    const property = fc.property(fc.array(shape), (rows) => {
      expect(travel(rows)).toStrictEqual(rows);
    });
    fc.assert(property, { numRuns: 50 });
  }
});

test("minus zero, holes, lone surrogates and wide integers are kept", () => {
  const rows = [-0, 1, NaN, 2 ** 40];
  expect(Object.is(travel(rows)[0], -0)).toBe(true);
  // oxlint-disable-next-line no-sparse-arrays
  expect(Object.keys(travel([[1, , 3]])[0] as object)).toEqual(["0", "2"]);
  expect(travel(["\ud800", "a"])).toEqual(["\ud800", "a"]);
  expect(travel([2n ** 70n, 1n])).toEqual([2n ** 70n, 1n]);
});

test("an object that looks like a record but has a __proto__ key keeps it as a key", () => {
  const rows = [JSON.parse('{"__proto__": 1, "a": 2}') as object];
  expect(Object.keys(travel(rows)[0] as object)).toEqual(["__proto__", "a"]);
});

test("an instance of a class is refused by name instead of losing its methods", () => {
  class Point {
    readonly x: number = 1;
  }
  expect(() => encodeRows([new Point()])).toThrow("an instance of Point");
  expect(() => encodeRows([{ deep: [new Point()] }])).toThrow("an instance of Point");
  expect(() => encodeRows([() => 1])).toThrow("cannot-travel");
});

test("a damaged block is reported, never read past its end", () => {
  const bytes = encodeRows(Array.from({ length: 20 }, (_, index) => [`key${index}`, index]));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      expect(() => decodeRows(bytes.slice(0, length))).toThrow();
    }),
  );
});
