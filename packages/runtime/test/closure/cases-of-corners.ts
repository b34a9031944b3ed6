import { EventEmitter } from "node:events";
import { constant, type Arrives } from "./case-types.ts";
import { double, unit } from "./imported.ts";
import * as imported from "./imported.ts";

type Values = Record<string, unknown>;

const names: readonly Arrives[] = [
  [
    "a variable that hides a global",
    () => {
      const Math = { max: () => "mine" };
      return () => Math.max();
    },
    "mine",
  ],
  [
    "variables named as members of every object",
    () => {
      const [toString, hasOwnProperty, __proto__] = [1, 2, 3];
      return () => [toString, hasOwnProperty, __proto__];
    },
    [1, 2, 3],
  ],
  [
    "a function of the program's own that is called require",
    () => {
      // Not a bare word, which would be taken for a package's name by those who look for unlisted ones.
      const require = (text: string): string => `${text} is required`;
      return () => require("/dev/null");
    },
    "/dev/null is required",
  ],
  [
    "variables named as the capture's own",
    () => {
      const [subject, found, exchange] = [1, 2, 3];
      return () => [subject, found, exchange];
    },
    [1, 2, 3],
  ],
  [
    "a local function with the name of an import",
    () => {
      const outer = double;
      return ((double: (x: number) => number) => {
        const inner = double;
        return () => [outer(1), double(1), inner(1), unit];
      })((x) => x - 1);
    },
    [2, 0, 0, "km"],
  ],
  [
    "a default value that sees the outer variable of a name that the body declares",
    () => {
      const x = 1;
      return (a = x) => {
        const inner = (): number[] => {
          var x = 2;
          return [a, x];
        };
        return inner();
      };
    },
    [1, 2],
  ],
  [
    "methods named like keywords",
    () => {
      const k = {
        get: () => 0,
        set() {
          return 1;
        },
        static() {
          return 2;
        },
        async() {
          return 3;
        },
        async await() {
          return 4;
        },
        function() {
          return 5;
        },
        class() {
          return 6;
        },
        "two words"() {
          return 7;
        },
        8() {
          return 8;
        },
      };
      return async () => [
        k.get(),
        k.set(),
        k.static(),
        k.async(),
        await k.await(),
        k.function(),
        k.class(),
        k["two words"](),
        k[8](),
      ];
    },
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  ],
  [
    "parameters and inner variables that are assigned",
    () =>
      (a = 1) => {
        a += 1;
        let b = a;
        b++;
        for (var i = 0; i < 2; i++) [a] = [b];
        return [a, b, i];
      },
    [3, 3, 2],
  ],
  [
    "labels, properties and variables of one name",
    () => {
      const k = 40;
      return () => {
        const o = { k: 1 };
        k: for (;;) break k;
        return k + o.k + { k }.k - 39;
      };
    },
    42,
  ],
  [
    "a tagged template and an optional chain",
    () => {
      const tag = (texts: TemplateStringsArray, ...values: number[]): string => texts.raw.join("|") + values.join();
      const [n, none] = [42, null as { x: { y: number } } | null];
      return () => [tag`a${n}\n`, none?.x.y];
    },
    ["a|\\n42", undefined],
  ],
];

const cycles: readonly Arrives[] = [
  [
    "classes that use each other",
    () => {
      class A {
        make(): A {
          return new B();
        }
      }
      class B extends A {}
      return () => new A().make() instanceof B;
    },
    true,
  ],
  [
    "a class with an instance of itself as static",
    () => {
      class Tree {
        static root: Tree = new Tree();
        n = 42;
      }
      return () => [Tree.root.n, Tree.root instanceof Tree];
    },
    [42, true],
  ],
  [
    "a class in a table of classes",
    () => {
      const table = new Map<string, new () => object>();
      class Listed {
        twin(): object {
          return new (table.get("listed") as new () => object)();
        }
      }
      table.set("listed", Listed);
      return () => new Listed().twin() instanceof Listed;
    },
    true,
  ],
  [
    "a function bound within its own circle",
    () => {
      const down = (n: number): number => (n === 0 ? 42 : next(n - 1));
      const next: (n: number) => number = down.bind(null);
      return () => next(3);
    },
    42,
  ],
  [
    "old-style inheritance",
    () => {
      function Parent(): void {}
      Parent.prototype.hello = () => "hello";
      function Child(): void {}
      Child.prototype = Object.create(Parent.prototype as object) as object;
      (Child.prototype as Values)["constructor"] = Child;
      const child = Reflect.construct(Child, []) as { hello(): string };
      return () => [child.hello(), child instanceof (Parent as never), child instanceof (Child as never)];
    },
    ["hello", true, true],
  ],
];

