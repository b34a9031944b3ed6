import type { RefusalReason } from "../../src/runtime-error.ts";

/** A closure that must arrive: made, sent, revived and called with nothing, it returns (awaited) what is expected. */
export type Arrives = readonly [name: string, make: () => unknown, expected: unknown];

/** A closure that must be refused. More than one reason where a compiler that rewrites the code changes it. */
export type Refused = readonly [name: string, make: () => unknown, ...reasons: RefusalReason[]];

/** Hands a value to a closure as a variable of its own. */
export function constant<T, F>(make: (value: T) => F, value: T): F {
  return make(value);
}

/** Private state, inside a class and outside of it. */
export class Secret {
  #n = 42;
  reveal(): number {
    return this.#n;
  }
}
