/**
 * The table of closures: what must arrive whole, and what must be refused, by which name. It runs anywhere: every case
 * makes a function of no arguments, whose result (awaited) is compared with what is written here.
 *
 * Longer than a file should be, because a table that is cut in two is two tables.
 */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { basename, join } from "node:path";
import * as os from "node:os";
import type { RefusalReason } from "../../src/runtime-error.ts";
import triple, { double, isPoint, Point, unit } from "./imported.ts";
import * as imported from "./imported.ts";

export interface ClosureCase {
  readonly group: string;
  readonly name: string;
  readonly make: () => unknown;
  readonly expected?: unknown;
  /** More than one where a compiler that lowers the code changes the reason. */
  readonly refused?: readonly RefusalReason[];
}

type Arrives = readonly [name: string, make: () => unknown, expected: unknown];
type Refused = readonly [name: string, make: () => unknown, ...reasons: RefusalReason[]];

const scalars: readonly Arrives[] = [
  ["a number", () => constant((k) => () => k + 1, 41), 42],
  ["a bigint", () => constant((k) => () => k * 2n, 21n), 42n],
  ["minus zero, NaN and infinity", () => constant((k) => () => k, [-0, NaN, -Infinity]), [-0, NaN, -Infinity]],
  ["undefined and null", () => constant((k) => () => [k.a, k.b, "a" in k], { a: undefined, b: null }), [undefined, null, true]],
  ["a scalar of each kind, directly", () => {
    const [a, b, c, d, e, f] = [-0, NaN, 7n, undefined, null, "text"];
    return () => [a, b, c, d, e, f];
  }, [-0, NaN, 7n, undefined, null, "text"]],
];

const structures: readonly Arrives[] = [
  ["an object", () => constant((k) => () => k.a.b, { a: { b: 42 } }), 42],
  ["an object with __proto__ as own property", () => {
    const k = JSON.parse('{"__proto__": 42}') as Record<string, unknown>;
    return () => [Object.keys(k), Object.getPrototypeOf(k) === Object.prototype];
  }, [["__proto__"], true]],
  ["a cycle", () => {
    const ring: { next?: unknown } = {};
    ring.next = { next: ring };
    return () => (ring.next as { next: unknown }).next === ring;
  }, true],
  ["sharing", () => {
    const shared = { n: 1 };
    const [a, b] = [{ shared }, [shared]];
    return () => a.shared === b[0];
  }, true],
  ["an array with holes", () => {
    const k: number[] = [];
    k[2] = 42;
    return () => [k.length, 0 in k, k[2]];
  }, [3, false, 42]],
  ["a Map and a Set", () => {
    const map = new Map<unknown, unknown>([["a", 1], [NaN, 2]]);
    const set = new Set<unknown>([map]);
    map.set("self", map);
    return () => [map.get("a"), map.get(NaN), set.has(map), map.get("self") === map];
  }, [1, 2, true, true]],
  ["a Date", () => constant((k) => () => k.getTime(), new Date(42)), 42],
  ["a RegExp, with where it stands", () => {
    const k = /a(?<n>\d)/g;
    k.lastIndex = 3;
    return () => [k.lastIndex, k.exec("..a1a2")?.groups?.["n"]];
  }, [3, "2"]],
  ["an Error", () => {
    const k = new Error("broken", { cause: 42 });
    return () => [k.message, k.cause, k instanceof Error, Object.keys(k), k.stack?.startsWith("Error: broken")];
  }, ["broken", 42, true, [], true]],
  ["typed arrays over one buffer", () => {
    const a = new Uint8Array([1, 2, 3, 4]);
    const b = new Uint16Array(a.buffer, 2, 1);
    const view = new DataView(a.buffer);
    return () => {
      a[2] = 255;
      return [b[0], b.length, view.getUint8(2), a.buffer === b.buffer];
    };
  }, [1279, 1, 255, true]],
  ["a Buffer", () => constant((k) => () => [Buffer.isBuffer(k), k.toString()], Buffer.from("täst")), [true, "täst"]],
  ["an object without prototype", () => {
    const k = Object.assign(Object.create(null) as object, { a: 42 });
    return () => [Object.getPrototypeOf(k), k.a];
  }, [null, 42]],
  ["a boxed primitive", () => constant((k) => () => [typeof k, k + 1], Object(41) as number), ["object", 42]],
];