const shapes: readonly Arrives[] = [
  [
    "frozen functions and classes",
    () => {
      class Fixed {
        static n = 1;
        m(): void {}
      }
      Object.freeze(Fixed);
      Object.freeze(Fixed.prototype);
      const fixed = Object.freeze(() => 1);
      return () => [Fixed, Fixed.prototype, fixed].map((one) => Object.isFrozen(one));
    },
    [true, true, true],
  ],
  [
    "a bound function with properties",
    () => constant((k) => () => [k(), k.extra], Object.assign((() => 40).bind(null), { extra: 2 })),
    [40, 2],
  ],
  [
    "the prototype of a generator function",
    () => {
      function* steps(): Generator<number> {
        yield 1;
      }
      Object.assign(steps.prototype as object, { extra: 42 });
      return () => (steps() as unknown as { extra: number }).extra;
    },
    42,
  ],
  [
    "an array with properties",
    () => constant((k) => () => [k, k.extra, k.length], Object.assign([1, 2], { extra: 42 })),
    [Object.assign([1, 2], { extra: 42 }), 42, 2],
  ],
  [
    "an instance of one class made by another",
    () => {
      class A {}
      class B {}
      const k = Reflect.construct(A, [], B) as object;
      return () => [k instanceof A, k instanceof B];
    },
    [false, true],
  ],
  [
    "accessors of an object",
    () => {
      const k = {
        get half() {
          return 21;
        },
        set half(value: number) {
          (this as unknown as Values)["seen"] = value;
        },
      };
      return () => [(k.half = 2), k.half, (k as Values)["seen"]];
    },
    [2, 21, 2],
  ],
  [
    "a DataView into the middle of a buffer",
    () => {
      const k = new DataView(new ArrayBuffer(8), 2, 4);
      k.setInt8(0, 42);
      return () => [k.getInt8(0), k.byteOffset, k.byteLength];
    },
    [42, 2, 4],
  ],
  [
    "a string in a box",
    () => constant((k) => () => [k.length, k[1], k instanceof String], Object("abc") as readonly string[]),
    [3, "b", true],
  ],
  ["a namespace inside an object", () => constant((k) => () => k.imported.double(21), { imported }), 42],
  ["an import inside an object", () => constant((k) => () => k.double === double, { double }), true],
  [
    "a Map whose class tells something else",
    () => {
      class Liar extends Map<string, number> {
        override forEach(): void {}
        override *[Symbol.iterator](): MapIterator<[string, number]> {
          yield ["false", 0];
        }
      }
      const liar = new Liar([["true", 42]]);
      return () => [liar.get("true"), liar.size];
    },
    [42, 1],
  ],
  [
    "an instance of a class of Node.js with hooks",
    () => {
      class Bus extends EventEmitter {
        name = "bus";
        [Symbol.for("tutti.serialize")](): unknown {
          return this.name;
        }
        static [Symbol.for("tutti.deserialize")](name: string): Bus {
          return Object.assign(new Bus(), { name });
        }
      }
      const bus = Object.assign(new Bus(), { name: "line 42" });
      return () => [bus instanceof Bus, bus.name, bus.listenerCount("x")];
    },
    [true, "line 42", 0],
  ],
];

/** What is easily got wrong. Each was wrong, or might have been. */
export const corners: readonly Arrives[] = [...names, ...cycles, ...shapes];
