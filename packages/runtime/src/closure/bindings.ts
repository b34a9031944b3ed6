import { RuntimeError } from "../runtime-error.ts";
import type { AnyFunction } from "../core/job.ts";

/** Values for the free variables of a function, by name. */
export type Bindings = Readonly<Record<string, unknown>>;

// Weak, so that it forgets a function with the program; keyed by identity, so that two copies cannot disagree.
const bindingsOfFunctions = new WeakMap<AnyFunction, Bindings>();

/**
 * States what a function captures, so that it can travel without an inspector: from Bun, Deno or a locked-down engine, or
 * wherever what is captured should be plain to see. The values given here win over the live ones, and only travel: a call
 * of the function in this thread still sees its own variables.
 *
 * ```ts
 * import { captureClosures, reviveClosures, withBindings } from "@tutti/runtime";
 *
 * const triple = withBindings((x: number) => x * factor, { factor: 3 });
 * declare const factor: number;
 * const [revived] = await reviveClosures(captureClosures([triple]).bytes);
 * console.log((revived as typeof triple)(2)); // => 6
 * ```
 */
export function withBindings<F extends AnyFunction>(fn: F, bindings: Bindings): F {
  if (typeof fn !== "function") {
    throw new RuntimeError("invalid-argument", `withBindings expects a function, not ${typeof fn}`);
  }
  bindingsOfFunctions.set(fn, { ...bindings });
  return fn;
}

/** What `withBindings` stated for a function. */
export function bindingsOf(fn: AnyFunction): Bindings | undefined {
  return bindingsOfFunctions.get(fn);
}
