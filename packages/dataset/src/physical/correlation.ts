import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { childrenOf } from "../plan/walk-expression.ts";
import { expressionsOf, inputsOf } from "../plan/walk-plan.ts";

/** Whether a subquery's plan, `depth` queries inside, looks at columns of the query around it. */
export function isEscaping(plan: ResolvedPlan, depth: number = 0): boolean {
  return (
    expressionsOf(plan).some((one) => escapes(one, depth)) || inputsOf(plan).some((input) => isEscaping(input, depth))
  );
}

function escapes(expression: Resolved, depth: number): boolean {
  if (expression.kind === "column") return expression.level > depth;
  const isBelow =
    (expression.kind === "subquery" || expression.kind === "inSubquery") && isEscaping(expression.plan, depth + 1);
  return isBelow || childrenOf(expression).some((child) => escapes(child, depth));
}
