import type { ResolvedPlan } from "./resolved-plan.ts";

/** No plan of this kind can give more rows than this; Infinity where that depends on what it reads. */
export function rowsMaxOf(plan: ResolvedPlan): number {
  switch (plan.kind) {
    case "aggregate":
      return plan.keys.length === 0 ? 1 : rowsMaxOf(plan.input) * Math.max(1, plan.groupingSets.length);
    case "limit":
      return Math.min(plan.count ?? Infinity, rowsMaxOf(plan.input));
    case "project":
    case "filter":
    case "sort":
    case "distinct":
    case "sample":
      return rowsMaxOf(plan.input);
    default:
      return Infinity;
  }
}
