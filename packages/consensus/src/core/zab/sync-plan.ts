import type { LogMirror } from "../log-mirror.ts";
import { counterOf, epochOf, type Zxid } from "../zxid.ts";

/** How a learner whose log ends at some position is brought to the leader's history. */
export type SyncPlan =
  /** Its log is a prefix: send what follows `after`. */
  | { readonly kind: "diff"; readonly after: Zxid }
  /** Its log has a tail that nobody committed: cut to `last`, then send what follows. */
  | { readonly kind: "trunc"; readonly last: Zxid }
  /** Send the newest snapshot and all that follows. */
  | { readonly kind: "snap" };

/**
 * Apache's table (consensus reference 2.4), decided by the end of the learner's log alone. The window is the mirror
 * of the log itself, so there are no files that could fail to meet it (Z13).
 *
 * "Present in the log" matters, not "between its bounds": a position between the bounds that is not present is the
 * tail of a leader that was deposed (Z1, ZOOKEEPER-1154).
 */
export function planSync(log: LogMirror, peer: Zxid): SyncPlan {
  if (peer > log.end) {
    if (counterOf(peer) === 0) return { kind: "snap" };
    // By the rules of election and discovery the learner holds the end of this log, even in an earlier epoch.
    return { kind: "trunc", last: log.end };
  }
  if (peer < log.base) return { kind: "snap" };
  if (log.holds(peer)) return { kind: "diff", after: peer };
  const floor = log.floorOf(peer);
  if (counterOf(peer) === 0) return { kind: "diff", after: floor };
  // Within one epoch every log is a prefix of its leader's, so the learner holds `floor`. Across epochs it may not.
  return epochOf(floor) === epochOf(peer) ? { kind: "trunc", last: floor } : { kind: "snap" };
}
