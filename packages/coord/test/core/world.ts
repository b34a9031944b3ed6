import { expect } from "vitest";
import { CoordMachine } from "../../src/core/coord-machine.ts";
import type { TreeRules } from "../../src/core/prepare-context.ts";
import type { ApplyResult, Txn } from "../../src/core/txn.ts";
import { statOf } from "../../src/core/znode.ts";
import type { WriteOp } from "../../src/core/write-request.ts";
import { type ErrorCodeName, errorNameOf } from "../../src/protocol/error-codes.ts";
import type { MultiOp } from "../../src/protocol/multi-request.ts";
import type { Acl, Id, Stat } from "../../src/protocol/records.ts";

export const open: readonly Acl[] = [{ perms: 31, scheme: "world", id: "anyone" }];
export const session = 7n;

const rulesDefault: TreeRules = { extendedTypesEnabled: true, enforceQuota: true, reconfigEnabled: false };

type Create = Extract<MultiOp, { type: "create" }>;

export function create(path: string, more: Partial<Create> = {}): Create {
  return { type: "create", path, data: null, acl: open, flags: 0, ...more };
}

export function createSession(timeoutMs: number): Extract<WriteOp, { type: "createSession" }> {
  return { type: "createSession", timeoutMs, password: new Uint8Array(16).fill(1) };
}

export function setData(path: string, text: string, version = -1): Extract<MultiOp, { type: "setData" }> {
  return { type: "setData", path, data: new TextEncoder().encode(text), version };
}

export function remove(path: string, version = -1): Extract<MultiOp, { type: "delete" }> {
  return { type: "delete", path, version };
}

export function check(path: string, version = -1): Extract<MultiOp, { type: "check" }> {
  return { type: "check", path, version };
}

export function multi(...ops: readonly MultiOp[]): Extract<WriteOp, { type: "multi" }> {
  return { type: "multi", ops };
}

/** A machine with one session, a clock that is told, and a distance between prepare and apply that tests choose. */
export class World {
  readonly machine: CoordMachine;
  readonly #prepared: Txn[] = [];
  #position = 0n;
  nowMs = 1000n;
  ids: readonly Id[] = [{ scheme: "ip", id: "127.0.0.1" }];
  sessionId: bigint = session;

  constructor(rules: Partial<TreeRules> = {}) {
    this.machine = new CoordMachine({ ...rulesDefault, ...rules });
    this.do(createSession(10_000));
  }

  /** Judges a request and leaves it on its way. */
  prepare(op: WriteOp): Txn {
    this.#position += 1n;
    const moment = { position: this.#position, epoch: 0n, nowMs: this.nowMs };
    const txn = this.machine.prepare({ serverId: 1, sessionId: this.sessionId, xid: 1, ids: this.ids, op }, moment);
    this.#prepared.push(txn);
    return txn;
  }

  /** Commits everything on its way, in order. */
  commit(): readonly ApplyResult[] {
    return this.#prepared.splice(0).map((txn) => this.machine.apply(this.#position, txn));
  }

  do(op: WriteOp): ApplyResult {
    this.prepare(op);
    const result = this.commit().at(-1);
    if (result === undefined) throw new Error("a commit has a result");
    return result;
  }

  /** The name of the outcome, which is what clients see. */
  outcome(op: WriteOp): ErrorCodeName | undefined {
    return errorNameOf(this.do(op).err);
  }

  /** Does what must succeed. */
  ok(...ops: readonly WriteOp[]): this {
    for (const op of ops) expect(errorNameOf(this.do(op).err)).toBe("ok");
    return this;
  }

  stat(path: string): Stat {
    const node = this.machine.tree.get(path);
    if (node === undefined) throw new Error(`there is no ${path}`);
    return statOf(node);
  }

  has(path: string): boolean {
    return this.machine.tree.get(path) !== undefined;
  }

  text(path: string): string {
    return new TextDecoder().decode(this.machine.tree.get(path)?.data ?? new Uint8Array(0));
  }

  /** Codes of a multi's entries. */
  codes(...ops: readonly MultiOp[]): readonly number[] {
    return (this.do(multi(...ops)).results ?? []).map((result) => result.err);
  }
}

/** All that a view gives: a piece after each group of changes, and then the rest. */
export function drawnBetween(
  world: World,
  view: Iterable<Uint8Array>,
  between: readonly (readonly WriteOp[])[],
): readonly Uint8Array[] {
  const pieces = view[Symbol.iterator]();
  const drawn: Uint8Array[] = [];
  for (const ops of between) {
    for (const one of ops) world.do(one);
    const step = pieces.next();
    if (step.done !== true) drawn.push(step.value);
  }
  return [...drawn, ...{ [Symbol.iterator]: () => pieces }];
}
