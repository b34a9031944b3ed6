import { RuntimeError } from "@tutti/runtime";

/**
 * Stable, documented reasons. Callers switch on `code`; messages may change.
 *
 * - `invalid-argument`: a call was wrong by itself, whatever the data
 * - `not-found`: a file or directory to read does not exist
 * - `unreadable`: a file exists and cannot be read as what it should be
 * - `unsupported-type`: a column's type, or a value in it, has no JavaScript value that would keep it whole
 * - `unsupported-key`: a value was used as a key that is no key: see {@link Key}
 * - `not-a-pair`: an operation on pairs met an element that is not `[key, value]`
 * - `unknown-column`, `ambiguous-column`, `duplicate-column`: a name means no column, or more than one
 * - `unknown-function`, `unknown-table`: a name means none of the functions, or none of the views
 * - `type-mismatch`: a value has another type than what it is used for
 * - `schema-mismatch`: data, or another frame, has other columns than it must have
 * - `invalid-plan`: steps that mean nothing together: a column that is neither grouped nor aggregated, two generators
 * - `division-by-zero`, `overflow`, `invalid-cast`, `invalid-value`: a value for which an expression has no answer
 * - `query-failed`: the engine could not run a query; the message is the engine's
 * - `out-of-memory`: a query needs more than the engine's memory limit and cannot spill
 * - `too-many-rows`: a result is larger than the caller's bound
 * - `empty-collection`: there is no element to answer with
 * - `output-exists`: the directory to write exists already
 * - `write-failed`: output, or rows over the memory budget, could not be written; nothing of it remains
 * - `cannot-travel`: a function or value cannot be sent to another thread or machine; the cause names the variable
 * - `task-failed`: a function of the caller's threw; the cause is what it threw
 * - `worker-lost`: threads or processes ended with the work in hand, more often than retries allow
 * - `canceled`, `timeout`: the signal was aborted, or the stated time ran out
 * - `executor-closed`: the context or its executor was closed
 */
export type DatasetErrorCode =
  | "invalid-argument"
  | "not-found"
  | "unreadable"
  | "unsupported-type"
  | "unsupported-key"
  | "not-a-pair"
  | "unknown-column"
  | "ambiguous-column"
  | "duplicate-column"
  | "unknown-function"
  | "unknown-table"
  | "type-mismatch"
  | "schema-mismatch"
  | "invalid-plan"
  | "division-by-zero"
  | "overflow"
  | "invalid-cast"
  | "invalid-value"
  | "query-failed"
  | "out-of-memory"
  | "too-many-rows"
  | "empty-collection"
  | "output-exists"
  | "write-failed"
  | "cannot-travel"
  | "task-failed"
  | "worker-lost"
  | "canceled"
  | "timeout"
  | "executor-closed";

/** The package's only error class. */
export class DatasetError extends Error {
  override readonly name: string = "DatasetError";
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options: ErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
  }

  /**
   * Turns what an executor threw into a DatasetError and keeps it as the cause. A reason of ours from inside a task
   * (a key that is none, a file that went away) keeps its code; what else a task threw is `task-failed`.
   */
  static from(thrown: unknown): DatasetError {
    if (thrown instanceof DatasetError) return thrown;
    if (!(thrown instanceof RuntimeError)) return new DatasetError("task-failed", String(thrown), { cause: thrown });
    const ours = causesOf(thrown).find((cause) => cause.name === "DatasetError");
    const code = (ours as { readonly code?: DatasetErrorCode } | undefined)?.code ?? codesOfRuntime[thrown.code];
    return new DatasetError(code, withoutCodes(thrown.message), { cause: rootOf(thrown) });
  }
}

const codesOfRuntime: Readonly<Record<RuntimeError["code"], DatasetErrorCode>> = {
  "invalid-argument": "invalid-argument",
  "cannot-travel": "cannot-travel",
  "task-failed": "task-failed",
  "worker-lost": "worker-lost",
  "no-workers": "worker-lost",
  canceled: "canceled",
  timeout: "timeout",
  "queue-full": "task-failed",
  "executor-closed": "executor-closed",
  "out-of-memory": "out-of-memory",
  "spill-failed": "write-failed",
  "block-lost": "worker-lost",
  "kept-lost": "worker-lost",
  "no-master": "worker-lost",
  "no-job": "not-found",
  "too-large": "write-failed",
  "corrupt-block": "task-failed",
};

function causesOf(error: Error): Error[] {
  const causes: Error[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 8; cause = cause.cause) causes.push(cause);
  return causes;
}

/** What was thrown first: for a failed task the user's own error, with the user's own stack. */
function rootOf(error: RuntimeError): Error {
  return (error.code === "task-failed" ? causesOf(error).at(-1) : undefined) ?? error;
}

function withoutCodes(message: string): string {
  return message.replaceAll(/\[[a-z-]+\] /g, "");
}
