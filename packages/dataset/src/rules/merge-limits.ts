import type { Rule } from "./rule.ts";

/** Limit(Limit(x)) is one limit: the outer one counts among the rows that the inner one lets through. */
export const mergeLimits: Rule = {
  name: "mergeLimits",
  rewrite(plan) {
    if (plan.kind !== "limit" || plan.input.kind !== "limit") return undefined;
    const { input: inner } = plan;
    const left = inner.count === undefined ? Infinity : Math.max(0, inner.count - plan.offset);
    const count = Math.min(plan.count ?? Infinity, left);
    const offset = inner.offset + plan.offset;
    const { schema } = plan;
    return { kind: "limit", input: inner.input, offset, schema, ...(count === Infinity ? {} : { count }) };
  },
};
