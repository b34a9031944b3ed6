import type { ErrorCode } from "../protocol/error-codes.ts";
import type { Acl, Id } from "../protocol/records.ts";
import { isAllowed } from "./acl.ts";
import type { DataTree } from "./data-tree.ts";
import type { Outstanding } from "./outstanding.ts";
import type { SessionTable } from "./session-table.ts";
import type { ErrorTxn } from "./txn.ts";
import { wrap32 } from "./znode.ts";

/** Rules that a server can switch. */
export interface TreeRules {
  /** TTL nodes; ZooKeeper's `zookeeper.extendedTypesEnabled`, default false. */
  readonly extendedTypesEnabled: boolean;
  /** Hard limits of quotas refuse; ZooKeeper's `enforceQuota`, default false. */
  readonly enforceQuota: boolean;
  /** ZooKeeper's `reconfigEnabled`, default false. */
  readonly reconfigEnabled: boolean;
}

/** What consensus says of the servers when a change of them is asked for. */
export interface MembershipMoment {
  /** Another change is under way. */
  readonly isChanging: boolean;
  /** Whether a quorum of these voters is in step with the leader. */
  hasQuorumInStep(voters: readonly number[]): boolean;
}

/** Everything that judging one operation may look at. */
export interface PrepareContext {
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly serverId: number;
  readonly sessionId: bigint;
  readonly ids: readonly Id[];
  readonly tree: DataTree;
  readonly outstanding: Outstanding;
  readonly sessions: SessionTable;
  readonly rules: TreeRules;
  /** Undefined where the servers cannot change. */
  readonly membership: MembershipMoment | undefined;
}

export function reject(err: ErrorCode): ErrorTxn {
  return { type: "error", err };
}

export function may(context: PrepareContext, acl: readonly Acl[], perms: number): boolean {
  return isAllowed(acl, perms, context.ids);
}

/**
 * The version after a change, or undefined when the expected one does not match. Steps over -1, which would match
 * everything and so could not be expected (ZooKeeper does so from 3.10 on).
 */
export function nextVersion(current: number, expected: number): number | undefined {
  if (expected !== -1 && expected !== current) return undefined;
  const next = wrap32(current + 1);
  return next === -1 ? 0 : next;
}
