import type { Rule } from "./rule.ts";

/** Project(x) is x where it passes every column on, in order and under its name. */
export const dropIdentityProject: Rule = {
  name: "dropIdentityProject",
  rewrite(plan) {
    if (plan.kind !== "project" || plan.columns.length !== plan.input.schema.length) return undefined;
    const isSame = plan.columns.every(
      (column, index) =>
        column.kind === "column" &&
        column.level === 0 &&
        column.index === index &&
        plan.schema[index]?.name === plan.input.schema[index]?.name &&
        plan.schema[index]?.nullable === plan.input.schema[index]?.nullable,
    );
    return isSame ? plan.input : undefined;
  },
};
