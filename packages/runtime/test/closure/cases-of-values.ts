import { constant, type Arrives } from "./case-types.ts";

const registered = Symbol.for("tutti.test");

export const scalars: readonly Arrives[] = [
  ["a number", () => constant((k) => () => k + 1, 41), 42],
  ["a bigint", () => constant((k) => () => k * 2n, 21n), 42n],
  ["minus zero, NaN and infinity", () => constant((k) => () => k, [-0, NaN, -Infinity]), [-0, NaN, -Infinity]],
  [
    "undefined and null",
    () => constant((k) => () => [k.a, k.b, "a" in k], { a: undefined, b: null }),
    [undefined, null, true],
  ],
  [
    "a scalar of each kind, directly",
    () => {
      const [a, b, c, d, e, f] = [-0, NaN, 7n, undefined, null, "text"];
      return () => [a, b, c, d, e, f];
    },
    [-0, NaN, 7n, undefined, null, "text"],
  ],
];

export const structures: readonly Arrives[] = [
  ["an object", () => constant((k) => () => k.a.b, { a: { b: 42 } }), 42],
  [
    "an object with __proto__ as own property",
    () => {
      const k = JSON.parse('{"__proto__": 42}') as Record<string, unknown>;
      return () => [Object.keys(k), Object.getPrototypeOf(k) === Object.prototype];
    },
    [["__proto__"], true],
  ],
  [
    "a cycle",
    () => {
      const ring: { next?: unknown } = {};
      ring.next = { next: ring };
      return () => (ring.next as { next: unknown }).next === ring;
    },
    true,
  ],
  [
    "sharing",
    () => {
      const shared = { n: 1 };
      const [a, b] = [{ shared }, [shared]];
      return () => a.shared === b[0];
    },
    true,
  ],
  [
    "an array with holes",
    () => {
      const k: number[] = [];
      k[2] = 42;
      return () => [k.length, 0 in k, k[2]];
    },
    [3, false, 42],
  ],
  [
    "a Map and a Set",
    () => {
      const map = new Map<unknown, unknown>([
        ["a", 1],
        [NaN, 2],
      ]);
      const set = new Set<unknown>([map]);
      map.set("self", map);
      return () => [map.get("a"), map.get(NaN), set.has(map), map.get("self") === map];
    },
    [1, 2, true, true],
  ],
  ["a Date", () => constant((k) => () => k.getTime(), new Date(42)), 42],
  [
    "a RegExp, with where it stands",
    () => {
      const k = /a(?<n>\d)/g;
      k.lastIndex = 3;
      return () => [k.lastIndex, k.exec("..a1a2")?.groups?.["n"]];
    },
    [3, "2"],
  ],
  [
    "an Error",
    () => {
      const k = new Error("broken", { cause: 42 });
      return () => [k.message, k.cause, k instanceof Error, Object.keys(k), k.stack?.startsWith("Error: broken")];
    },
    ["broken", 42, true, [], true],
  ],
  [
    "typed arrays over one buffer",
    () => {
      const a = new Uint8Array([1, 2, 3, 4]);
      const b = new Uint16Array(a.buffer, 2, 1);
      const view = new DataView(a.buffer);
      return () => {
        a[2] = 255;
        return [b[0], b.length, view.getUint8(2), a.buffer === b.buffer];
      };
    },
    [1279, 1, 255, true],
  ],
  ["a Buffer", () => constant((k) => () => [Buffer.isBuffer(k), k.toString()], Buffer.from("täst")), [true, "täst"]],
  [
    "an object without prototype",
    () => {
      const k = Object.assign(Object.create(null) as object, { a: 42 });
      return () => [Object.getPrototypeOf(k), k.a];
    },
    [null, 42],
  ],
  ["a boxed primitive", () => constant((k) => () => [typeof k, k + 1], Object(41) as number), ["object", 42]],
];

class Failure extends TypeError {
  override readonly name: string = "Failure";
  readonly code = 42;
}
class Row extends Array<number> {
  sum(): number {
    return this.reduce((a, b) => a + b, 0);
  }
}
class Day extends Date {
  tag = "day";
}
class Bag extends Map<string, number> {
  override set(key: string, value: number): this {
    return super.set(key, value + 1);
  }
}
class Group extends Set<number> {
  has1(): boolean {
    return this.has(1);
  }
}
class Pattern extends RegExp {
  tag = "pattern";
}
class Bytes extends Uint8Array {
  tag = "bytes";
}

