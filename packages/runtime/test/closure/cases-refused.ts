import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { constant, Secret, type Refused } from "./case-types.ts";

/** Set by the runner: captures while a variable of the caller is in its dead zone. */
let refusedEarly: (fn: () => unknown) => unknown = (fn) => fn;

export function onEarlyCapture(capture: (fn: () => unknown) => unknown): void {
  refusedEarly = capture;
}

/** Code that a strict file cannot hold. */
function functionOf(...texts: string[]): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function(...texts);
}

class Base {
  name(): string {
    return "base";
  }
}

class Arrow extends Base {
  k = 42;
  readonly read = (): number => this.k;
  make(): () => number {
    return () => this.k;
  }
  base(): () => string {
    return () => super.name();
  }
}

function outerArguments(..._all: number[]): () => unknown {
  // oxlint-disable-next-line prefer-rest-params
  return () => arguments[0] as unknown;
}

export const refused: readonly Refused[] = [
  ["an arrow function with the `this` around it", () => new Arrow().make(), "E_THIS", "E_WRITE"],
  ["an arrow function in a class field", () => new Arrow().read, "E_THIS"],
  [
    "an assignment to a captured variable",
    () => {
      let n = 0;
      return () => (n = n + 1);
    },
    "E_WRITE",
  ],
  [
    "counting up a captured variable",
    () => {
      let n = 0;
      return () => n++;
    },
    "E_WRITE",
  ],
  [
    "a destructuring assignment to a captured variable",
    () => {
      let n = 0;
      return () => {
        [n] = [1];
        return n;
      };
    },
    "E_WRITE",
  ],
  [
    "a loop over a captured variable",
    () => {
      let n = 0;
      return () => {
        for (n of [1, 2]);
        return n;
      };
    },
    "E_WRITE",
  ],
  [
    "an assignment in a function that is captured",
    () => {
      let n = 0;
      const count = (): number => ++n;
      return () => count();
    },
    "E_WRITE",
  ],
  [
    "an instance with private fields",
    () => constant((k) => () => k.reveal(), new Secret()),
    "E_PRIVATE",
    "E_UNSERIALIZABLE",
  ],
  [
    "a method that uses private fields, alone",
    () => {
      // oxlint-disable-next-line typescript/unbound-method
      const { reveal } = Secret.prototype;
      return () => reveal.name;
    },
    "E_PRIVATE",
    "E_UNSERIALIZABLE",
  ],
  [
    "super in a method of an object",
    () => {
      const k = {
        toString() {
          return super.toString();
        },
      };
      return () => k.toString();
    },
    "E_SUPER",
  ],
  ["super in an arrow function", () => new Arrow().base(), "E_SUPER", "E_THIS", "E_NATIVE"],
  ["the arguments of the function around it", () => outerArguments(1), "E_ARGUMENTS", "E_WRITE"],
  ["import.meta", () => () => import.meta.url, "E_IMPORT_META"],
  ["a dynamic import of a relative file", () => async () => import("./imported.ts"), "E_DYNIMPORT", "E_WRITE"],
  [
    "a dynamic import of a computed name",
    () => constant((k) => async () => (await import(k)) as unknown, "node:fs"),
    "E_DYNIMPORT",
  ],
  ["a socket", () => constant((k) => () => k.destroyed, new Socket()), "E_NATIVE"],
  ["an event emitter", () => constant((k) => () => k.listenerCount("a"), new EventEmitter()), "E_NATIVE"],
  [
    "an instance of a class that extends one of Node.js",
    () => {
      class Bus extends EventEmitter {}
      return constant((k) => () => k.listenerCount("a"), new Bus());
    },
    "E_NATIVE",
  ],
  ["a URL", () => constant((k) => () => k.href, new URL("http://a")), "E_NATIVE"],
  ["a signal", () => constant((k) => () => k.aborted, new AbortController().signal), "E_NATIVE"],
  ["a Proxy", () => constant((k) => () => k, new Proxy({}, {})), "E_PROXY"],
  ["a symbol of this process", () => constant((k) => () => k, Symbol("mine")), "E_SYMBOL"],
  ["a property named by a symbol of this process", () => constant((k) => () => k, { [Symbol("mine")]: 1 }), "E_SYMBOL"],
  ["a Promise", () => constant((k) => () => k, Promise.resolve(1)), "E_UNSERIALIZABLE"],
  ["a WeakMap", () => constant((k) => () => k, new WeakMap()), "E_UNSERIALIZABLE"],
  ["a WeakSet", () => constant((k) => () => k, new WeakSet()), "E_UNSERIALIZABLE"],
  ["a WeakRef", () => constant((k) => () => k, new WeakRef({})), "E_UNSERIALIZABLE"],
  [
    "a running generator",
    () =>
      constant(
        (k) => () => k,
        (function* () {
          yield 1;
        })(),
      ),
    "E_UNSERIALIZABLE",
  ],
  ["a running iterator", () => constant((k) => () => k, [1].values()), "E_UNSERIALIZABLE"],
  ["a SharedArrayBuffer", () => constant((k) => () => k, new SharedArrayBuffer(1)), "E_SHARED"],
  ["an object with another as prototype", () => constant((k) => () => k, Object.create({ a: 1 }) as object), "E_PROTO"],
  [
    "a variable that is not initialised",
    () => {
      const tdz = (): number => later;
      const path = refusedEarly(tdz);
      const later = 1;
      return path;
    },
    "E_UNRESOLVED",
  ],
  ["a variable that is nowhere", () => functionOf("return tuttiNowhere"), "E_UNRESOLVED"],
  ["direct eval", () => functionOf("text", "return eval(text)"), "E_EVAL"],
  ["with", () => functionOf("o", "with (o) return a"), "E_EVAL"],
  [
    "a class from which a member was deleted",
    () => {
      class Shrunk {
        m(): number {
          return 1;
        }
      }
      Reflect.deleteProperty(Shrunk.prototype, "m");
      return () => "m" in Shrunk.prototype;
    },
    "E_PROTO",
  ],
  [
    "a function with another prototype",
    () =>
      constant(
        (k) => () => k,
        Object.setPrototypeOf(() => 1, null),
      ),
    "E_PROTO",
  ],
  [
    "a class whose name of a member was a variable",
    () =>
      constant((key) => {
        class Computed {
          [key](): number {
            return 1;
          }
        }
        return () => new Computed();
      }, "m"),
    "E_UNRESOLVED",
  ],
  ["a resizable buffer", () => constant((k) => () => k, new ArrayBuffer(1, { maxByteLength: 2 })), "E_UNSERIALIZABLE"],
  ["a formatter", () => constant((k) => () => k, new Intl.NumberFormat("en")), "E_NATIVE"],
  [
    "hooks of which one is missing",
    () => {
      class Half {
        [Symbol.for("tutti.serialize")](): unknown {
          return 1;
        }
      }
      return constant((k) => () => k, new Half());
    },
    "E_PRIVATE",
  ],
  // oxlint-disable-next-line typescript/unbound-method
  ["a native function", () => constant((k) => () => k(1), new Intl.NumberFormat("en").format), "E_NATIVE"],
];
