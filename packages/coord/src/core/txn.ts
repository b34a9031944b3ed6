import type { ErrorCode } from "../protocol/error-codes.ts";
import type { Acl, Stat } from "../protocol/records.ts";
import type { Attachment } from "./session-table.ts";
import type { ZnodeKind } from "./znode-kind.ts";

export interface CreateTxn {
  readonly type: "create";
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly kind: ZnodeKind;
  /** The parent's count of creates after this one, so that applying twice changes nothing. */
  readonly parentChildCreates: number;
}

export interface DeleteTxn {
  readonly type: "delete";
  readonly path: string;
}

export interface SetDataTxn {
  readonly type: "setData";
  readonly path: string;
  readonly data: Uint8Array | null;
  /** The version that the node has afterwards. */
  readonly version: number;
}

export interface SetAclTxn {
  readonly type: "setAcl";
  readonly path: string;
  readonly acl: readonly Acl[];
  /** The aversion that the node has afterwards. */
  readonly aversion: number;
}

export interface CheckTxn {
  readonly type: "check";
  readonly path: string;
}

/** A session is new, or goes on at another server. */
export interface OpenSessionTxn extends Attachment {
  readonly type: "createSession" | "attachSession";
}

export interface CloseSessionTxn {
  readonly type: "closeSession";
  /** All ephemerals of the session, those still on their way included. */
  readonly paths: readonly string[];
}

/** A request that failed: it changes nothing and has a position all the same. */
export interface ErrorTxn {
  readonly type: "error";
  readonly err: ErrorCode;
}

export type OpTxn = CreateTxn | DeleteTxn | SetDataTxn | SetAclTxn | CheckTxn | ErrorTxn;

export interface MultiTxn {
  readonly type: "multi";
  readonly ops: readonly OpTxn[];
}

export type TxnBody = OpTxn | MultiTxn | OpenSessionTxn | CloseSessionTxn;

/** One committed change: who asked for it, where it stands, when it was prepared, what it does. */
export interface Txn {
  readonly sessionId: bigint;
  readonly xid: number;
  readonly zxid: bigint;
  /** The leader's wall clock. Every operation of a multi has the same. */
  readonly timeMs: bigint;
  readonly body: TxnBody;
}

/** A change of one node, as watches have to hear of it. */
export interface TreeChange {
  readonly kind: "created" | "deleted" | "dataChanged";
  readonly path: string;
  readonly zxid: bigint;
  /** The node's list; for a deleted node its last one. */
  readonly acl: readonly Acl[];
  readonly parentAcl: readonly Acl[];
}

/** Outcome of one applied operation. */
export interface OpResult {
  readonly err: ErrorCode;
  readonly path?: string;
  readonly stat?: Stat;
  /** Of a changed node. */
  readonly data?: Uint8Array | null;
}

/** What applying a transaction did: the outcome for the caller, and the changes in their order. */
export interface ApplyResult extends OpResult {
  /** Outcomes of the operations of a multi. */
  readonly results?: readonly OpResult[];
  readonly changes: readonly TreeChange[];
}
