import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp } from "../protocol/multi-request.ts";
import { createFlags, permissions } from "../protocol/opcodes.ts";
import type { Acl } from "../protocol/records.ts";
import { fixupAcl } from "./acl.ts";
import type { NodeView } from "./outstanding.ts";
import { may, type PrepareContext, reject } from "./prepare-context.ts";
import { isQuotaExceeded } from "./prepare-quota.ts";
import type { CreateTxn, ErrorTxn } from "./txn.ts";
import { wrap32 } from "./znode.ts";
import { containerKind, persistentKind, ttlMsMax, type ZnodeKind } from "./znode-kind.ts";
import { hasParent, isValidPath, parentOf } from "./zookeeper-path.ts";

export type CreateOp = Extract<MultiOp, { type: "create" | "create2" | "createContainer" | "createTtl" }>;

interface CreateMode {
  readonly kind: ZnodeKind;
  readonly sequential: boolean;
}

function isTtlFlag(flags: number): boolean {
  return flags === createFlags.ttl || flags === createFlags.ttlSequential;
}

/** Kind of the node that flags and opcode ask for together, or why they do not fit. */
function kindOf(op: CreateOp, context: PrepareContext, insideMulti: boolean): ZnodeKind | ErrorCode {
  const { flags } = op;
  // Containers come by their opcode, whatever the flag, and inside a multi by the flag as well; the TTL opcode
  // without a TTL flag is an ordinary create inside a multi and refused elsewhere (all seen on 3.9.4).
  if (op.type === "createTtl" && (!insideMulti || isTtlFlag(flags))) {
    const isPossible = isTtlFlag(flags) && op.ttlMs > 0n && op.ttlMs <= ttlMsMax;
    return isPossible ? { kind: "ttl", ttlMs: op.ttlMs } : errorCodes.badArguments;
  }
  if (isTtlFlag(flags)) return errorCodes.badArguments;
  if (op.type === "createContainer" || (insideMulti && flags === createFlags.container)) return containerKind;
  const isEphemeral = flags === createFlags.ephemeral || flags === createFlags.ephemeralSequential;
  return isEphemeral ? { kind: "ephemeral", sessionId: context.sessionId } : persistentKind;
}

function modeOf(op: CreateOp, context: PrepareContext, insideMulti: boolean): CreateMode | ErrorCode {
  const { flags } = op;
  if (flags < createFlags.persistent || flags > createFlags.ttlSequential) return errorCodes.badArguments;
  if (isTtlFlag(flags) && !context.rules.extendedTypesEnabled) return errorCodes.unimplemented;
  const kind = kindOf(op, context, insideMulti);
  if (typeof kind === "number") return kind;
  const sequential =
    flags === createFlags.persistentSequential ||
    flags === createFlags.ephemeralSequential ||
    flags === createFlags.ttlSequential;
  return { kind, sequential };
}

/** Only creating an ephemeral tells an unknown session from an expired one by the same code. */
function sessionProblem(context: PrepareContext, kind: ZnodeKind): ErrorCode | undefined {
  const problem = context.sessions.problem(context.sessionId, context.serverId);
  return problem !== undefined && kind.kind === "ephemeral" ? errorCodes.sessionExpired : problem;
}

/** `%010d` of a signed 32-bit counter: eleven characters once it is below -999999999. */
export function sequenceSuffix(counter: number): string {
  return counter < 0 ? `-${String(-counter).padStart(9, "0")}` : String(counter).padStart(10, "0");
}

function placeProblem(context: PrepareContext, path: string, parent: NodeView): ErrorCode | undefined {
  if (!isValidPath(path)) return errorCodes.badArguments;
  if (context.outstanding.get(path) !== undefined) return errorCodes.nodeExists;
  if (parent.kind.kind === "ephemeral") return errorCodes.noChildrenForEphemerals;
  return undefined;
}

interface Placed {
  readonly path: string;
  readonly parentPath: string;
  readonly parent: NodeView;
  readonly acl: readonly Acl[];
  readonly kind: ZnodeKind;
}

function record(context: PrepareContext, placed: Placed, data: Uint8Array | null): CreateTxn {
  const { path, parentPath, parent, acl, kind } = placed;
  const { zxid, timeMs, outstanding } = context;
  const parentChildCreates = wrap32(parent.childCreates + 1);
  outstanding.put(parentPath, { ...parent, childCount: parent.childCount + 1, childCreates: parentChildCreates }, zxid);
  const dataBytes = data?.length ?? 0;
  const born = { version: 0, aversion: 0, childCreates: 0, childCount: 0, dataBytes, mtimeMs: timeMs, kind, acl };
  outstanding.put(path, born, zxid);
  return { type: "create", path, data, acl, kind, parentChildCreates };
}

/** The order of these checks is observable and ZooKeeper's (`pRequest2TxnCreate`). */
export function prepareCreate(op: CreateOp, context: PrepareContext, insideMulti: boolean): CreateTxn | ErrorTxn {
  const mode = modeOf(op, context, insideMulti);
  if (typeof mode === "number") return reject(mode);
  const problem = sessionProblem(context, mode.kind);
  if (problem !== undefined) return reject(problem);
  if (!hasParent(op.path)) return reject(errorCodes.badArguments);
  const acl = fixupAcl(op.acl, context.ids);
  if (acl === undefined) return reject(errorCodes.invalidAcl);
  const parentPath = parentOf(op.path);
  const parent = context.outstanding.get(parentPath);
  if (parent === undefined) return reject(errorCodes.noNode);
  if (!may(context, parent.acl, permissions.create)) return reject(errorCodes.noAuth);
  const path = mode.sequential ? op.path + sequenceSuffix(parent.childCreates) : op.path;
  const misplaced = placeProblem(context, path, parent);
  if (misplaced !== undefined) return reject(misplaced);
  const bytesDiff = op.data?.length ?? 0;
  if (isQuotaExceeded(context, { path, countDiff: 1, bytesDiff })) return reject(errorCodes.quotaExceeded);
  return record(context, { path, parentPath, parent, acl, kind: mode.kind }, op.data);
}
