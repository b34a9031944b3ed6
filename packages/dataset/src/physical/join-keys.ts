import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { mapExpression, someExpression } from "../plan/walk-expression.ts";

/** Expressions over each side that must be equal, in pairs. */
export interface JoinKeys {
  readonly left: readonly Resolved[];
  readonly right: readonly Resolved[];
}

/** What a join's condition says about equality of one side with the other. */
export function joinKeys({ condition, left }: Extract<ResolvedPlan, { kind: "join" }>): JoinKeys {
  const width = left.schema.length;
  const pairs = conjuncts(condition).flatMap((one): [Resolved, Resolved][] => {
    if (one.kind !== "call" || (one.name !== "eq" && one.name !== "equal_null")) return [];
    const [a, b] = one.args;
    if (a === undefined || b === undefined) return [];
    if (isOf(a, 0, width) && isOf(b, width, Infinity)) return [[a, moved(b, width)]];
    return isOf(b, 0, width) && isOf(a, width, Infinity) ? [[b, moved(a, width)]] : [];
  });
  return { left: pairs.map(([key]) => key), right: pairs.map(([, key]) => key) };
}

/** The parts of a condition that must all hold. */
function conjuncts(condition: Resolved | undefined): readonly Resolved[] {
  if (condition === undefined) return [];
  return condition.kind === "call" && condition.name === "and" ? condition.args.flatMap(conjuncts) : [condition];
}

/** Whether it is computed of columns from one position up to another, of at least one, and of nothing else. */
function isOf(expression: Resolved, from: number, to: number): boolean {
  const isColumn = (one: Resolved): boolean => one.kind === "column";
  const isForeign = (one: Resolved): boolean =>
    one.kind === "subquery" ||
    one.kind === "inSubquery" ||
    (one.kind === "column" && (one.level > 0 || one.index < from || one.index >= to));
  return someExpression(expression, isColumn) && !someExpression(expression, isForeign);
}

function moved(expression: Resolved, by: number): Resolved {
  return mapExpression(expression, (one) => (one.kind === "column" ? { ...one, index: one.index - by } : one));
}
