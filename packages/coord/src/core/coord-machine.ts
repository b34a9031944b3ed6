import { assert } from "@tutti/stdx";
import { errorCodes } from "../protocol/error-codes.ts";
import { DataTree } from "./data-tree.ts";
import { Outstanding } from "./outstanding.ts";
import { prepareBody } from "./prepare.ts";
import type { MembershipMoment, TreeRules } from "./prepare-context.ts";
import { SessionTable } from "./session-table.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";
import type { ApplyResult, OpResult, OpTxn, TreeChange, Txn } from "./txn.ts";
import type { WriteRequest } from "./write-request.ts";

/** What the replica tells about the moment in which it assigns a position. */
export interface PrepareMoment {
  readonly position: bigint;
  readonly epoch: bigint;
  /** The leader's wall clock; the only time that ever enters the tree. */
  readonly nowMs: bigint;
  /** Undefined where the servers cannot change. */
  readonly membership?: MembershipMoment;
}

const noChanges: readonly TreeChange[] = [];

/**
 * ZooKeeper's state as a replicated machine: `prepare` on the leader alone, at the moment in which a position is
 * assigned, `apply` on every server in the order of positions. Reads no clock and makes no choice.
 */
export class CoordMachine {
  readonly #rules: TreeRules;
  #tree: DataTree;
  #sessions = new SessionTable();
  #outstanding: Outstanding;
  #lastZxid = 0n;
  #preparedZxid = 0n;

  /** `config` is the configuration of the ensemble as it begins, the same on all servers. */
  constructor(rules: TreeRules, config?: string) {
    this.#rules = rules;
    this.#tree = new DataTree(config);
    this.#outstanding = new Outstanding(this.#tree);
  }

  /** For reads only. */
  get tree(): DataTree {
    return this.#tree;
  }

  /** For reads only. */
  get sessions(): SessionTable {
    return this.#sessions;
  }

  /** zxid of the last applied transaction. */
  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  /**
   * Judges a request against the tree and everything on its way. The zxid is stamped here: the epoch in the high
   * half, a counter of our own in the low one. Never rejects: a request that fails becomes an error transaction.
   */
  prepare(request: WriteRequest, { epoch, nowMs, membership }: PrepareMoment): Txn {
    const first = (epoch << 32n) + 1n;
    const zxid = this.#preparedZxid + 1n > first ? this.#preparedZxid + 1n : first;
    this.#preparedZxid = zxid;
    const { serverId, sessionId, xid, ids, op } = request;
    const body = prepareBody(op, {
      serverId,
      zxid,
      timeMs: nowMs,
      sessionId,
      ids,
      tree: this.#tree,
      outstanding: this.#outstanding,
      sessions: this.#sessions,
      rules: this.#rules,
      membership,
    });
    return { sessionId, xid, zxid, timeMs: nowMs, body };
  }

  apply(_position: bigint, txn: Txn): ApplyResult {
    assert(txn.zxid > this.#lastZxid, "transactions are applied in the order of their zxids");
    this.#lastZxid = txn.zxid;
    if (txn.zxid > this.#preparedZxid) this.#preparedZxid = txn.zxid;
    const result = this.#applyBody(txn);
    this.#outstanding.settle(txn.zxid);
    return result;
  }

  /** What was prepared and never committed is gone; the next prepare starts from the applied tree. */
  leadershipLost(): void {
    this.#outstanding.clear();
    this.#sessions.dropOutstanding();
    this.#preparedZxid = this.#lastZxid;
  }

  /** The applied state in chunks, each at most about `chunkBytes` long. Does not change while it is drawn. */
  snapshot(chunkBytes?: number): Iterable<Uint8Array> {
    return encodeSnapshot({ tree: this.#tree, sessions: this.#sessions, lastZxid: this.#lastZxid }, chunkBytes);
  }

  /** Replaces everything by a snapshot. Throws `malformed-record` and changes nothing if it is not one. */
  restore(chunks: Iterable<Uint8Array>): void {
    const { tree, sessions, lastZxid } = decodeSnapshot(chunks);
    this.#tree = tree;
    this.#sessions = sessions;
    this.#outstanding = new Outstanding(tree);
    this.#lastZxid = lastZxid;
    this.#preparedZxid = lastZxid;
  }

  #applyBody(txn: Txn): ApplyResult {
    const { body, sessionId, zxid } = txn;
    switch (body.type) {
      case "createSession":
      case "attachSession":
        this.#sessions.open(sessionId, body, zxid);
        return { err: errorCodes.ok, changes: noChanges };
      case "closeSession": {
        const changes = body.paths.map((path) => this.#tree.delete(path, zxid));
        this.#sessions.close(sessionId);
        return { err: errorCodes.ok, changes };
      }
      case "multi": {
        const changes: TreeChange[] = [];
        const results = body.ops.map((op) => this.#applyOp(op, txn, changes));
        return { err: errorCodes.ok, results, changes };
      }
      default: {
        const changes: TreeChange[] = [];
        return { ...this.#applyOp(body, txn, changes), changes };
      }
    }
  }

  #applyOp(op: OpTxn, { zxid, timeMs }: Txn, changes: TreeChange[]): OpResult {
    const { ok } = errorCodes;
    switch (op.type) {
      case "error":
        return { err: op.err };
      case "check":
        return { err: ok };
      case "create": {
        const { stat, change } = this.#tree.create(op, zxid, timeMs);
        changes.push(change);
        return { err: ok, path: op.path, stat };
      }
      case "delete":
        changes.push(this.#tree.delete(op.path, zxid));
        return { err: ok };
      case "setData": {
        const { stat, change } = this.#tree.setData(op, zxid, timeMs);
        changes.push(change);
        return { err: ok, stat, data: op.data };
      }
      case "setAcl":
        return { err: ok, stat: this.#tree.setAcl(op) };
    }
  }
}

/** Paths that the reaper should propose to remove now, at most `countMax` of them. */
export function reapablePaths(machine: CoordMachine, nowMs: bigint, countMax: number): readonly string[] {
  const paths: string[] = [];
  for (const path of machine.tree.reapables) {
    if (paths.length >= countMax) break;
    const node = machine.tree.get(path);
    if (node === undefined || node.childCount > 0) continue;
    const { kind } = node;
    // A container that never had a child stays: its maker may just not have come to it.
    const isOver = kind.kind === "ttl" ? nowMs - node.mtimeMs > kind.ttlMs : node.childCreates > 0;
    if (isOver) paths.push(path);
  }
  return paths;
}
