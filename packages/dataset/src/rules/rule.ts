import type { ResolvedPlan } from "../plan/resolved-plan.ts";

/** A rule gives a better node, or undefined where it does not apply. The node's columns stay as they are. */
export interface Rule {
  readonly name: string;
  readonly rewrite: (plan: ResolvedPlan) => ResolvedPlan | undefined;
}
