import type { PrepareContext } from "./prepare-context.ts";
import { isOverHardLimit, limitsPathOf, parseQuotaTrack, statsPathOf } from "./quota.ts";

export interface QuotaChange {
  readonly path: string;
  readonly countDiff: number;
  readonly bytesDiff: number;
}

/**
 * Whether a change would go over a hard limit. Judged by what is applied, as ZooKeeper does: changes on their way
 * do not count yet, so that a burst may end slightly above the limit.
 */
export function isQuotaExceeded(context: PrepareContext, change: QuotaChange): boolean {
  if (!context.rules.enforceQuota) return false;
  const subject = context.tree.quotaPathOf(change.path);
  if (subject === undefined) return false;
  const limits = context.tree.get(limitsPathOf(subject));
  const stats = context.tree.get(statsPathOf(subject));
  if (limits === undefined || stats === undefined) return false;
  return isOverHardLimit({
    limits: parseQuotaTrack(limits.data),
    used: parseQuotaTrack(stats.data),
    countDiff: BigInt(change.countDiff),
    bytesDiff: BigInt(change.bytesDiff),
  });
}
