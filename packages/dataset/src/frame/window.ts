import { DatasetError } from "../dataset-error.ts";
import type { WindowSpec } from "../plan/expression.ts";
import { shorten } from "../shorten.ts";
import { toExpression, toSortKey } from "./column-handle.ts";
import type { Valued } from "./column-types.ts";
import type { OrderKey } from "./order-key.ts";

/** Which rows a window function sees from each row. */
export interface Window {
  readonly spec: WindowSpec;
  /** Only rows that are equal in these. */
  partitionBy(...columns: readonly Valued<unknown>[]): Window;
  /** In this order; without bounds, from the first row to those that are equal to this one. */
  orderBy(...keys: readonly (OrderKey | Valued<unknown>)[]): Window;
  /** Rows counted from the current one: `-2` two before, `0` itself, `Infinity` all that follow. */
  rowsBetween(start: number, end: number): Window;
  /** Rows whose sort key lies that far from the current one's. */
  rangeBetween(start: number, end: number): Window;
}

/**
 * All rows, in no order: where a window begins. `window().partitionBy(c.country).orderBy(c.day.asc())`.
 *
 * ```ts
 * import { createContext, struct, sum, t, window } from "@tutti/dataset";
 *
 * const tutti = createContext();
 * const sales = tutti.createDataFrame([{ day: 1, amount: 5 }, { day: 2, amount: 7 }], struct({ day: t.int, amount: t.int }));
 * const running = sales.select((c) => sum(c.amount).over(window().orderBy(c.day)).as("soFar"));
 * console.log((await running.collect()).map(({ soFar }) => soFar)); // => [ 5n, 12n ]
 * await tutti.close();
 * ```
 */
export function window(): Window {
  return windowOf({ partitionBy: [], orderBy: [] });
}

function windowOf(spec: WindowSpec): Window {
  const between = (unit: "rows" | "range", start: number, end: number): Window => {
    const isOffset = (value: number): boolean =>
      value === Infinity ||
      value === -Infinity ||
      (unit === "range" ? Number.isFinite(value) : Number.isInteger(value));
    if (!isOffset(start) || !isOffset(end) || start > end) {
      throw new DatasetError(
        "invalid-argument",
        `a window from ${shorten(start)} to ${shorten(end)} is none: whole numbers or ±Infinity, in order`,
      );
    }
    return windowOf({ ...spec, bounds: { unit, start, end } });
  };
  return {
    spec,
    partitionBy: (...columns) => windowOf({ ...spec, partitionBy: columns.map(toExpression) }),
    orderBy: (...keys) => windowOf({ ...spec, orderBy: keys.map(toSortKey) }),
    rowsBetween: (start, end) => between("rows", start, end),
    rangeBetween: (start, end) => between("range", start, end),
  };
}
