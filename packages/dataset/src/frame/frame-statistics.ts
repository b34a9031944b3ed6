import type { Shape } from "./column-types.ts";
import type { DataFrame, QueryOptions } from "./data-frame.ts";

/** Statistics that run at once, or make a frame of their own. */
export interface FrameStatistics<S extends Shape> {
  /** Pearson's correlation; null where it has none. */
  corr(a: keyof S & string, b: keyof S & string, options?: QueryOptions): Promise<number | null>;
  /** The covariance of the sample; null where it has none. */
  cov(a: keyof S & string, b: keyof S & string, options?: QueryOptions): Promise<number | null>;
  /** Values of a column at these shares of the rows, 0 to 1. Exact here, whatever Spark's error bound. */
  approxQuantile(name: keyof S & string, shares: readonly number[], options?: QueryOptions): Promise<number[]>;
  /** How often values of two columns occur together: a row for each of `a`, a column for each of `b`. */
  crosstab(a: keyof S & string, b: keyof S & string, options?: QueryOptions): Promise<DataFrame>;
  /** Values that more than this share of the rows have, as arrays. Exact. */
  freqItems(
    names: readonly (keyof S & string)[],
    support?: number,
    options?: QueryOptions,
  ): Promise<Record<string, unknown[]>>;
  /** About this share of the rows of each stratum; strata that are not named are left out. */
  sampleBy(
    name: keyof S & string,
    fractions: ReadonlyMap<string | number | bigint | boolean, number>,
    seed?: number,
  ): DataFrame<S>;
}
