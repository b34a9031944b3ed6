import { answerCodeOf, CoordError } from "../coord-error.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp } from "../protocol/multi-request.ts";
import type { MultiResult } from "../protocol/multi-response.ts";
import type { Stat } from "../protocol/records.ts";
import type { CallOptions, CreateOptions, Data, VersionOptions } from "./session.ts";

/** What a create inside a transaction made. */
export interface TransactionCreated {
  readonly path: string;
  /** Undefined from servers before 3.8.2, which answer with the path alone. */
  readonly stat: Stat | undefined;
}

/** Makes the operation of a create; the session knows its root and its defaults. */
export interface TransactionPlace {
  createOp(path: string, data: Data, options: CreateOptions): MultiOp;
  path(path: string, operation: string): string;
  bytes(data: Data, path: string, operation: string): Uint8Array | null;
  /** A server's path as the caller knows it. */
  shown(path: string): string;
  send(ops: readonly MultiOp[], options: CallOptions | undefined): Promise<readonly MultiResult[]>;
}

interface Step {
  readonly op: MultiOp;
  /** Its result is not among the results. */
  readonly isGuard: boolean;
}

/** Operations before the one that failed carry 0, those behind it -2. */
function isCause(err: number): boolean {
  return err !== errorCodes.ok && err !== errorCodes.runtimeInconsistency;
}

/**
 * Operations that happen all together or not at all. Each one added is another type of the tuple that `commit` gives:
 * a create gives its path and Stat, a set gives a Stat, a delete and a check give nothing.
 */
export class Transaction<Results extends readonly unknown[] = readonly []> {
  readonly #place: TransactionPlace;
  readonly #steps: readonly Step[];

  constructor(place: TransactionPlace, steps: readonly Step[] = []) {
    this.#place = place;
    this.#steps = steps;
  }

  create(path: string, data: Data = null, options: CreateOptions = {}): Transaction<[...Results, TransactionCreated]> {
    return this.#with(this.#place.createOp(path, data, options));
  }

  set(path: string, data: Data, { version = -1 }: VersionOptions = {}): Transaction<[...Results, Stat]> {
    const bytes = this.#place.bytes(data, path, "set");
    return this.#with({ type: "setData", path: this.#place.path(path, "set"), data: bytes, version });
  }

  delete(path: string, { version = -1 }: VersionOptions = {}): Transaction<[...Results, undefined]> {
    return this.#with({ type: "delete", path: this.#place.path(path, "delete"), version });
  }

  /** Nothing happens unless this node exists, with this version if one is given. */
  check(path: string, { version = -1 }: VersionOptions = {}): Transaction<[...Results, undefined]> {
    return this.#with({ type: "check", path: this.#place.path(path, "check"), version });
  }

  /** Adds the operations of a guard, for example that a lock is still held. Their results are not among the results. */
  guard(...checks: readonly { readonly path: string; readonly version?: number }[]): Transaction<Results> {
    const steps = checks.map(({ path, version = -1 }): Step => {
      return { op: { type: "check", path: this.#place.path(path, "check"), version }, isGuard: true };
    });
    return new Transaction<Results>(this.#place, [...this.#steps, ...steps]);
  }

  /** Does it. Rejects with the code and the path of the operation that failed. */
  async commit(options?: CallOptions): Promise<Results> {
    const ops = this.#steps.map(({ op }) => op);
    const results = await this.#place.send(ops, options);
    const failed = results.findIndex((result) => result.type === "error" && isCause(result.err));
    const failure = results[failed];
    if (failure?.type === "error") {
      const op = ops[failed];
      const path = op === undefined ? undefined : this.#place.shown(op.path);
      const code = answerCodeOf(failure.err);
      throw new CoordError(code, `operation ${failed} of the transaction, ${op?.type} ${path}: ${code}`, {
        path,
        operation: "multi",
        index: failed,
      });
    }
    const shown: unknown[] = [];
    for (const [index, result] of results.entries()) {
      if (this.#steps[index]?.isGuard === false) shown.push(this.#resultOf(result));
    }
    return shown as unknown as Results;
  }

  #resultOf(result: MultiResult): unknown {
    if (result.type === "create") return { path: this.#place.shown(result.path), stat: undefined };
    if (result.type === "create2") return { path: this.#place.shown(result.path), stat: result.stat };
    return result.type === "setData" ? result.stat : undefined;
  }

  #with<Next extends readonly unknown[]>(op: MultiOp): Transaction<Next> {
    return new Transaction<Next>(this.#place, [...this.#steps, { op, isGuard: false }]);
  }
}
