import { errorCodes } from "../protocol/error-codes.ts";
import { permissions } from "../protocol/opcodes.ts";
import type { PathVersionRequest, SetDataRequest } from "../protocol/request-records.ts";
import type { SetAclRequest } from "../protocol/requests.ts";
import { fixupAcl } from "./acl.ts";
import { may, nextVersion, type PrepareContext, reject } from "./prepare-context.ts";
import { isQuotaExceeded } from "./prepare-quota.ts";
import type { CheckTxn, DeleteTxn, ErrorTxn, SetAclTxn, SetDataTxn } from "./txn.ts";
import { hasParent, isSpecialPath, isValidPath, parentOf } from "./zookeeper-path.ts";

/** Puts down that a node goes, without asking anything. */
export function prepareRemoval(path: string, context: PrepareContext): DeleteTxn {
  const { outstanding, zxid } = context;
  const parentPath = parentOf(path);
  const parent = outstanding.get(parentPath);
  if (parent !== undefined) outstanding.put(parentPath, { ...parent, childCount: parent.childCount - 1 }, zxid);
  outstanding.put(path, undefined, zxid);
  return { type: "delete", path };
}

/** The node's own ACL plays no part in deleting it, only the parent's. */
export function prepareDelete(op: PathVersionRequest, context: PrepareContext): DeleteTxn | ErrorTxn {
  const { path, version } = op;
  const problem = context.sessions.problem(context.sessionId, context.serverId);
  if (problem !== undefined) return reject(problem);
  if (!hasParent(path) || isSpecialPath(path)) return reject(errorCodes.badArguments);
  const parent = context.outstanding.get(parentOf(path));
  if (parent === undefined) return reject(errorCodes.noNode);
  if (!may(context, parent.acl, permissions.delete)) return reject(errorCodes.noAuth);
  const node = context.outstanding.get(path);
  if (node === undefined) return reject(errorCodes.noNode);
  if (nextVersion(node.version, version) === undefined) return reject(errorCodes.badVersion);
  if (node.childCount > 0) return reject(errorCodes.notEmpty);
  return prepareRemoval(path, context);
}

export function prepareSetData(op: SetDataRequest, context: PrepareContext): SetDataTxn | ErrorTxn {
  const { path, data } = op;
  const problem = context.sessions.problem(context.sessionId, context.serverId);
  if (problem !== undefined) return reject(problem);
  if (!isValidPath(path)) return reject(errorCodes.badArguments);
  const node = context.outstanding.get(path);
  if (node === undefined) return reject(errorCodes.noNode);
  if (!may(context, node.acl, permissions.write)) return reject(errorCodes.noAuth);
  const dataBytes = data?.length ?? 0;
  const change = { path, countDiff: 0, bytesDiff: dataBytes - node.dataBytes };
  if (isQuotaExceeded(context, change)) return reject(errorCodes.quotaExceeded);
  const version = nextVersion(node.version, op.version);
  if (version === undefined) return reject(errorCodes.badVersion);
  context.outstanding.put(path, { ...node, version, dataBytes, mtimeMs: context.timeMs }, context.zxid);
  return { type: "setData", path, data, version };
}

export function prepareSetAcl(op: SetAclRequest, context: PrepareContext): SetAclTxn | ErrorTxn {
  const { path } = op;
  const problem = context.sessions.problem(context.sessionId, context.serverId);
  if (problem !== undefined) return reject(problem);
  if (!isValidPath(path)) return reject(errorCodes.badArguments);
  const acl = fixupAcl(op.acl, context.ids);
  if (acl === undefined) return reject(errorCodes.invalidAcl);
  const node = context.outstanding.get(path);
  if (node === undefined) return reject(errorCodes.noNode);
  if (!may(context, node.acl, permissions.admin)) return reject(errorCodes.noAuth);
  const aversion = nextVersion(node.aversion, op.version);
  if (aversion === undefined) return reject(errorCodes.badVersion);
  context.outstanding.put(path, { ...node, acl, aversion }, context.zxid);
  return { type: "setAcl", path, acl, aversion };
}

export function prepareCheck(op: PathVersionRequest, context: PrepareContext): CheckTxn | ErrorTxn {
  const { path, version } = op;
  const problem = context.sessions.problem(context.sessionId, context.serverId);
  if (problem !== undefined) return reject(problem);
  if (!isValidPath(path)) return reject(errorCodes.badArguments);
  const node = context.outstanding.get(path);
  if (node === undefined) return reject(errorCodes.noNode);
  if (!may(context, node.acl, permissions.read)) return reject(errorCodes.noAuth);
  if (nextVersion(node.version, version) === undefined) return reject(errorCodes.badVersion);
  return { type: "check", path };
}

/** Judged again here, since a child or new data may have come after the reaper looked. */
export function prepareReap(path: string, context: PrepareContext): DeleteTxn | ErrorTxn {
  const node = context.outstanding.get(path);
  if (node === undefined) return reject(errorCodes.noNode);
  if (node.childCount > 0) return reject(errorCodes.notEmpty);
  if (node.kind.kind === "container") return prepareRemoval(path, context);
  const isOver = node.kind.kind === "ttl" && context.timeMs - node.mtimeMs > node.kind.ttlMs;
  return isOver ? prepareRemoval(path, context) : reject(errorCodes.badVersion);
}