class Counter {
  static made = 0;
  static kind = "counter";
  static describe(): string {
    return `a ${this.kind}`;
  }
  n: number;
  constructor(n = 0) {
    this.n = n;
    Counter.made += 1;
  }
  get doubled(): number {
    return this.n * 2;
  }
  set doubled(value: number) {
    this.n = value / 2;
  }
  add(m: number): this {
    this.n += m;
    return this;
  }
}

class Stepper extends Counter {
  static override kind = "stepper";
  override add(m: number): this {
    return super.add(m * 10);
  }
}

/** As TypeScript writes `enum Color { Red, Green }`. */
const Color = ((color: Record<string, string | number>) => {
  color[(color["Red"] = 0)] = "Red";
  color[(color["Green"] = 1)] = "Green";
  return color;
})({});

function OldStyle(this: { n: number }, n: number): void {
  this.n = n;
}
OldStyle.prototype.next = function next(this: { n: number }): number {
  return this.n + 1;
};

const counters = [0];
class WithStaticBlock {
  static first: number;
  static {
    this.first = counters[0]! + helper(41);
  }
}
function helper(n: number): number {
  return n < 0 ? WithStaticBlock.first : n + 1;
}

const mixin = (base: new () => object): new () => object => class extends base {};
const Mixed = mixin(class { tag = 42; });
class OfMixin extends mixin(Counter as never) {}

const classes: readonly Arrives[] = [
  ["an instance", () => constant((k) => () => k.add(2).n, new Counter(40)), 42],
  ["a class to be instantiated", () => () => new Counter(40).add(2).n, 42],
  ["inheritance and super", () => constant((k) => () => k.add(4).n, new Stepper(2)), 42],
  ["instanceof over the chain", () => constant((k) => () => [k instanceof Stepper, k instanceof Counter], new Stepper()), [true, true]],
  ["getters and setters", () => constant((k) => () => ((k.doubled = 10), [k.n, k.doubled]), new Counter(1)), [5, 10]],
  ["statics", () => () => [Counter.describe(), Stepper.describe()], ["a counter", "a stepper"]],
  ["the present value of a static", () => ((Counter.made = 7), () => Counter.made), 7],
  ["an enum", () => () => [Color["Green"], Color[0]], [1, "Red"]],
  ["a static block that calls what captures the class", () => () => WithStaticBlock.first, 42],
  ["a class made by an expression", () => constant((k) => () => [k instanceof Mixed, (k as { tag: number }).tag], new Mixed()), [true, 42]],
  ["a class whose base is made by an expression", () => constant((k) => () => [k instanceof Counter, new OfMixin() instanceof OfMixin], new OfMixin()), [true, true]],
  ["a constructor of the old style", () => constant((k) => () => [k.next(), k instanceof (OldStyle as never)], new (OldStyle as never as new (n: number) => { next(): number })(41)), [42, true]],
  ["a private field inside a class", () => () => new Secret().reveal(), 42],
  ["an instance with hooks", () => constant((k) => () => [k instanceof Hooked, k.reveal()], new Hooked(42)), [true, 42]],
];

class Secret {
  #n = 42;
  reveal(): number {
    return this.#n;
  }
}

