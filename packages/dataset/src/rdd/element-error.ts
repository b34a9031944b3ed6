import { inspect } from "node:util";
import { RuntimeError } from "@tutti/runtime";

const elementTextMax = 120;

/** What a user's function threw, with the element of the stage's source that it threw for. */
export function elementError(thrown: unknown, element: unknown): RuntimeError {
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  return new RuntimeError("task-failed", `${what}, at the element ${shorten(element)}`, { cause: thrown });
}

/** One line, whatever the value. */
export function shorten(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: Infinity, maxStringLength: elementTextMax, maxArrayLength: 8 });
  return text.length <= elementTextMax ? text : `${text.slice(0, elementTextMax)}…`;
}
