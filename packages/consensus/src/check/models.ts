import type { Model } from "./history.ts";

/** A call of {@link registerModel}. */
export type RegisterInput<Value> = { readonly kind: "read" } | { readonly kind: "write"; readonly value: Value };

/**
 * One cell. Reads return its value, writes return null.
 *
 * ```ts
 * import { checkLinearizability, registerModel } from "@tutti/consensus/check";
 *
 * // Nobody knows whether the first write happened: it had not returned.
 * const verdict = checkLinearizability(registerModel<number>(0), [
 *   { process: 1, input: { kind: "write", value: 1 }, calledAt: 0 },
 *   { process: 2, input: { kind: "read" }, output: 1, calledAt: 2, returnedAt: 3 },
 * ]);
 * console.log(verdict.kind); // => ok
 * ```
 */
export function registerModel<Value>(initial: Value): Model<Value, RegisterInput<Value>, Value | null> {
  return {
    name: "register",
    initial,
    step: (state, input, output) => {
      if (input.kind === "write") return { next: input.value };
      return output === undefined || same(output, state) ? { next: state } : undefined;
    },
    identify,
  };
}

/** A call of {@link casRegisterModel}. */
export type CasRegisterInput<Value> =
  | RegisterInput<Value>
  | { readonly kind: "cas"; readonly expected: Value; readonly value: Value };

/**
 * A register with compare-and-set, which returns whether it was set.
 *
 * ```ts
 * import { casRegisterModel, checkLinearizability } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(casRegisterModel<number>(0), [
 *   { process: 1, input: { kind: "cas", expected: 0, value: 1 }, output: true, calledAt: 0, returnedAt: 3 },
 *   { process: 2, input: { kind: "cas", expected: 0, value: 2 }, output: true, calledAt: 1, returnedAt: 2 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 */
export function casRegisterModel<Value>(initial: Value): Model<Value, CasRegisterInput<Value>, Value | boolean | null> {
  return {
    name: "cas-register",
    initial,
    step: (state, input, output) => {
      if (input.kind === "write") return { next: input.value };
      if (input.kind === "read") return output === undefined || same(output, state) ? { next: state } : undefined;
      const isSet = same(state, input.expected);
      if (output !== undefined && output !== isSet) return undefined;
      return { next: isSet ? input.value : state };
    },
    identify,
  };
}

/** A call of {@link keyValueModel}. */
export type KeyValueInput =
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "append"; readonly key: string; readonly value: string };

/**
 * Texts by key, each key a part of its own. A missing key reads as the empty text; writes return null.
 *
 * ```ts
 * import { checkLinearizability, keyValueModel } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(keyValueModel(), [
 *   { process: 1, input: { kind: "put", key: "a", value: "1" }, output: null, calledAt: 0, returnedAt: 1 },
 *   { process: 2, input: { kind: "get", key: "a" }, output: "", calledAt: 2, returnedAt: 3 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 */
export function keyValueModel(): Model<string, KeyValueInput, string | null> {
  return {
    name: "kv",
    initial: "",
    step: (state, input, output) => {
      if (input.kind === "put") return { next: input.value };
      if (input.kind === "append") return { next: state + input.value };
      return output === undefined || output === state ? { next: state } : undefined;
    },
    identify: (state) => state,
    partition: ({ key }) => key,
  };
}

/** A call of {@link counterModel}. */
export type CounterInput = { readonly kind: "add"; readonly amount: number } | { readonly kind: "read" };

/**
 * A sum. `add` returns the sum after it, or null where the client was not told; `read` returns the sum.
 *
 * ```ts
 * import { checkLinearizability, counterModel } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(counterModel(), [
 *   { process: 1, input: { kind: "add", amount: 2 }, output: null, calledAt: 0, returnedAt: 3 },
 *   { process: 2, input: { kind: "read" }, output: 2, calledAt: 1, returnedAt: 2 },
 * ]);
 * console.log(verdict.kind); // => ok
 * ```
 */
export function counterModel(initial: number = 0): Model<number, CounterInput, number | null> {
  return {
    name: "counter",
    initial,
    step: (state, input, output) => {
      const next = input.kind === "add" ? state + input.amount : state;
      const isTold = output !== undefined && !(output === null && input.kind === "add");
      return isTold && output !== next ? undefined : { next };
    },
    identify: String,
  };
}

/** A call of {@link queueModel}. */
export type QueueInput<Value> = { readonly kind: "enqueue"; readonly value: Value } | { readonly kind: "dequeue" };

/**
 * First in, first out. `dequeue` returns `{ value }`, or `"empty"`; `enqueue` returns null.
 *
 * ```ts
 * import { checkLinearizability, queueModel } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(queueModel<string>(), [
 *   { process: 1, input: { kind: "enqueue", value: "a" }, output: null, calledAt: 0, returnedAt: 1 },
 *   { process: 1, input: { kind: "enqueue", value: "b" }, output: null, calledAt: 2, returnedAt: 3 },
 *   { process: 2, input: { kind: "dequeue" }, output: { value: "b" }, calledAt: 4, returnedAt: 5 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 */
export function queueModel<Value>(): Model<
  readonly Value[],
  QueueInput<Value>,
  { readonly value: Value } | "empty" | null
> {
  return {
    name: "queue",
    initial: [],
    step: (state, input, output) => {
      if (input.kind === "enqueue") return { next: [...state, input.value] };
      if (output === undefined) return { next: state.slice(1) };
      if (output === "empty") return state.length === 0 ? { next: state } : undefined;
      return state.length > 0 && output !== null && same(output.value, state[0]) ? { next: state.slice(1) } : undefined;
    },
    identify,
  };
}

/** A call of {@link lockModel}. */
export type LockInput =
  | { readonly kind: "acquire"; readonly owner: string }
  | { readonly kind: "tryAcquire"; readonly owner: string }
  | { readonly kind: "release"; readonly owner: string };

/**
 * A lock with one owner. `acquire` returns true when it has it; `tryAcquire` whether it got it; `release` whether it
 * had it.
 *
 * ```ts
 * import { checkLinearizability, lockModel } from "@tutti/consensus/check";
 *
 * const verdict = checkLinearizability(lockModel(), [
 *   { process: 1, input: { kind: "acquire", owner: "a" }, output: true, calledAt: 0, returnedAt: 1 },
 *   { process: 2, input: { kind: "acquire", owner: "b" }, output: true, calledAt: 2, returnedAt: 3 },
 * ]);
 * console.log(verdict.kind); // => violation
 * ```
 */
export function lockModel(): Model<string | null, LockInput, boolean> {
  return {
    name: "lock",
    initial: null,
    step: (state, input, output) => {
      switch (input.kind) {
        case "acquire":
          return state === null && output !== false ? { next: input.owner } : undefined;
        case "tryAcquire":
          if (output !== undefined && output !== (state === null)) return undefined;
          return { next: state ?? input.owner };
        case "release":
          if (output !== undefined && output !== (state === input.owner)) return undefined;
          return { next: state === input.owner ? null : state };
      }
    },
    identify: (state) => state ?? "",
  };
}

function same(left: unknown, right: unknown): boolean {
  return identify(left) === identify(right);
}

/** JSON, with what JSON cannot say kept apart: undefined and bigint differ from every text. */
function identify(state: unknown): string {
  return (
    JSON.stringify(state, (_key, value: unknown) => (typeof value === "bigint" ? { bigint: String(value) } : value)) ??
    "undefined"
  );
}
