import { RuntimeError } from "@tutti/runtime";
import { shorten } from "../shorten.ts";

/** What a user's function threw, with the element of the stage's source that it threw for. */
export function elementError(thrown: unknown, element: unknown): RuntimeError {
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  return new RuntimeError("task-failed", `${what}, at the element ${shorten(element)}`, { cause: thrown });
}
