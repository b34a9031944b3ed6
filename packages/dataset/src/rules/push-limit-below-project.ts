import { isSteady } from "./merge-projects.ts";
import type { Rule } from "./rule.ts";

/** Limit(Project(x)) becomes Project(Limit(x)): rows that are cut need no columns. Valid where no window counts the rows. */
export const pushLimitBelowProject: Rule = {
  name: "pushLimitBelowProject",
  rewrite(plan) {
    if (plan.kind !== "limit" || plan.input.kind !== "project") return undefined;
    const { input: inner } = plan;
    if (!inner.columns.every(isSteady)) return undefined;
    return { ...inner, input: { ...plan, input: inner.input, schema: inner.input.schema } };
  },
};
