import type { Column } from "../column.ts";
import type { SumOf, Valued } from "../column-types.ts";
import type { Int } from "../schema.ts";
import { define, type Arg, type Numeric, type Whole, type Like } from "./signature.ts";

/** The standard deviation of the sample; NULL of fewer than two. */
export const stddev: (column: Valued<Numeric | null>) => Column<number | null> = define("stddev_samp");
/** Of the population. */
export const stddevPop: (column: Valued<Numeric | null>) => Column<number | null> = define("stddev_pop");
/** The variance of the sample. */
export const variance: (column: Valued<Numeric | null>) => Column<number | null> = define("var_samp");
/** Of the population. */
export const variancePop: (column: Valued<Numeric | null>) => Column<number | null> = define("var_pop");
/** How lopsided the values lie. */
export const skewness: (column: Valued<Numeric | null>) => Column<number | null> = define("skewness");
/** How heavy the ends are, 0 for the normal distribution. */
export const kurtosis: (column: Valued<Numeric | null>) => Column<number | null> = define("kurtosis");
/** The middle value. */
export const median: (column: Valued<Numeric | null>) => Column<number | null> = define("median");
/** The product. */
export const product: (column: Valued<Numeric | null>) => Column<number | null> = define("product");
/** The value of the first row. */
export const first: <V>(column: Valued<V>) => Column<V | null> = define("first");
/** The value of the last row. */
export const last: <V>(column: Valued<V>) => Column<V | null> = define("last");
/** The first value that is not NULL. */
export const firstIgnoreNulls: <V>(column: Valued<V>) => Column<V | null> = define("first_ignore_nulls");
/** The last value that is not NULL. */
export const lastIgnoreNulls: <V>(column: Valued<V>) => Column<V | null> = define("last_ignore_nulls");
/** The value of some row. */
export const anyValue: <V>(column: Valued<V>) => Column<V | null> = define("any_value");
/** The value where another is largest. */
export const maxBy: <V>(column: Valued<V>, by: Valued<unknown>) => Column<V | null> = define("max_by");
/** The value where another is smallest. */
export const minBy: <V>(column: Valued<V>, by: Valued<unknown>) => Column<V | null> = define("min_by");
/** The most frequent value. */
export const mode: <V>(column: Valued<V>) => Column<V | null> = define("mode");
/** In how many rows a condition holds. */
export const countIf: (condition: Valued<boolean | null>) => Column<bigint> = define("count_if");
/** Whether it holds in all rows. */
export const every: (condition: Valued<boolean | null>) => Column<boolean | null> = define("bool_and");
/** Whether it holds in any row. */
export const some: (condition: Valued<boolean | null>) => Column<boolean | null> = define("bool_or");
/** Bits that all have. */
export const bitAnd: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_and");
/** Bits that any has. */
export const bitOr: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_or");
/** Bits that an odd number has. */
export const bitXor: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_xor");
/** All values but NULLs as an array. */
export const collectList: <V>(column: Valued<V>) => Column<readonly NonNullable<V>[]> = define("collect_list");
/** Each value once, in no order. */
export const collectSet: <V>(column: Valued<V>) => Column<readonly NonNullable<V>[]> = define("collect_set");
/** About how many different values. */
export const approxCountDistinct: (column: Valued<unknown>) => Column<bigint> = define("approx_count_distinct");
/** The value below which a share of the rows lies, between two rows where need be. */
export const percentile: (column: Valued<Numeric | null>, share: number) => Column<number | null> =
  define("percentile");
/** The same as a value that occurs. Exact here. */
export const percentileApprox: <V extends Numeric | null>(column: Valued<V>, share: number) => Column<V | null> =
  define("percentile_approx");
/** Texts as one, with a separator. */
export const listAgg: (column: Valued<string | null>, separator?: string) => Column<string | null> = define("listagg");
/** A sum; NULL where it has no room. */
export const trySum: <V extends Numeric | null>(column: Valued<V>) => Column<SumOf<V> | null> = define("try_sum");
/** 1 where a key of a rollup is not grouped by, else 0. */
export const grouping: (key: Valued<unknown>) => Column<Int> = define("grouping");
/** The same of several keys as bits. */
export const groupingId: (...keys: readonly Valued<unknown>[]) => Column<bigint> = define("grouping_id");
/** Pearson's correlation. */
export const corr: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> = define("corr");
/** The covariance of the population. */
export const covarPop: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("covar_pop");
/** The covariance of the sample. */
export const covarSamp: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("covar_samp");
/** The slope of the line through the points (b, a). */
export const regrSlope: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_slope");
/** Where that line meets the axis. */
export const regrIntercept: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_intercept");
/** How well it fits. */
export const regrR2: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_r2");
/** The mean of b. */
export const regrAvgx: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_avgx");
/** The mean of a. */
export const regrAvgy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_avgy");
/** The squares of b about its mean. */
export const regrSxx: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_sxx");
/** The squares of a about its mean. */
export const regrSyy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_syy");
/** The products of both about their means. */
export const regrSxy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_sxy");
/** How many points. */
export const regrCount: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<bigint> = define("regr_count");
/** The number of a row in its window, from 1. */
export const rowNumber: () => Column<Int> = define("row_number");
/** The same for equal rows, with gaps. */
export const rank: () => Column<Int> = define("rank");
/** The same without gaps. */
export const denseRank: () => Column<Int> = define("dense_rank");
/** The rank as a share, from 0 to 1. */
export const percentRank: () => Column<number> = define("percent_rank");
/** The share of rows up to this one. */
export const cumeDist: () => Column<number> = define("cume_dist");
/** Which of some equal parts of its window a row is in. */
export const ntile: (count: number) => Column<Int> = define("ntile");
/** The value some rows before. */
export const lag: <V>(column: Valued<V>, offset?: number, missing?: Arg<Like<V>>) => Column<V | null> = define("lag");
/** The value some rows after. */
export const lead: <V>(column: Valued<V>, offset?: number, missing?: Arg<Like<V>>) => Column<V | null> = define("lead");
/** The value of the n-th row of the window, from 1. */
export const nthValue: <V>(column: Valued<V>, n: number) => Column<V | null> = define("nth_value");
/** The value of the first row of the window. */
export const firstValue: <V>(column: Valued<V>) => Column<V | null> = define("first_value");
/** The value of the last row of the window. */
export const lastValue: <V>(column: Valued<V>) => Column<V | null> = define("last_value");