class Hooked {
  #n: number;
  constructor(n: number) {
    this.#n = n;
  }
  reveal(): number {
    return this.#n;
  }
  [Symbol.for("tutti.serialize")](): unknown {
    return { n: this.#n };
  }
  static [Symbol.for("tutti.deserialize")](data: { n: number }): Hooked {
    return new Hooked(data.n);
  }
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);
const gauge = {
  n: 41,
  next() {
    return this.n + 1;
  },
  get now() {
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

const functions: readonly Arrives[] = [
  ["a function of a function of a function", () => {
    const k = 40;
    const inner = (n: number): number => n + k;
    const outer = (n: number): number => inner(n) + 1;
    return () => outer(1);
  }, 42],
  ["self-recursion", () => () => factorial(5), 120],
  ["mutual recursion", () => () => isEven(10), true],
  ["a named function expression", () => function fib(n = 9): number {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
  }, 34],
  ["a bound function", () => function (this: number, a: number) {
    return Number(this) + a;
  }.bind(40, 2), 42],
  ["a function bound twice", () => ((...all: number[]) => all).bind(null, 1).bind(null, 2), [1, 2]],
  ["odd values as bound arguments", () => ((...all: unknown[]) => all).bind(null, -0, NaN, 7n, undefined, null), [-0, NaN, 7n, undefined, null]],
  ["a method of an object", () => () => gauge.next(), 42],
  ["a method alone", () => {
    const { next } = gauge;
    return () => next.call({ n: 1 } as never);
  }, 2],
  ["a getter of an object", () => () => gauge.now, 41],
  ["a method with a computed name", () => {
    const method = gauge["computed"] as () => string;
    return () => [method(), method.name];
  }, ["computed", "computed"]],
  ["a method of a class, alone", () => {
    const { add } = Counter.prototype;
    return () => add.call({ n: 40 } as never, 2).n;
  }, 42],
  ["an async function", () => constant((k) => async () => (await Promise.resolve(k)) + 1, 41), 42],
  ["a generator", () => {
    const count = function* (): Generator<number> {
      yield* [1, 2];
    };
    return () => [...count()];
  }, [1, 2]],
  ["an async generator", () => {
    const count = async function* (): AsyncGenerator<number> {
      yield 1;
      yield 2;
    };
    return async () => collect(count());
  }, [1, 2]],
  ["an async generator method", () => async () => collect(gauge.stream()), [41]],
  ["destructuring, defaults and rest", () => {
    const fallback = 40;
    return ({ a = fallback, ...rest }: { a?: number; b?: number } = { b: 2 }, [c = rest.b]: (number | undefined)[] = []) => a + (c ?? 0);
  }, 42],
  ["an array of functions", () => {
    const steps = [(n: number) => n + 1, (n: number) => n * 2];
    return () => steps.reduce((n, step) => step(n), 20);
  }, 42],
  ["a function made by new Function", () => new Function("return 42"), 42],
  ["a function with properties", () => {
    const tagged = Object.assign(() => 40, { extra: 2 });
    return () => tagged() + tagged.extra;
  }, 42],
  ["names and lengths", () => {
    const named = (a: number, b: number): number => a + b;
    return () => [named.name, named.length];
  }, ["named", 2]],
  ["variables of blocks, loops, catch clauses and labels", () => {
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
  }, 17],
  ["variables that hide each other", () => {
    const name = "outer";
    const value = "captured";
    return ((name: string) => {
      const object = { value: "property", name };
      return () => [object.value, object.name, value];
    })(name + "!");
  }, ["property", "outer!", "captured"]],
];

const maximum = Math.max;
const iterator = Symbol.iterator;
const registered = Symbol.for("tutti.test");

const environment: readonly Arrives[] = [
  ["intrinsics under other names", () => () => maximum(1, 42), 42],
  ["well-known symbols", () => () => typeof [][iterator as never], "function"],
  ["registered symbols", () => () => registered === Symbol.for("tutti.test"), true],
  ["methods of prototypes", () => {
    const { slice, map } = Array.prototype;
    return () => [slice.call([1, 42], 1), map === Array.prototype.map];
  }, [[42], true]],
  ["globals of Node.js", () => () => new URL("http://a/b").pathname + typeof process.pid + Buffer.from("a").length, "/bnumber1"],
  ["typeof of what may not exist", () => () => typeof (window as never), "undefined"],
  ["a named import", () => () => double(21) + unit, "42km"],
  ["a default import", () => () => triple(14), 42],
  ["a namespace import", () => () => imported.double(21) + new imported.Point(3, 4).length(), 47],
  ["an imported class", () => constant((k) => () => [k.length(), k instanceof Point], new Point(3, 4)), [5, true]],
  ["an imported class, judged by its own module", () => constant((k) => () => isPoint(k), new Point(3, 4)), true],
  ["an import of Node.js", () => () => join("a", basename("/x/b")), "a/b"],
  ["a namespace import of Node.js", () => () => os.EOL, os.EOL],
  ["a class that extends one of Node.js", () => {
    class Bus extends EventEmitter {}
    return () => new Bus() instanceof EventEmitter;
  }, true],
  ["a dynamic import of Node.js", () => async () => (await import("node:path")).posix.join("a", "b"), "a/b"],
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

const gaps: readonly Arrives[] = [
  ["an error of the language keeps its class", () => constant((k) => () => [k instanceof TypeError, k.name, k.constructor === TypeError], new TypeError("x")), [true, "TypeError", true]],
  ["an aggregate error keeps its errors", () => constant((k) => () => [k instanceof AggregateError, k.errors], new AggregateError([42], "x")), [true, [42]]],
  ["an error of a user's class keeps its class", () => constant((k) => () => [k instanceof Failure, k instanceof TypeError, k.name, k.code, k.message], new Failure("x")), [true, true, "Failure", 42, "x"]],
  ["a subclass of Array keeps its class", () => constant((k) => () => [k instanceof Row, Array.isArray(k), k.sum(), k.length], Row.of(40, 2)), [true, true, 42, 2]],
  ["a subclass of Date keeps its class", () => constant((k) => () => [k instanceof Day, k.getTime(), k.tag], new Day(42)), [true, 42, "day"]],
  ["a subclass of Map keeps its class and its entries", () => constant((k) => () => [k instanceof Bag, k.get("a")], new Bag([["a", 41]])), [true, 42]],
  ["a subclass of Set keeps its class", () => constant((k) => () => [k instanceof Group, k.has1()], new Group([1])), [true, true]],
  ["a subclass of RegExp keeps its class", () => constant((k) => () => [k instanceof Pattern, k.test("a"), k.tag], new Pattern("a")), [true, true, "pattern"]],
  ["a subclass of a typed array keeps its class", () => constant((k) => () => [k instanceof Bytes, k[0], k.tag], Bytes.of(42) as Bytes), [true, 42, "bytes"]],
  ["properties named by registered and well-known symbols", () => {
    const k = { [registered]: 40, *[Symbol.iterator]() { yield 2; } };
    return () => k[registered] + [...k][0]!;
  }, 42],
  ["frozen, sealed and closed objects", () => {
    const all = [Object.freeze({ a: 1 }), Object.seal({ a: 1 }), Object.preventExtensions({ a: 1 }), Object.freeze([1])];
    return () => all.map((one) => [Object.isFrozen(one), Object.isSealed(one), Object.isExtensible(one)]);
  }, [[true, true, false], [false, true, false], [false, false, false], [true, true, false]]],
  ["hidden, fixed and computed properties", () => {
    const k = { base: 20 } as { base: number; hidden: number; doubled: number };
    Object.defineProperty(k, "hidden", { value: 2, writable: false });
    Object.defineProperty(k, "doubled", { get(this: { base: number }) { return this.base * 2; }, configurable: true });
    return () => [Object.keys(k), k.hidden + k.doubled, Object.getOwnPropertyDescriptor(k, "hidden")?.writable];
  }, [["base"], 42, false]],
  ["process.stdout is the worker's own", () => constant((k) => () => k === process.stdout, process.stdout), true],
  ["methods put on a class later", () => {
    class Late {}
    Object.assign(Late.prototype, { later: () => 42 });
    return () => (new Late() as unknown as { later(): number }).later();
  }, 42],
  ["a method that replaced another", () => {
    class Patched {
      n(): number {
        return 1;
      }
    }
    const original = Patched.prototype.n;
    Patched.prototype.n = function n() {
      return original.call(this) + 41;
    };
    return () => new Patched().n();
  }, 42],
  ["strict mode", () => () => {
    const frozen = Object.freeze({ a: 1 }) as { a: number };
    try {
      frozen.a = 2;
      return "sloppy";
    } catch {
      return "strict";
    }
  }, "strict"],
];

class Arrow {
  k = 42;
  readonly read = (): number => this.k;
  make(): () => number {
    return () => this.k;
  }
  base(): () => string {
    return () => super.toString();
  }
}

function outerArguments(..._all: number[]): () => unknown {
  // oxlint-disable-next-line prefer-rest-params
  return () => arguments[0] as unknown;
}

const refused: readonly Refused[] = [
  ["an arrow function with the `this` around it", () => new Arrow().make(), "E_THIS", "E_WRITE"],
  ["an arrow function in a class field", () => new Arrow().read, "E_THIS"],
  ["an assignment to a captured variable", () => {
    let n = 0;
    return () => (n = n + 1);
  }, "E_WRITE"],
  ["counting up a captured variable", () => {
    let n = 0;
    return () => n++;
  }, "E_WRITE"],
  ["a destructuring assignment to a captured variable", () => {
    let n = 0;
    return () => {
      [n] = [1];
      return n;
    };
  }, "E_WRITE"],
  ["a loop over a captured variable", () => {
    let n = 0;
    return () => {
      for (n of [1, 2]);
      return n;
    };
  }, "E_WRITE"],
  ["an assignment in a function that is captured", () => {
    let n = 0;
    const count = (): number => ++n;
    return () => count();
  }, "E_WRITE"],
  ["an instance with private fields", () => constant((k) => () => k.reveal(), new Secret()), "E_PRIVATE", "E_UNSERIALIZABLE"],
  ["a method that uses private fields, alone", () => {
    const { reveal } = Secret.prototype;
    return () => reveal.name;
  }, "E_PRIVATE", "E_UNSERIALIZABLE"],
  ["super in a method of an object", () => {
    const k = { toString() { return super.toString(); } };
    return () => k.toString();
  }, "E_SUPER"],
  ["super in an arrow function", () => new Arrow().base(), "E_SUPER", "E_THIS", "E_NATIVE"],
  ["the arguments of the function around it", () => outerArguments(1), "E_ARGUMENTS", "E_WRITE"],
  ["import.meta", () => () => import.meta.url, "E_IMPORT_META"],
  ["a dynamic import of a relative file", () => async () => import("./imported.ts"), "E_DYNIMPORT"],
  ["a dynamic import of a computed name", () => constant((k) => async () => (await import(k)) as unknown, "node:fs"), "E_DYNIMPORT"],
  ["a socket", () => constant((k) => () => k.destroyed, new Socket()), "E_NATIVE"],
  ["an event emitter", () => constant((k) => () => k.listenerCount("a"), new EventEmitter()), "E_NATIVE"],
  ["an instance of a class that extends one of Node.js", () => {
    class Bus extends EventEmitter {}
    return constant((k) => () => k.listenerCount("a"), new Bus());
  }, "E_NATIVE"],
  ["a URL", () => constant((k) => () => k.href, new URL("http://a")), "E_NATIVE"],
  ["a signal", () => constant((k) => () => k.aborted, new AbortController().signal), "E_NATIVE"],
  ["a Proxy", () => constant((k) => () => k, new Proxy({}, {})), "E_PROXY"],
  ["a symbol of this process", () => constant((k) => () => k, Symbol("mine")), "E_SYMBOL"],
  ["a property named by a symbol of this process", () => constant((k) => () => k, { [Symbol("mine")]: 1 }), "E_SYMBOL"],
  ["a Promise", () => constant((k) => () => k, Promise.resolve(1)), "E_UNSERIALIZABLE"],
  ["a WeakMap", () => constant((k) => () => k, new WeakMap()), "E_UNSERIALIZABLE"],
  ["a WeakSet", () => constant((k) => () => k, new WeakSet()), "E_UNSERIALIZABLE"],
  ["a WeakRef", () => constant((k) => () => k, new WeakRef({})), "E_UNSERIALIZABLE"],
  ["a running generator", () => constant((k) => () => k, (function* () { yield 1; })()), "E_UNSERIALIZABLE"],
  ["a running iterator", () => constant((k) => () => k, [1].values()), "E_UNSERIALIZABLE"],
  ["a SharedArrayBuffer", () => constant((k) => () => k, new SharedArrayBuffer(1)), "E_SHARED"],
  ["an object with another as prototype", () => constant((k) => () => k, Object.create({ a: 1 }) as object), "E_PROTO"],
  ["a variable that is not initialised", () => {
    const tdz = (): number => later;
    const path = refusedEarly(tdz);
    const later = 1;
    return path;
  }, "E_UNRESOLVED"],
  ["a variable that is nowhere", () => new Function("return tuttiNowhere"), "E_UNRESOLVED"],
  ["direct eval", () => new Function("text", "return eval(text)"), "E_EVAL"],
  ["with", () => new Function("o", "with (o) return a"), "E_EVAL"],
  ["a native function", () => constant((k) => () => k(1), new Intl.NumberFormat("en").format), "E_NATIVE"],
];

/** Set by the runner: captures while a variable of the caller is in its dead zone. */
let refusedEarly: (fn: () => unknown) => unknown = (fn) => fn;

export function onEarlyCapture(capture: (fn: () => unknown) => unknown): void {
  refusedEarly = capture;
}

function constant<T, F>(make: (value: T) => F, value: T): F {
  return make(value);
}

function table(group: string, rows: readonly Arrives[]): ClosureCase[] {
  return rows.map(([name, make, expected]) => ({ group, name, make, expected }));
}

export const closureCases: readonly ClosureCase[] = [
  ...table("scalars", scalars),
  ...table("structures", structures),
  ...table("classes", classes),
  ...table("functions", functions),
  ...table("environment", environment),
  ...table("gaps", gaps),
  ...refused.map(([name, make, ...reasons]) => ({ group: "refused", name, make, refused: reasons })),
];
