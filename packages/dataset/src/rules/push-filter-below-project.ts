import { someExpression } from "../plan/walk-expression.ts";
import { holdsSubquery, replaceColumns } from "./merge-projects.ts";
import type { Rule } from "./rule.ts";

/**
 * Filter(Project(x)) becomes Project(Filter(x)), so that filters meet the rows of a program before they are copied. Valid
 * where the condition reads only columns that the projection passes on as they are, and no window counts the rows.
 */
export const pushFilterBelowProject: Rule = {
  name: "pushFilterBelowProject",
  rewrite(plan) {
    if (plan.kind !== "filter" || plan.input.kind !== "project" || holdsSubquery(plan.predicate)) return undefined;
    const { input: inner, predicate } = plan;
    const readsComputed = someExpression(
      predicate,
      (one) => one.kind === "column" && one.level === 0 && inner.columns[one.index]?.kind !== "column",
    );
    const countsRows = inner.columns.some((column) =>
      someExpression(
        column,
        (one) => one.kind === "window" || (one.kind === "call" && one.name === "monotonically_increasing_id"),
      ),
    );
    if (readsComputed || countsRows) return undefined;
    const pushed = replaceColumns(predicate, inner.columns);
    return { ...inner, input: { kind: "filter", input: inner.input, predicate: pushed, schema: inner.input.schema } };
  },
};
