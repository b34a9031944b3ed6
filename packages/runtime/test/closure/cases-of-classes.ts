import { constant, Secret, type Arrives } from "./case-types.ts";

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
const Mixed = mixin(
  class {
    tag = 42;
  },
);
class OfMixin extends mixin(Counter as never) {}

export const classes: readonly Arrives[] = [
  ["an instance", () => constant((k) => () => k.add(2).n, new Counter(40)), 42],
  ["a class to be instantiated", () => () => new Counter(40).add(2).n, 42],
  ["inheritance and super", () => constant((k) => () => k.add(4).n, new Stepper(2)), 42],
  [
    "instanceof over the chain",
    () => constant((k) => () => [k instanceof Stepper, k instanceof Counter], new Stepper()),
    [true, true],
  ],
  ["getters and setters", () => constant((k) => () => ((k.doubled = 10), [k.n, k.doubled]), new Counter(1)), [5, 10]],
  ["statics", () => () => [Counter.describe(), Stepper.describe()], ["a counter", "a stepper"]],
  ["the present value of a static", () => ((Counter.made = 7), () => Counter.made), 7],
  ["an enum", () => () => [Color["Green"], Color[0]], [1, "Red"]],
  ["a static block that calls what captures the class", () => () => WithStaticBlock.first, 42],
  [
    "a class made by an expression",
    () => constant((k) => () => [k instanceof Mixed, (k as { tag: number }).tag], new Mixed()),
    [true, 42],
  ],
  [
    "a class whose base is made by an expression",
    () => constant((k) => () => [k instanceof Counter, new OfMixin() instanceof OfMixin], new OfMixin()),
    [true, true],
  ],
  [
    "a constructor of the old style",
    () =>
      constant(
        (k) => () => [k.next(), k instanceof (OldStyle as never)],
        new (OldStyle as never as new (n: number) => { next(): number })(41),
      ),
    [42, true],
  ],
  ["a private field inside a class", () => () => new Secret().reveal(), 42],
  [
    "an instance with hooks",
    () => constant((k) => () => [k instanceof Hooked, k.reveal()], new Hooked(42)),
    [true, 42],
  ],
];

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
