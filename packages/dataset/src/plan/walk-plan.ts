import type { Resolved, ResolvedPlan } from "./resolved-plan.ts";
import { childrenOf, mapExpression, someExpression } from "./walk-expression.ts";

/** The plans that a node reads from directly; those of subqueries are found by {@link expressionsOf}. */
export function inputsOf(plan: ResolvedPlan): readonly ResolvedPlan[] {
  switch (plan.kind) {
    case "scan":
    case "local":
    case "range":
    case "input":
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

/** The same node over other inputs, those of subqueries among them, and with other expressions. */
export function mapPlan(
  plan: ResolvedPlan,
  change: (input: ResolvedPlan) => ResolvedPlan,
  changeExpression: (expression: Resolved) => Resolved = (expression) => expression,
): ResolvedPlan {
  const inner = (expression: Resolved): Resolved => changeExpression(overSubqueries(expression));
  const overSubqueries = (expression: Resolved): Resolved => {
    if (!someExpression(expression, ({ kind }) => kind === "subquery" || kind === "inSubquery")) return expression;
    return mapExpression(expression, (one) =>
      one.kind === "subquery" || one.kind === "inSubquery" ? { ...one, plan: change(one.plan) } : one,
    );
  };
  switch (plan.kind) {
    case "scan":
    case "local":
    case "range":
    case "input":
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
