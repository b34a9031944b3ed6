import { createColumn, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { AverageOf, Numeric, SumOf, Valued } from "../column-types.ts";
import { call } from "./core-functions.ts";

/**
 * How many rows; with columns, how many in which none of them is NULL.
 * @example count(c.x) // x = 1, null, 3 => 2n
 */
export function count(...columns: readonly Valued<unknown>[]): Column<bigint> {
  return call("count", ...columns);
}

/**
 * How many different values, without those that hold a NULL.
 * @example countDistinct(c.x) // x = 1, 1, 3 => 2n
 */
export function countDistinct(...columns: readonly [Valued<unknown>, ...Valued<unknown>[]]): Column<bigint> {
  return call("count_distinct", ...columns);
}

/**
 * The sum; NULL where there is nothing. Whole numbers sum to 64 bits, and beyond them is an error (`overflow`).
 * @example sum(c.x) // x = 1, 2, 3 => 6n
 */
export function sum<V extends Numeric | null>(column: Valued<V>): Column<SumOf<V> | null> {
  return call("sum", column);
}

/**
 * The sum of the different values; NULL where there is nothing.
 * @example sumDistinct(c.x) // x = 1, 1, 3 => 4n
 */
export function sumDistinct<V extends Numeric | null>(column: Valued<V>): Column<SumOf<V> | null> {
  return createColumn({ kind: "call", name: "sum", args: [toExpression(column)], aggregate: { isDistinct: true } });
}

/**
 * The mean: of decimals exact with four digits more, of all else a double.
 * @example avg(c.x) // x = 1, 2, 6 => 3
 */
export function avg<V extends Numeric | null>(column: Valued<V>): Column<AverageOf<V> | null> {
  return call("avg", column);
}

/**
 * The smallest value; NULL where there is none.
 * @example min(c.x) // x = 3, 1, 2 => 1
 */
export function min<V>(column: Valued<V>): Column<V | null> {
  return call("min", column);
}

/**
 * The largest value; NULL where there is none.
 * @example max(c.x) // x = "a", "c", "b" => "c"
 */
export function max<V>(column: Valued<V>): Column<V | null> {
  return call("max", column);
}
