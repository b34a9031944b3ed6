import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { childrenOf } from "./walk-expression.ts";

/** The plans that a node reads from directly; those of subqueries are found by {@link expressionsOf}. */
export function inputsOf(plan: ResolvedPlan): readonly ResolvedPlan[] {
  switch (plan.kind) {
    case "scan":
    case "local":
    case "range":
      return [];
    case "join":
    case "setOperation":
      return [plan.left, plan.right];
    case "sql":
      return [
        ...plan.holes.flatMap((hole) => (hole.kind === "frame" ? [hole.plan] : [])),
        ...plan.views.map((view) => view.plan),
      ];
    // What is kept is read where it is kept.
    case "kept":
      return [];
    default:
      return [plan.input];
  }
}

/** The expressions of a node itself. */
export function expressionsOf(plan: ResolvedPlan): readonly Resolved[] {
  switch (plan.kind) {
    case "project":
      return plan.columns;
    case "filter":
      return [plan.predicate];
    case "aggregate":
      return [...plan.keys, ...plan.aggregates];
    case "sort":
      return plan.keys.map((key) => key.input);
    case "join":
      return plan.condition === undefined ? [] : [plan.condition];
    case "generate":
      return [plan.generator];
    default:
      return [];
  }
}

/** Visits a plan and all that it is made of, those in subqueries too. */
export function walkPlan(plan: ResolvedPlan, visit: (node: ResolvedPlan) => void): void {
  visit(plan);
  for (const input of inputsOf(plan)) walkPlan(input, visit);
  for (const expression of expressionsOf(plan)) walkSubqueries(expression, visit);
}

function walkSubqueries(expression: Resolved, visit: (node: ResolvedPlan) => void): void {
  if (expression.kind === "subquery" || expression.kind === "inSubquery") walkPlan(expression.plan, visit);
  for (const child of childrenOf(expression)) walkSubqueries(child, visit);
}
