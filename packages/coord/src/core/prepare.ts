import { errorCodes } from "../protocol/error-codes.ts";
import type { MultiOp } from "../protocol/multi-request.ts";
import { prepareCheck, prepareDelete, prepareReap, prepareRemoval } from "./prepare-change.ts";
import { prepareSetAcl, prepareSetData } from "./prepare-change.ts";
import { type PrepareContext, reject } from "./prepare-context.ts";
import { prepareReconfig } from "./prepare-reconfig.ts";
import { prepareCreate } from "./prepare-create.ts";
import type { CloseSessionTxn, ErrorTxn, MultiTxn, OpTxn, TxnBody } from "./txn.ts";
import type { WriteOp } from "./write-request.ts";

function prepareOp(op: MultiOp, context: PrepareContext, insideMulti: boolean): OpTxn {
  switch (op.type) {
    case "create":
    case "create2":
    case "createContainer":
    case "createTtl":
      return prepareCreate(op, context, insideMulti);
    case "delete":
      return prepareDelete(op, context);
    case "setData":
      return prepareSetData(op, context);
    case "check":
      return prepareCheck(op, context);
  }
}

/**
 * All or nothing. When an operation fails, everything that the earlier ones put down is taken back, the counter
 * of sequential names included; those before it carry 0, those behind it -2.
 */
function prepareMulti(ops: readonly MultiOp[], context: PrepareContext): MultiTxn {
  const mark = context.outstanding.mark();
  const prepared: OpTxn[] = [];
  for (const [index, op] of ops.entries()) {
    const txn = prepareOp(op, context, true);
    if (txn.type !== "error") {
      prepared.push(txn);
      continue;
    }
    context.outstanding.rollback(mark);
    const before = ops.slice(0, index).map((): ErrorTxn => reject(errorCodes.ok));
    const behind = ops.slice(index + 1).map((): ErrorTxn => reject(errorCodes.runtimeInconsistency));
    return { type: "multi", ops: [...before, txn, ...behind] };
  }
  return { type: "multi", ops: prepared };
}

function prepareCloseSession(context: PrepareContext): CloseSessionTxn | ErrorTxn {
  const { sessionId, sessions, serverId } = context;
  const problem = sessions.problem(sessionId, serverId);
  if (problem === errorCodes.sessionMoved) return reject(problem);
  // Two may ask at once: the client and the expiry timer.
  return problem === undefined ? endSession(context) : reject(errorCodes.sessionExpired);
}

/** Those who count the silence of a session have not heard yet of one that came back in the meantime. */
function prepareExpireSession(openedZxid: bigint, context: PrepareContext): CloseSessionTxn | ErrorTxn {
  const session = context.sessions.getOutstanding(context.sessionId);
  if (session === undefined) return reject(errorCodes.sessionExpired);
  return session.openedZxid === openedZxid ? endSession(context) : reject(errorCodes.sessionMoved);
}

/** One transaction removes all ephemerals, those whose create is still on its way included. */
function endSession(context: PrepareContext): CloseSessionTxn {
  const { outstanding, sessionId, sessions } = context;
  const paths = outstanding.ephemeralsOf(sessionId);
  for (const path of paths) prepareRemoval(path, context);
  sessions.prepareClose(sessionId);
  return { type: "closeSession", paths };
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Whoever knows the password may have the session, wherever it is attached now. */
function prepareAttachSession(op: Extract<WriteOp, { type: "attachSession" }>, context: PrepareContext): TxnBody {
  const { sessions, sessionId, serverId, zxid } = context;
  const session = sessions.getOutstanding(sessionId);
  if (session === undefined || !sameBytes(session.password, op.password)) return reject(errorCodes.sessionExpired);
  const attached = { timeoutMs: op.timeoutMs, password: session.password, serverId };
  sessions.prepareOpen(sessionId, attached, zxid);
  return { type: "attachSession", ...attached };
}

/** Judges one request against the tree and everything on its way. A request that fails becomes an error. */
export function prepareBody(op: WriteOp, context: PrepareContext): TxnBody {
  switch (op.type) {
    case "multi":
      return prepareMulti(op.ops, context);
    case "setAcl":
      return prepareSetAcl(op, context);
    case "createSession": {
      const { timeoutMs, password } = op;
      const session = { timeoutMs, password, serverId: context.serverId };
      context.sessions.prepareOpen(context.sessionId, session, context.zxid);
      return { type: "createSession", ...session };
    }
    case "attachSession":
      return prepareAttachSession(op, context);
    case "closeSession":
      return prepareCloseSession(context);
    case "expireSession":
      return prepareExpireSession(op.openedZxid, context);
    case "malformedMulti":
      return reject(errorCodes.marshalling);
    case "reap":
      return prepareReap(op.path, context);
    case "reconfig":
      return prepareReconfig(op, context);
    default:
      return prepareOp(op, context, false);
  }
}
