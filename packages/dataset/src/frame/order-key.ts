import type { SortKeyExpression } from "../plan/expression.ts";

/** A column to sort by, with a direction. Made by `c.name.asc()` and its like. */
export interface OrderKey {
  readonly sortKey: SortKeyExpression;
}
