import type { ResolvedPlan } from "../plan/resolved-plan.ts";

/** Rewrites a plan by the list of rules. */
export function optimize(plan: ResolvedPlan): ResolvedPlan {
  return plan;
}
