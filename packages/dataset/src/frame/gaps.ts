import type { Shape } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";

type FillValue = string | number | bigint | boolean;

/** What can be done about NULL and NaN. */
export interface Gaps<S extends Shape> {
  /** Without rows that lack any (or all) of these columns, or that have fewer than `presentMin` values. */
  drop(options?: {
    readonly how?: "any" | "all";
    readonly presentMin?: number;
    readonly columns?: readonly (keyof S & string)[];
  }): DataFrame<S>;
  /** A value in place of NULL (and NaN), in all columns of its type, in those named, or one for each column. */
  fill(value: FillValue, columns?: readonly (keyof S & string)[]): DataFrame<S>;
  fill(values: { readonly [K in keyof S & string]?: FillValue }): DataFrame<S>;
  /** Other values in place of some. */
  replace<V extends FillValue | null>(
    pairs: ReadonlyMap<V, V | null>,
    columns?: readonly (keyof S & string)[],
  ): DataFrame<S>;
}
