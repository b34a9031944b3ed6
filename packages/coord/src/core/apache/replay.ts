import type { DataTree } from "../data-tree.ts";
import { anyServer, type SessionTable } from "../session-table.ts";
import { parentOf } from "../zookeeper-path.ts";
import type { ApacheOp, ApacheTxn } from "./log-file.ts";
import { apachePasswordOf } from "./session-password.ts";

export interface ReplayTarget {
  readonly tree: DataTree;
  readonly sessions: SessionTable;
}

/** What is below has to go first. Each of them comes again in the log if it is to stay. */
function deleteWithAll(tree: DataTree, path: string, zxid: bigint): void {
  const paths = [path];
  for (const at of paths) {
    const node = tree.get(at);
    if (node !== undefined) for (const child of tree.childPathsOf(node)) paths.push(child);
  }
  for (const at of paths.toReversed()) if (tree.get(at) !== undefined) tree.delete(at, zxid);
}

function replayCreate(op: Extract<ApacheOp, { type: "create" }>, { zxid, timeMs }: ApacheTxn, tree: DataTree): void {
  const parent = tree.get(parentOf(op.path));
  // Deleted further on in the log, when the snapshot had already seen that.
  if (parent === undefined) return;
  const parentChildCreates = op.parentChildCreates < 0 ? parent.childCreates + 1 : op.parentChildCreates;
  if (tree.get(op.path) === undefined) {
    tree.create({ ...op, parentChildCreates: Math.max(parentChildCreates, parent.childCreates) }, zxid, timeMs);
  } else {
    parent.childCreates = Math.max(parentChildCreates, parent.childCreates);
    if (zxid > parent.pzxid) parent.pzxid = zxid;
  }
}

function replayOp(op: ApacheOp, txn: ApacheTxn, { tree, sessions }: ReplayTarget): void {
  switch (op.type) {
    case "create":
      return replayCreate(op, txn, tree);
    case "delete":
      if (tree.get(op.path) !== undefined) deleteWithAll(tree, op.path, txn.zxid);
      return;
    case "setData":
      if (tree.get(op.path) !== undefined) tree.setData(op, txn.zxid, txn.timeMs);
      return;
    case "setAcl":
      if (tree.get(op.path) !== undefined) tree.setAcl(op);
      return;
    case "createSession": {
      const { timeoutMs } = op;
      sessions.open(
        txn.sessionId,
        { timeoutMs, password: apachePasswordOf(txn.sessionId), serverId: anyServer },
        txn.zxid,
      );
      return;
    }
    case "closeSession":
      for (const path of op.paths ?? [...tree.ephemeralsOf(txn.sessionId)]) {
        if (tree.get(path) !== undefined) tree.delete(path, txn.zxid);
      }
      sessions.close(txn.sessionId);
      return;
    case "nothing":
      return;
  }
}

/**
 * Does again what a log says. A snapshot of ZooKeeper is fuzzy: taken while changes went on, it may show some that come
 * only now. So what is there already, or is gone already, is passed over.
 */
export function replayApacheTxn(txn: ApacheTxn, target: ReplayTarget): void {
  for (const op of txn.ops) replayOp(op, txn, target);
}
