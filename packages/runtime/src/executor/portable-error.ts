import { RuntimeError, type RuntimeErrorCode } from "../runtime-error.ts";
import type { PortableError } from "./thread-messages.ts";

/** A chain of causes longer than this is cut: it may be a cycle. */
const causesMax = 8;

export function portError(thrown: unknown, depth: number = 0): PortableError {
  if (!(thrown instanceof Error)) {
    return { name: "Error", message: textOf(thrown), stack: undefined, code: undefined, cause: undefined };
  }
  const { code } = thrown as { readonly code?: unknown };
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    code: typeof code === "string" ? code : undefined,
    cause: thrown.cause === undefined || depth >= causesMax ? undefined : portError(thrown.cause, depth + 1),
  };
}

/** The error as it was thrown: same name, message, stack and code; ours as the class that callers look for. */
export function reviveError(ported: PortableError): Error {
  const cause = ported.cause === undefined ? undefined : { cause: reviveError(ported.cause) };
  const error =
    ported.name === "RuntimeError"
      ? new RuntimeError(ported.code as RuntimeErrorCode, ported.message.replace(/^\[[a-z-]+\] /, ""), cause)
      : new Error(ported.message, cause);
  if (error.name !== ported.name) Object.defineProperty(error, "name", { value: ported.name, configurable: true });
  if (ported.stack !== undefined) error.stack = ported.stack;
  if (ported.code !== undefined && !(error instanceof RuntimeError)) Object.assign(error, { code: ported.code });
  return error;
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? thrown : `a thrown ${typeof thrown}: ${String(thrown)}`;
  } catch {
    // A value whose toString throws is named by its type; its own complaint would hide the user's error.
    return `a thrown ${typeof thrown}`;
  }
}
