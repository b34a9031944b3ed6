import type { Resolved } from "../plan/resolved-plan.ts";
import { childrenOf, mapExpression, someExpression } from "../plan/walk-expression.ts";
import type { Rule } from "./rule.ts";

/**
 * Project(Project(x)) is one projection. Valid where no column of the inner one is computed twice by that, none asks for
 * chance or for its place among the rows, and no subquery of the outer one looks at it from inside.
 */
export const mergeProjects: Rule = {
  name: "mergeProjects",
  rewrite(plan) {
    if (plan.kind !== "project" || plan.input.kind !== "project") return undefined;
    const { input: inner } = plan;
    if (plan.columns.some(holdsSubquery)) return undefined;
    const uses = inner.columns.map((_, index) =>
      plan.columns.reduce((sum, column) => sum + countUses(column, index), 0),
    );
    const isMovable = inner.columns.every(
      (column, index) => isPlain(column) || ((uses[index] ?? 0) <= 1 && isSteady(column)),
    );
    if (!isMovable) return undefined;
    // An unused column that fails would fail no more: keep it where it is.
    const isDropping = inner.columns.some((column, index) => uses[index] === 0 && !isPlain(column));
    if (isDropping) return undefined;
    const columns = plan.columns.map((column) => replaceColumns(column, inner.columns));
    return { ...plan, input: inner.input, columns };
  },
};

/** Columns of the query itself replaced by what they are computed by. */
export function replaceColumns(expression: Resolved, by: readonly Resolved[]): Resolved {
  return mapExpression(expression, (one) => (one.kind === "column" && one.level === 0 ? (by[one.index] ?? one) : one));
}

export function holdsSubquery(expression: Resolved): boolean {
  return someExpression(expression, (one) => one.kind === "subquery" || one.kind === "inSubquery");
}

function isPlain({ kind }: Resolved): boolean {
  return kind === "column" || kind === "literal";
}

const unsteady: ReadonlySet<string> = new Set(["rand", "randn", "monotonically_increasing_id"]);

/** Whether an expression may be moved: it depends on its row alone. */
export function isSteady(expression: Resolved): boolean {
  return !someExpression(expression, (one) => one.kind === "window" || (one.kind === "call" && unsteady.has(one.name)));
}

function countUses(expression: Resolved, index: number): number {
  const own = expression.kind === "column" && expression.level === 0 && expression.index === index ? 1 : 0;
  return childrenOf(expression).reduce((sum, child) => sum + countUses(child, index), own);
}
