/**
 * Stable, documented reasons. Callers switch on `code`; messages may change.
 *
 * - `invalid-argument`: a call was wrong by itself, whatever it would have run
 * - `cannot-travel`: a function or a value cannot be sent to another thread or machine; see {@link Refusal}
 * - `task-failed`: the user's function threw on every attempt; the last error is the `cause`
 * - `worker-lost`: a thread or process ended, or stopped answering, with work in hand
 * - `no-workers`: no worker was there for as long as tasks may wait for one
 * - `canceled`: a signal was aborted
 * - `timeout`: a stated time ran out
 * - `queue-full`: more calls wait than the executor may hold; wait for some of them, or use `map`
 * - `executor-closed`: the executor was closed, before the call or during it
 * - `out-of-memory`: a task was ended since its worker held more than it may, and this task most of it
 * - `spill-failed`: rows could not be written to a file, or read back
 * - `block-lost`: rows between stages are gone with the worker or the file that held them
 * - `kept-lost`: what an earlier job left with the executor is gone; the `keptLost` event names it
 * - `no-master`: no master of the cluster could be reached for as long as the driver waits for one
 * - `no-job`: the cluster knows no such job, or has no result of it (any more)
 * - `too-large`: a job that outlives its driver, or its result, has more bytes than masters keep
 * - `corrupt-block`: rows that crossed threads, or what masters keep of a job, cannot be decoded
 */
export type RuntimeErrorCode =
  | "invalid-argument"
  | "cannot-travel"
  | "task-failed"
  | "worker-lost"
  | "no-workers"
  | "canceled"
  | "timeout"
  | "queue-full"
  | "executor-closed"
  | "out-of-memory"
  | "spill-failed"
  | "block-lost"
  | "kept-lost"
  | "no-master"
  | "no-job"
  | "too-large"
  | "corrupt-block";

/**
 * Why a closure or a value cannot travel. The message says what to do about it.
 *
 * - `E_THIS`: an arrow function uses the `this` around it
 * - `E_WRITE`: a captured variable is assigned; every worker would change a copy of its own
 * - `E_PRIVATE`: an instance with `#private` members, whose state cannot be set from outside
 * - `E_SUPER`: `super` outside a whole class
 * - `E_ARGUMENTS`: an arrow function uses the `arguments` around it
 * - `E_EVAL`: direct `eval` or `with`, so that what is captured cannot be known
 * - `E_IMPORT_META`: `import.meta`
 * - `E_DYNIMPORT`: `import()` of a relative or computed specifier
 * - `E_NATIVE`: a native function, or an instance of a class of Node.js itself
 * - `E_PROXY`: a Proxy
 * - `E_SYMBOL`: a symbol that is neither registered nor well known
 * - `E_UNSERIALIZABLE`: a value with hidden state: Promise, WeakMap, running generator
 * - `E_SHARED`: a SharedArrayBuffer
 * - `E_NAMESPACE`: a module namespace whose specifier is unknown
 * - `E_PROTO`: an object whose prototype is neither a class's nor null
 * - `E_UNRESOLVED`: a free variable that is in no scope, or not initialised yet
 * - `E_UNPARSABLE`: a function whose source text cannot be read
 * - `E_ENGINE`: this engine offers no synchronous inspector, or its parts answer otherwise than expected
 */
export type RefusalReason =
  | "E_THIS"
  | "E_WRITE"
  | "E_PRIVATE"
  | "E_SUPER"
  | "E_ARGUMENTS"
  | "E_EVAL"
  | "E_IMPORT_META"
  | "E_DYNIMPORT"
  | "E_NATIVE"
  | "E_PROXY"
  | "E_SYMBOL"
  | "E_UNSERIALIZABLE"
  | "E_SHARED"
  | "E_NAMESPACE"
  | "E_PROTO"
  | "E_UNRESOLVED"
  | "E_UNPARSABLE"
  | "E_ENGINE";

/** What was refused, and where it hangs. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** From the function to the culprit: `function scale -> options -> .socket`. */
  readonly path: string;
}

/** What an error carries beside its code and its message. */
export interface RuntimeErrorOptions extends ErrorOptions {
  readonly refusal?: Refusal;
}

/** The package's only error class. */
export class RuntimeError extends Error {
  override readonly name: string = "RuntimeError";
  readonly code: RuntimeErrorCode;
  /** Present exactly when `code` is `cannot-travel`. */
  readonly refusal: Refusal | undefined;

  constructor(code: RuntimeErrorCode, message: string, options: RuntimeErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
    this.refusal = options.refusal;
  }

  /** Turns whatever was thrown into a RuntimeError and keeps it as the cause. */
  static from(thrown: unknown, code: RuntimeErrorCode = "task-failed"): RuntimeError {
    if (thrown instanceof RuntimeError) return thrown;
    const name = thrown instanceof Error ? thrown.name : undefined;
    if (name === "AbortError") return new RuntimeError("canceled", String(thrown), { cause: thrown });
    if (name === "TimeoutError") return new RuntimeError("timeout", String(thrown), { cause: thrown });
    return new RuntimeError(code, String(thrown), { cause: thrown });
  }
}
