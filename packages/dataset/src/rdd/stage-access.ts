import type { AnyFunction, TaskContext } from "@tutti/runtime";
import { assert } from "@tutti/stdx";

/** The closure that a program names by its position. */
export function closureAt(context: TaskContext, index: number): AnyFunction {
  const closure = context.closures[index];
  assert(closure !== undefined, "a program names closures that its stage has");
  return closure;
}

/** The blocks of the input that a program names by its position. */
export function blocksAt(context: TaskContext, index: number): readonly (readonly unknown[])[] {
  const input = context.inputs[index];
  assert(input !== undefined, "a program names inputs that its stage has");
  return input;
}
