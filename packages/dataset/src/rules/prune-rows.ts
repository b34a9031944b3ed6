import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { expressionsOf } from "../plan/walk-plan.ts";
import { childrenOf, mapExpression } from "../plan/walk-expression.ts";
import { holdsSubquery } from "./merge-projects.ts";
import type { Rule } from "./rule.ts";

/**
 * Columns of rows in memory, and of what is kept or on disk, that nobody asks for are not read: Project(Filter*(leaf))
 * and Aggregate(Filter*(leaf)) read a leaf of fewer columns. Valid where no subquery looks at the leaf from inside.
 */
export const pruneRows: Rule = {
  name: "pruneRows",
  rewrite(plan) {
    if (plan.kind !== "project" && plan.kind !== "aggregate") return undefined;
    const chain = chainOf(plan.input);
    if (chain === undefined) return undefined;
    const expressions = [...expressionsOf(plan), ...chain.flatMap(expressionsOf)];
    if (expressions.some(holdsSubquery)) return undefined;
    const leaf = chain.at(-1);
    if (leaf === undefined) return undefined;
    const used = leaf.schema.map((_, index) => expressions.some((one) => uses(one, index)));
    // A query has one column at least.
    if (!used.includes(true)) used[0] = true;
    if (!used.includes(false)) return undefined;
    const places = used.map((_, index) => used.slice(0, index).filter(Boolean).length);
    return rebuild(plan, { used, places });
  },
};

/** Filters down to a leaf that can leave columns out. */
function chainOf(plan: ResolvedPlan): ResolvedPlan[] | undefined {
  if (plan.kind === "scan" || plan.kind === "local") return [plan];
  if (plan.kind !== "filter") return undefined;
  const below = chainOf(plan.input);
  return below && [plan, ...below];
}

function uses(expression: Resolved, index: number): boolean {
  if (expression.kind === "column") return expression.level === 0 && expression.index === index;
  return childrenOf(expression).some((child) => uses(child, index));
}

interface Pruning {
  readonly used: readonly boolean[];
  /** Where each column stands afterwards. */
  readonly places: readonly number[];
}

function rebuild(plan: ResolvedPlan, pruning: Pruning): ResolvedPlan {
  const { used, places } = pruning;
  const move = (expression: Resolved): Resolved =>
    mapExpression(expression, (one) =>
      one.kind === "column" && one.level === 0 ? { ...one, index: places[one.index] ?? one.index } : one,
    );
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, index) => used[index] === true);
  switch (plan.kind) {
    case "scan":
      return { ...plan, columns: keep(plan.columns), schema: keep(plan.schema) };
    case "local":
      return { ...plan, columns: keep(plan.columns), schema: keep(plan.schema) };
    case "filter":
      return {
        ...plan,
        input: rebuild(plan.input, pruning),
        predicate: move(plan.predicate),
        schema: keep(plan.schema),
      };
    case "project":
      return { ...plan, input: rebuild(plan.input, pruning), columns: plan.columns.map(move) };
    case "aggregate":
      return {
        ...plan,
        input: rebuild(plan.input, pruning),
        keys: plan.keys.map(move),
        aggregates: plan.aggregates.map(move),
      };
    default:
      return plan;
  }
}
