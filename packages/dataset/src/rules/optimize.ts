import { assert } from "@tutti/stdx";
import { isSameType, type Schema } from "../plan/data-type.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { mapPlan } from "../plan/walk-plan.ts";
import { dropIdentityProject } from "./drop-identity-project.ts";
import { mergeFilters } from "./merge-filters.ts";
import { mergeLimits } from "./merge-limits.ts";
import { mergeProjects } from "./merge-projects.ts";
import { pruneRows } from "./prune-rows.ts";
import { pushFilterBelowProject } from "./push-filter-below-project.ts";
import { pushLimitBelowProject } from "./push-limit-below-project.ts";
import type { Rule } from "./rule.ts";

/**
 * The rules in the order in which they are tried. The engine does the rest: these decide what crosses its border.
 *
 * 1. Limits and filters first become one each, so that the rules that push them move one node.
 * 2. Then they go below projections, which may bring projections together …
 * 3. … which are merged, or dropped where they do nothing …
 * 4. … and at last what stands on a leaf says which columns it needs.
 */
export const rules: readonly Rule[] = [
  mergeLimits,
  mergeFilters,
  pushLimitBelowProject,
  pushFilterBelowProject,
  mergeProjects,
  dropIdentityProject,
  pruneRows,
];

/** No plan needs as many; a pair of rules that undo each other would. */
const passesMax = 50;

/** Rewrites a plan by the list of rules, from the leaves up, until none applies. `onRule` is told of each that did. */
export function optimize(plan: ResolvedPlan, onRule?: (rule: Rule) => void): ResolvedPlan {
  const inner = mapPlan(plan, (input) => optimize(input, onRule));
  for (let pass = 0, current = inner; ; pass += 1) {
    assert(pass < passesMax, "rules come to an end");
    const step = rewriteOnce(current);
    if (step === undefined) return current;
    onRule?.(step.rule);
    assert(isSameSchema(step.plan.schema, current.schema), `the rule ${step.rule.name} leaves the columns as they are`);
    // Its inputs are new: rules may apply to them now.
    current = mapPlan(step.plan, (input) => optimize(input, onRule));
  }
}

function rewriteOnce(plan: ResolvedPlan): { readonly rule: Rule; readonly plan: ResolvedPlan } | undefined {
  for (const rule of rules) {
    const rewritten = rule.rewrite(plan);
    if (rewritten !== undefined) return { rule, plan: rewritten };
  }
  return undefined;
}

function isSameSchema(a: Schema, b: Schema): boolean {
  return (
    a.length === b.length &&
    a.every((field, index) => {
      const other = b[index];
      return other !== undefined && other.name === field.name && isSameType(field.type, other.type);
    })
  );
}
