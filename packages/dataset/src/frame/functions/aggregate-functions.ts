import { createColumn, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { AverageOf, Numeric, SumOf, Valued } from "../column-types.ts";
import { call } from "./core-functions.ts";

/** How many rows; with columns, how many in which none of them is NULL. */
export function count(...columns: readonly Valued<unknown>[]): Column<bigint> {
  return call("count", ...columns);
}

/** How many different values, without those that hold a NULL. */
export function countDistinct(...columns: readonly [Valued<unknown>, ...Valued<unknown>[]]): Column<bigint> {
  return call("count_distinct", ...columns);
}

/** The sum; NULL where there is nothing. Whole numbers sum to 64 bits, and beyond them is an error (`overflow`). */
export function sum<V extends Numeric | null>(column: Valued<V>): Column<SumOf<V> | null> {
  return call("sum", column);
}

export function sumDistinct<V extends Numeric | null>(column: Valued<V>): Column<SumOf<V> | null> {
  return createColumn({ kind: "call", name: "sum", args: [toExpression(column)], aggregate: { isDistinct: true } });
}

/** The mean: of decimals exact with four digits more, of all else a double. */
export function avg<V extends Numeric | null>(column: Valued<V>): Column<AverageOf<V> | null> {
  return call("avg", column);
}

export function min<V>(column: Valued<V>): Column<V | null> {
  return call("min", column);
}

export function max<V>(column: Valued<V>): Column<V | null> {
  return call("max", column);
}
