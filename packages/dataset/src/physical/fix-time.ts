import { dateType, timestampNtzType, timestampType } from "../plan/data-type.ts";
import type { Resolved, ResolvedPlan } from "../plan/resolved-plan.ts";
import { mapExpression } from "../plan/walk-expression.ts";
import { mapPlan } from "../plan/walk-plan.ts";

/** The plan with one time for all that asks for it: tasks begin at different times, in different processes. */
export function fixTime(plan: ResolvedPlan, epochMicros: bigint): ResolvedPlan {
  const now: Resolved = {
    kind: "literal",
    value: { tag: "timestamp", micros: String(epochMicros) },
    type: timestampType,
    nullable: false,
  };
  const fixed: Readonly<Record<string, Resolved>> = {
    now,
    current_timestamp: now,
    current_date: { kind: "cast", input: now, isTry: false, type: dateType, nullable: false },
    localtimestamp: { kind: "cast", input: now, isTry: false, type: timestampNtzType, nullable: false },
  };
  const fix = (expression: Resolved): Resolved =>
    mapExpression(expression, (one) => (one.kind === "call" ? (fixed[one.name] ?? one) : one));
  return mapPlan(plan, (input) => fixTime(input, epochMicros), fix);
}
