import type { AnyFunction, TaskContext } from "@tutti/runtime";
import { assert } from "@tutti/stdx";

/** The closure that a program names by its position. */
export function closureAt(context: TaskContext, index: number): AnyFunction {
  const closure = context.closures[index];
  assert(closure !== undefined, "a program names closures that its stage has");
  return closure;
}

/** The blocks of the input that a program names by its position. Each iteration reads them anew. */
export function blocksAt(context: TaskContext, index: number): Iterable<readonly unknown[]> {
  const input = context.inputs[index];
  assert(input !== undefined, "a program names inputs that its stage has");
  return input;
}

/** All its rows at once, for inputs that are small, or needed whole. */
export function rowsAt(context: TaskContext, index: number): unknown[] {
  return [...blocksAt(context, index)].flat();
}
