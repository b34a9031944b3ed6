import { type ErrorCodeName, errorNameOf } from "./protocol/error-codes.ts";

/**
 * Stable, documented reasons. Callers switch on `code`; messages may change.
 *
 * Of a server here:
 * - `invalid-options`: an option, a connect string, or a line of a configuration file is wrong; the message names it.
 * - `address-in-use`, `listen-failed`: the server cannot take its port.
 * - `storage-failed`: reading or writing the data directory failed; the server has stopped.
 * - `storage-foreign`: the data directory belongs to another server.
 * - `storage-damaged`: what was durable cannot be read, and no other server has it.
 * - `replica-stopped`: the server could not go on; `cause` says why.
 *
 * Of a client:
 * - `aborted`, `timeout`: the caller's signal or deadline ended the call; see `maybeApplied`.
 * - `closed`: the session was closed here.
 * - `connection-lost`: the connection broke before the answer; see `maybeApplied`.
 * - `session-expired`: the session is over, with its ephemeral nodes and watches.
 * - `auth-failed`: the server does not accept the credentials.
 * - `overloaded`: too many calls wait for the server; nothing was sent.
 * - `invalid-path`: the path breaks a rule of ZooKeeper.
 * - `lease-lost`: a lock, a leadership or a permit is gone, or may be.
 * - `data-too-large`: the data is above the limit; nothing was sent.
 * - `malformed-record`: the other side sent what no client or server sends.
 *
 * What a server answers, by ZooKeeper's names: `no-node`, `node-exists`, `bad-version`, `not-empty`, `no-auth` …
 */
export type CoordErrorCode =
  | "malformed-record"
  | "invalid-options"
  | "address-in-use"
  | "listen-failed"
  | "aborted"
  | "storage-failed"
  | "storage-foreign"
  | "storage-damaged"
  | "replica-stopped"
  | "timeout"
  | "closed"
  | "connection-lost"
  | "overloaded"
  | "lease-lost"
  | "invalid-path"
  | "data-too-large"
  | ServerAnswerCode;

/** In kebab-case, the names of ZooKeeper's error codes. */
export type ServerAnswerCode =
  | "system-error"
  | "runtime-inconsistency"
  | "bad-arguments"
  | "unimplemented"
  | "operation-timeout"
  | "new-config-no-quorum"
  | "reconfig-in-progress"
  | "reconfig-disabled"
  | "no-node"
  | "no-auth"
  | "bad-version"
  | "no-children-for-ephemerals"
  | "node-exists"
  | "not-empty"
  | "session-expired"
  | "invalid-acl"
  | "auth-failed"
  | "session-moved"
  | "not-read-only"
  | "no-watcher"
  | "quota-exceeded"
  | "throttled";

/** What an error carries beside its code and its message. */
export interface CoordErrorOptions extends ErrorOptions {
  readonly path?: string | undefined;
  readonly operation?: string | undefined;
  readonly maybeApplied?: boolean;
  readonly index?: number | undefined;
}

/** The one error class of this package: `code` is stable, the message is for people, `cause` is always kept. */
export class CoordError extends Error {
  override readonly name: string = "CoordError";
  readonly code: CoordErrorCode;
  /** What it was about, as the caller gave it. */
  readonly path: string | undefined;
  readonly operation: string | undefined;
  /** True when the call failed and what it asked for may have happened, or may still happen. */
  readonly maybeApplied: boolean;
  /** Of a multi: which of its operations failed, from 0. */
  readonly index: number | undefined;

  constructor(code: CoordErrorCode, message: string, options: CoordErrorOptions = {}) {
    super(`[${code}] ${message}`, options);
    this.code = code;
    this.path = options.path;
    this.operation = options.operation;
    this.maybeApplied = options.maybeApplied ?? false;
    this.index = options.index;
  }

  /** Turns whatever was thrown into a CoordError and keeps it as the cause. */
  static from(thrown: unknown, code: CoordErrorCode): CoordError {
    if (thrown instanceof CoordError) return thrown;
    return new CoordError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}

const answerCodes: Readonly<Partial<Record<ErrorCodeName, ServerAnswerCode>>> = {
  runtimeInconsistency: "runtime-inconsistency",
  marshalling: "bad-arguments",
  unimplemented: "unimplemented",
  operationTimeout: "operation-timeout",
  badArguments: "bad-arguments",
  unknownSession: "session-expired",
  newConfigNoQuorum: "new-config-no-quorum",
  reconfigInProgress: "reconfig-in-progress",
  noNode: "no-node",
  noAuth: "no-auth",
  badVersion: "bad-version",
  noChildrenForEphemerals: "no-children-for-ephemerals",
  nodeExists: "node-exists",
  notEmpty: "not-empty",
  sessionExpired: "session-expired",
  invalidAcl: "invalid-acl",
  authFailed: "auth-failed",
  sessionMoved: "session-moved",
  notReadOnly: "not-read-only",
  noWatcher: "no-watcher",
  reconfigDisabled: "reconfig-disabled",
  sessionClosedRequireAuth: "auth-failed",
  quotaExceeded: "quota-exceeded",
  throttledOp: "throttled",
};

/** What a server's number means here. */
export function answerCodeOf(err: number): ServerAnswerCode {
  const name = errorNameOf(err);
  return (name === undefined ? undefined : answerCodes[name]) ?? "system-error";
}
