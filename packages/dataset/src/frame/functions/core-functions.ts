import type { Expression } from "../../plan/expression.ts";
import { createColumn, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { AnyFrame, Literal, LiteralValue, NullIn, OperandValue, Valued } from "../column-types.ts";
import { planOf } from "../frame-plan.ts";

/**
 * A column by its name, where the frame's own columns are not at hand. Whether the frame has it, and with that type, is
 * for the analyzer to say.
 * @example col<number>("x").plus(1) // x = 1, 2 => 2, 3
 */
export function col<V = never>(name: string): Column<V> {
  return createColumn({ kind: "column", path: [name] });
}

/**
 * A value in every row. Whole numbers of 32 bits are `int`, others doubles.
 * @example lit("a value") // => "a value"
 */
export function lit<const V extends Literal>(value: V): Column<LiteralValue<V>> {
  return createColumn(toExpression(value));
}

/**
 * A value where a condition holds; then `.when(…)` and `.otherwise(…)`.
 * @example when(c.x.gt(1), "many").otherwise("one") // x = 1, 2 => "one", "many"
 */
export function when<B extends Literal | Valued<unknown>>(
  condition: Valued<boolean | null>,
  value: B,
): Column<OperandValue<B> | null> {
  return createColumn({ kind: "case", branches: [{ when: toExpression(condition), value: toExpression(value) }] });
}

/** Whether a frame has any row. With `outer()` in it, asked anew for each row. */
export function exists(frame: AnyFrame): Column<boolean> {
  return createColumn({ kind: "subquery", mode: "exists", plan: planOf("exists", frame) });
}

/**
 * The opposite of a condition.
 * @example not(c.x.gt(1)) // x = 1, 2 => true, false
 */
export function not<V extends boolean | null>(condition: Valued<V>): Column<boolean | NullIn<V>> {
  return call("not", condition);
}

/**
 * A call by the name of the function, in Spark's spelling.
 * @example call<string>("upper", "Spark") // => "SPARK"
 */
export function call<V>(name: string, ...args: readonly unknown[]): Column<V> {
  return createColumn({ kind: "call", name, args: args.map((arg): Expression => toExpression(arg)) });
}
