import { assert } from "@tutti/stdx";
import { isSameType, type Schema } from "../plan/data-type.ts";
import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { mapExpression, someExpression } from "../plan/walk-expression.ts";
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

/** The same node over other inputs, those of subqueries among them. */
function mapPlan(plan: ResolvedPlan, change: (input: ResolvedPlan) => ResolvedPlan): ResolvedPlan {
  const inner = (expression: Resolved): Resolved => {
    if (!someExpression(expression, ({ kind }) => kind === "subquery" || kind === "inSubquery")) return expression;
    return mapExpression(expression, (one) =>
      one.kind === "subquery" || one.kind === "inSubquery" ? { ...one, plan: change(one.plan) } : one,
    );
  };
  switch (plan.kind) {
    case "scan":
    case "local":
    case "range":
    // What is kept is optimised where it is computed.
    case "kept":
      return plan;
    case "sql":
      return {
        ...plan,
        holes: plan.holes.map((hole) => (hole.kind === "frame" ? { ...hole, plan: change(hole.plan) } : hole)),
        views: plan.views.map((view) => ({ ...view, plan: change(view.plan) })),
      };
    case "join":
      return {
        ...plan,
        left: change(plan.left),
        right: change(plan.right),
        ...(plan.condition === undefined ? {} : { condition: inner(plan.condition) }),
      };
    case "setOperation":
      return { ...plan, left: change(plan.left), right: change(plan.right) };
    case "project":
      return { ...plan, input: change(plan.input), columns: plan.columns.map(inner) };
    case "filter":
      return { ...plan, input: change(plan.input), predicate: inner(plan.predicate) };
    case "aggregate":
      return { ...plan, input: change(plan.input), keys: plan.keys.map(inner), aggregates: plan.aggregates.map(inner) };
    case "sort":
      return {
        ...plan,
        input: change(plan.input),
        keys: plan.keys.map((key) => ({ ...key, input: inner(key.input) })),
      };
    case "generate":
      return { ...plan, input: change(plan.input), generator: inner(plan.generator) };
    case "limit":
    case "distinct":
    case "sample":
      return { ...plan, input: change(plan.input) };
  }
}
