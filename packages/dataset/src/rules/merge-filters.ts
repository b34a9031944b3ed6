import { callWith } from "../plan/resolve-call.ts";
import type { Rule } from "./rule.ts";

/** Filter(Filter(x)) is one filter. Always valid: both conditions see the same columns, and rows need both to hold. */
export const mergeFilters: Rule = {
  name: "mergeFilters",
  rewrite(plan) {
    if (plan.kind !== "filter" || plan.input.kind !== "filter") return undefined;
    const predicate = callWith("and", [plan.input.predicate, plan.predicate]);
    return { ...plan, input: plan.input.input, predicate };
  },
};