export const gaps: readonly Arrives[] = [
  [
    "an error of the language keeps its class",
    () => constant((k) => () => [k instanceof TypeError, k.name, k.constructor === TypeError], new TypeError("x")),
    [true, "TypeError", true],
  ],
  [
    "an aggregate error keeps its errors",
    () => constant((k) => () => [k instanceof AggregateError, k.errors], new AggregateError([42], "x")),
    [true, [42]],
  ],
  [
    "an error of a user's class keeps its class",
    () =>
      constant(
        (k) => () => [k instanceof Failure, k instanceof TypeError, k.name, k.code, k.message],
        new Failure("x"),
      ),
    [true, true, "Failure", 42, "x"],
  ],
  [
    "a subclass of Array keeps its class",
    () => constant((k) => () => [k instanceof Row, Array.isArray(k), k.sum(), k.length], Row.of(40, 2) as Row),
    [true, true, 42, 2],
  ],
  [
    "a subclass of Date keeps its class",
    () => constant((k) => () => [k instanceof Day, k.getTime(), k.tag], new Day(42)),
    [true, 42, "day"],
  ],
  [
    "a subclass of Map keeps its class and its entries",
    () => constant((k) => () => [k instanceof Bag, k.get("a")], new Bag([["a", 41]])),
    [true, 42],
  ],
  [
    "a subclass of Set keeps its class",
    () => constant((k) => () => [k instanceof Group, k.has1()], new Group([1])),
    [true, true],
  ],
  [
    "a subclass of RegExp keeps its class",
    () => constant((k) => () => [k instanceof Pattern, k.test("a"), k.tag], new Pattern("a")),
    [true, true, "pattern"],
  ],
  [
    "a subclass of a typed array keeps its class",
    () => constant((k) => () => [k instanceof Bytes, k[0], k.tag], Bytes.of(42) as Bytes),
    [true, 42, "bytes"],
  ],
  [
    "properties named by registered and well-known symbols",
    () => {
      const k = {
        [registered]: 40,
        *[Symbol.iterator]() {
          yield 2;
        },
      };
      return () => k[registered] + [...k][0]!;
    },
    42,
  ],
  [
    "frozen, sealed and closed objects",
    () => {
      const all = [
        Object.freeze({ a: 1 }),
        Object.seal({ a: 1 }),
        Object.preventExtensions({ a: 1 }),
        Object.freeze([1]),
      ];
      return () => all.map((one) => [Object.isFrozen(one), Object.isSealed(one), Object.isExtensible(one)]);
    },
    [
      [true, true, false],
      [false, true, false],
      [false, false, false],
      [true, true, false],
    ],
  ],
  [
    "hidden, fixed and computed properties",
    () => {
      const k = { base: 20 } as { base: number; hidden: number; doubled: number };
      Object.defineProperty(k, "hidden", { value: 2, writable: false });
      Object.defineProperty(k, "doubled", {
        get(this: { base: number }) {
          return this.base * 2;
        },
        configurable: true,
      });
      return () => [Object.keys(k), k.hidden + k.doubled, Object.getOwnPropertyDescriptor(k, "hidden")?.writable];
    },
    [["base"], 42, false],
  ],
  ["process.stdout is the worker's own", () => constant((k) => () => k === process.stdout, process.stdout), true],
  [
    "methods put on a class later",
    () => {
      class Late {}
      Object.assign(Late.prototype, { later: () => 42 });
      return () => (new Late() as unknown as { later(): number }).later();
    },
    42,
  ],
  [
    "a method that replaced another",
    () => {
      class Patched {
        n(): number {
          return 1;
        }
      }
      // oxlint-disable-next-line typescript/unbound-method
      const original = Patched.prototype.n;
      Patched.prototype.n = function n() {
        return original.call(this) + 41;
      };
      return () => new Patched().n();
    },
    42,
  ],
  [
    "the mode, strict or sloppy, of the file",
    () => {
      const mode = (): string => {
        const frozen = Object.freeze({ a: 1 }) as { a: number };
        try {
          frozen.a = 2;
          return "sloppy";
        } catch {
          return "strict";
        }
      };
      const here = mode();
      return () => mode() === here;
    },
    true,
  ],
];
