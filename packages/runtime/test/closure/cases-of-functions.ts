import { EventEmitter } from "node:events";
import { basename, join } from "node:path";
import * as os from "node:os";
import { constant, type Arrives } from "./case-types.ts";
import triple, { double, isPoint, Point, unit } from "./imported.ts";
import * as imported from "./imported.ts";

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);
const gauge = {
  n: 41,
  next() {
    return this.n + 1;
  },
  get now(): number {
    return this.n;
  },
  async *stream() {
    yield this.n;
  },
  ["com" + "puted"]() {
    return "computed";
  },
};

async function collect(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of values) all.push(value);
  return all;
}

export const functions: readonly Arrives[] = [
  [
    "a function of a function of a function",
    () => {
      const k = 40;
      const inner = (n: number): number => n + k;
      const outer = (n: number): number => inner(n) + 1;
      return () => outer(1);
    },
    42,
  ],
  ["self-recursion", () => () => factorial(5), 120],
  ["mutual recursion", () => () => isEven(10), true],
  [
    "a named function expression",
    () =>
      function fib(n = 9): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      },
    34,
  ],
  [
    "a bound function",
    () =>
      function (this: number, a: number) {
        return Number(this) + a;
      }.bind(40, 2),
    42,
  ],
  ["a function bound twice", () => ((...all: number[]) => all).bind(null, 1).bind(null, 2), [1, 2]],
  [
    "odd values as bound arguments",
    () => ((...all: unknown[]) => all).bind(null, -0, NaN, 7n, undefined, null),
    [-0, NaN, 7n, undefined, null],
  ],
  ["a method of an object", () => () => gauge.next(), 42],
  [
    "a method alone",
    () => {
      // oxlint-disable-next-line typescript/unbound-method
      const { next } = gauge;
      return () => next.call({ n: 1 } as never);
    },
    2,
  ],
  ["a getter of an object", () => () => gauge.now, 41],
  [
    "a method with a computed name",
    () => {
      const method = gauge["computed"] as () => string;
      return () => [method(), method.name];
    },
    ["computed", "computed"],
  ],
  [
    "a method of a class, alone",
    () => {
      class Adder {
        n = 0;
        add(m: number): number {
          return this.n + m;
        }
      }
      // oxlint-disable-next-line typescript/unbound-method
      const { add } = Adder.prototype;
      return () => add.call({ n: 40 } as never, 2);
    },
    42,
  ],
  ["an async function", () => constant((k) => async () => (await Promise.resolve(k)) + 1, 41), 42],
  [
    "a generator",
    () => {
      const count = function* (): Generator<number> {
        yield* [1, 2];
      };
      return () => [...count()];
    },
    [1, 2],
  ],
  [
    "an async generator",
    () => {
      const count = async function* (): AsyncGenerator<number> {
        yield 1;
        yield 2;
      };
      return async () => collect(count());
    },
    [1, 2],
  ],
  ["an async generator method", () => async () => collect(gauge.stream()), [41]],
  [
    "destructuring, defaults and rest",
    () => {
      const fallback = 40;
      return ({ a = fallback, ...rest }: { a?: number; b?: number } = { b: 2 }, [c = 2]: number[] = []) =>
        a + c + (rest.b ?? 0) - 2;
    },
    42,
  ],
  [
    "an array of functions",
    () => {
      const steps = [(n: number) => n + 1, (n: number) => n * 2];
      return () => steps.reduce((n, step) => step(n), 20);
    },
    42,
  ],
  [
    "a function made by new Function", // oxlint-disable-next-line typescript/no-implied-eval
    () => new Function("return 42"),
    42,
  ],
  [
    "a function with properties",
    () => {
      const tagged = Object.assign(() => 40, { extra: 2 });
      return () => tagged() + tagged.extra;
    },
    42,
  ],
  [
    "names and lengths",
    () => {
      const named = (a: number, b: number): number => a + b;
      const { name } = named;
      return () => [named.name === name, named.length];
    },
    [true, 2],
  ],
  [
    "variables of blocks, loops, catch clauses and labels",
    () => {
      const limit = 3;
      return () => {
        let sum = 0;
        outer: for (let i = 0; i < limit; i++) {
          for (const j of [1, 2]) {
            if (j === 2) continue outer;
            sum += i * j;
          }
        }
        try {
          throw new Error("4");
        } catch (error) {
          var hoisted = Number((error as Error).message);
        }
        switch (hoisted) {
          case 4: {
            const local = 10;
            sum += local;
          }
        }
        function declared(): number {
          return sum + hoisted;
        }
        return declared();
      };
    },
    17,
  ],
  [
    "variables that hide each other",
    () => {
      const name = "outer";
      const value = "captured";
      return ((name: string) => {
        const object = { value: "property", name };
        return () => [object.value, object.name, value];
      })(name + "!");
    },
    ["property", "outer!", "captured"],
  ],
];

declare const tuttiNowhere: unknown;
const maximum = Math.max;
const iterator = Symbol.iterator;
const registered = Symbol.for("tutti.test");

export const environment: readonly Arrives[] = [
  ["intrinsics under other names", () => () => maximum(1, 42), 42],
  ["well-known symbols", () => () => typeof [][iterator as never], "function"],
  ["registered symbols", () => () => registered === Symbol.for("tutti.test"), true],
  [
    "methods of prototypes",
    () => {
      const { slice, map } = Array.prototype;
      return () => [slice.call([1, 42], 1), map === Array.prototype.map];
    },
    [[42], true],
  ],
  [
    "globals of Node.js",
    () => () => new URL("http://a/b").pathname + typeof process.pid + Buffer.from("a").length,
    "/bnumber1",
  ],
  ["typeof of what may not exist", () => () => typeof tuttiNowhere, "undefined"],
  ["a named import", () => () => double(21) + unit, "42km"],
  ["a default import", () => () => triple(14), 42],
  ["a namespace import", () => () => imported.double(21) + new imported.Point(3, 4).length(), 47],
  ["an imported class", () => constant((k) => () => [k.length(), k instanceof Point], new Point(3, 4)), [5, true]],
  ["an imported class, judged by its own module", () => constant((k) => () => isPoint(k), new Point(3, 4)), true],
  ["an import of Node.js", () => () => join("a", basename("/x/b")), "a/b"],
  ["a namespace import of Node.js", () => () => os.EOL, os.EOL],
  [
    "a class that extends one of Node.js",
    () => {
      class Bus extends EventEmitter {}
      return () => new Bus() instanceof EventEmitter;
    },
    true,
  ],
  ["a dynamic import of Node.js", () => async () => (await import("node:path")).posix.join("a", "b"), "a/b"],
];
