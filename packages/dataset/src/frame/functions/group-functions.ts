import type { Column } from "../column.ts";
import type { SumOf, Valued } from "../column-types.ts";
import type { Int } from "../schema.ts";
import { define, type Arg, type Numeric, type Whole, type Like } from "./signature.ts";

/**
 * The standard deviation of the sample; NULL of fewer than two.
 * @example stddev(c.x) // x = 2, 4, 6 => 2
 */
export const stddev: (column: Valued<Numeric | null>) => Column<number | null> = define("stddev_samp");
/**
 * The standard deviation of the population.
 * @example stddevPop(c.x) // x = 1, 3 => 1
 */
export const stddevPop: (column: Valued<Numeric | null>) => Column<number | null> = define("stddev_pop");
/**
 * The variance of the sample.
 * @example variance(c.x) // x = 2, 4, 6 => 4
 */
export const variance: (column: Valued<Numeric | null>) => Column<number | null> = define("var_samp");
/**
 * The variance of the population.
 * @example variancePop(c.x) // x = 1, 3 => 1
 */
export const variancePop: (column: Valued<Numeric | null>) => Column<number | null> = define("var_pop");
/**
 * How lopsided the values lie.
 * @example skewness(c.x) // x = 1, 2, 3 => 0
 */
export const skewness: (column: Valued<Numeric | null>) => Column<number | null> = define("skewness");
/**
 * How heavy the ends are, 0 for the normal distribution.
 * @example kurtosis(c.x) // x = 1, 2, 3 => -1.4999999999999787
 */
export const kurtosis: (column: Valued<Numeric | null>) => Column<number | null> = define("kurtosis");
/**
 * The middle value.
 * @example median(c.x) // x = 1, 2, 10 => 2
 */
export const median: (column: Valued<Numeric | null>) => Column<number | null> = define("median");
/**
 * The product.
 * @example product(c.x) // x = 2, 3, 4 => 24
 */
export const product: (column: Valued<Numeric | null>) => Column<number | null> = define("product");
/**
 * The value of the first row.
 * @example first(c.x) // x = 7, 8, 9 => 7
 */
export const first: <V>(column: Valued<V>) => Column<V | null> = define("first");
/**
 * The value of the last row.
 * @example last(c.x) // x = 7, 8, 9 => 9
 */
export const last: <V>(column: Valued<V>) => Column<V | null> = define("last");
/**
 * The first value that is not NULL.
 * @example firstIgnoreNulls(c.x) // x = null, 8, 9 => 8
 */
export const firstIgnoreNulls: <V>(column: Valued<V>) => Column<V | null> = define("first_ignore_nulls");
/**
 * The last value that is not NULL.
 * @example lastIgnoreNulls(c.x) // x = 7, 8, null => 8
 */
export const lastIgnoreNulls: <V>(column: Valued<V>) => Column<V | null> = define("last_ignore_nulls");
/**
 * The value of some row.
 * @example anyValue(c.x) // x = 7, 7 => 7
 */
export const anyValue: <V>(column: Valued<V>) => Column<V | null> = define("any_value");
/**
 * The value where another is largest.
 * @example maxBy(c.x, c.y) // x = "a", "b"; y = 2, 1 => "a"
 */
export const maxBy: <V>(column: Valued<V>, by: Valued<unknown>) => Column<V | null> = define("max_by");
/**
 * The value where another is smallest.
 * @example minBy(c.x, c.y) // x = "a", "b"; y = 2, 1 => "b"
 */
export const minBy: <V>(column: Valued<V>, by: Valued<unknown>) => Column<V | null> = define("min_by");
/**
 * The most frequent value.
 * @example mode(c.x) // x = 1, 2, 2 => 2
 */
export const mode: <V>(column: Valued<V>) => Column<V | null> = define("mode");
/**
 * In how many rows a condition holds.
 * @example countIf(c.x.gt(1)) // x = 1, 2, 3 => 2n
 */
export const countIf: (condition: Valued<boolean | null>) => Column<bigint> = define("count_if");
/**
 * Whether a condition holds in all rows.
 * @example every(c.x.gt(1)) // x = 1, 2, 3 => false
 */
export const every: (condition: Valued<boolean | null>) => Column<boolean | null> = define("bool_and");
/**
 * Whether a condition holds in any row.
 * @example some(c.x.gt(1)) // x = 1, 2, 3 => true
 */
export const some: (condition: Valued<boolean | null>) => Column<boolean | null> = define("bool_or");
/**
 * Bits that all have.
 * @example bitAnd(c.x) // x = 6, 3 => 2
 */
export const bitAnd: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_and");
/**
 * Bits that any has.
 * @example bitOr(c.x) // x = 6, 3 => 7
 */
export const bitOr: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_or");
/**
 * Bits that an odd number has.
 * @example bitXor(c.x) // x = 6, 3 => 5
 */
export const bitXor: <V extends Whole | null>(column: Valued<V>) => Column<V | null> = define("bit_xor");
/**
 * All values but NULLs as an array.
 * @example collectList(c.x) // x = 2, null, 2 => [2, 2]
 */
export const collectList: <V>(column: Valued<V>) => Column<readonly NonNullable<V>[]> = define("collect_list");
/**
 * Each value once, in no order.
 * @example collectSet(c.x) // x = 2, null, 2 => [2]
 */
export const collectSet: <V>(column: Valued<V>) => Column<readonly NonNullable<V>[]> = define("collect_set");
/**
 * About how many different values.
 * @example approxCountDistinct(c.x) // x = 1, 2, 2 => 2n
 */
export const approxCountDistinct: (column: Valued<unknown>) => Column<bigint> = define("approx_count_distinct");
/**
 * The value below which a share of the rows lies, between two rows where need be.
 * @example percentile(c.x, 0.25) // x = 1, 2, 3, 4 => 1.75
 */
export const percentile: (column: Valued<Numeric | null>, share: number) => Column<number | null> =
  define("percentile");
/**
 * The value that occurs below which a share of the rows lies. Exact here.
 * @example percentileApprox(c.x, 0.25) // x = 1, 2, 3, 4 => 1
 */
export const percentileApprox: <V extends Numeric | null>(column: Valued<V>, share: number) => Column<V | null> =
  define("percentile_approx");
/**
 * Texts as one, with a separator.
 * @example listAgg(c.x, ", ") // x = "a", "b" => "a, b"
 */
export const listAgg: (column: Valued<string | null>, separator?: string) => Column<string | null> = define("listagg");
/**
 * A sum; NULL where it has no room.
 * @example trySum(c.x) // x = 1, 2, 3 => 6n
 */
export const trySum: <V extends Numeric | null>(column: Valued<V>) => Column<SumOf<V> | null> = define("try_sum");
/**
 * 1 where a key of a rollup is not grouped by, else 0.
 *
 * ```ts
 * import { createContext, grouping, struct, t } from "@tutti/dataset";
 *
 * const tutti = createContext();
 * const sales = tutti.createDataFrame([{ city: "Ulm" }, { city: "Bonn" }], struct({ city: t.string }));
 * const rows = await sales.rollup("city").agg((c) => ({ isTotal: grouping(c.city) })).orderBy("city").collect();
 * for (const { city, isTotal } of rows) console.log(city, isTotal);
 * // => null 1
 * // => Bonn 0
 * // => Ulm 0
 * await tutti.close();
 * ```
 */
export const grouping: (key: Valued<unknown>) => Column<Int> = define("grouping");
/**
 * As bits which of several keys of a rollup are not grouped by.
 *
 * ```ts
 * import { createContext, groupingId, struct, t } from "@tutti/dataset";
 *
 * const tutti = createContext();
 * const sales = tutti.createDataFrame([{ city: "Ulm", year: 2024 }], struct({ city: t.string, year: t.int }));
 * const rows = await sales.rollup("city", "year").agg((c) => ({ id: groupingId(c.city, c.year) })).orderBy("id").collect();
 * console.log(rows.map(({ id }) => id)); // => [ 0n, 1n, 3n ]
 * await tutti.close();
 * ```
 */
export const groupingId: (...keys: readonly Valued<unknown>[]) => Column<bigint> = define("grouping_id");
/**
 * Pearson's correlation.
 * @example corr(c.x, c.y) // x = 1, 2, 3; y = 2, 4, 6 => 1
 */
export const corr: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> = define("corr");
/**
 * The covariance of the population.
 * @example covarPop(c.x, c.y) // x = 1, 3; y = 2, 4 => 1
 */
export const covarPop: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("covar_pop");
/**
 * The covariance of the sample.
 * @example covarSamp(c.x, c.y) // x = 1, 3; y = 2, 4 => 2
 */
export const covarSamp: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("covar_samp");
/**
 * The slope of the line through the points (b, a).
 * @example regrSlope(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 2
 */
export const regrSlope: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_slope");
/**
 * Where the line through the points (b, a) meets the axis.
 * @example regrIntercept(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 1
 */
export const regrIntercept: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_intercept");
/**
 * How well the line through the points (b, a) fits.
 * @example regrR2(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 1
 */
export const regrR2: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_r2");
/**
 * The mean of b.
 * @example regrAvgx(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 2
 */
export const regrAvgx: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_avgx");
/**
 * The mean of a.
 * @example regrAvgy(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 5
 */
export const regrAvgy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_avgy");
/**
 * The squares of b about its mean.
 * @example regrSxx(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 2
 */
export const regrSxx: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_sxx");
/**
 * The squares of a about its mean.
 * @example regrSyy(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 8
 */
export const regrSyy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_syy");
/**
 * The products of both about their means.
 * @example regrSxy(c.y, c.x) // x = 1, 2, 3; y = 3, 5, 7 => 4
 */
export const regrSxy: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<number | null> =
  define("regr_sxy");
/**
 * How many points.
 * @example regrCount(c.y, c.x) // x = 1, 2, 3; y = 3, null, 7 => 2n
 */
export const regrCount: (a: Valued<Numeric | null>, b: Valued<Numeric | null>) => Column<bigint> = define("regr_count");
/**
 * The number of a row in its window, from 1.
 * @example rowNumber().over(window().orderBy(c.x)) // x = 5, 7, 7, 9 => 1, 2, 3, 4
 */
export const rowNumber: () => Column<Int> = define("row_number");
/**
 * The number of a row in its window, the same for equal rows, with gaps.
 * @example rank().over(window().orderBy(c.x)) // x = 5, 7, 7, 9 => 1, 2, 2, 4
 */
export const rank: () => Column<Int> = define("rank");
/**
 * The number of a row in its window, the same for equal rows, without gaps.
 * @example denseRank().over(window().orderBy(c.x)) // x = 5, 7, 7, 9 => 1, 2, 2, 3
 */
export const denseRank: () => Column<Int> = define("dense_rank");
/**
 * The rank of a row in its window as a share, from 0 to 1.
 * @example percentRank().over(window().orderBy(c.x)) // x = 5, 7, 9 => 0, 0.5, 1
 */
export const percentRank: () => Column<number> = define("percent_rank");
/**
 * The share of rows of the window up to this one.
 * @example cumeDist().over(window().orderBy(c.x)) // x = 5, 7, 7, 9 => 0.25, 0.75, 0.75, 1
 */
export const cumeDist: () => Column<number> = define("cume_dist");
/**
 * Which of some equal parts of its window a row is in.
 * @example ntile(2).over(window().orderBy(c.x)) // x = 5, 7, 8, 9 => 1, 1, 2, 2
 */
export const ntile: (count: number) => Column<Int> = define("ntile");
/**
 * The value some rows before, in the window.
 * @example lag(c.x).over(window().orderBy(c.x)) // x = 5, 7, 9 => null, 5, 7
 */
export const lag: <V>(column: Valued<V>, offset?: number, missing?: Arg<Like<V>>) => Column<V | null> = define("lag");
/**
 * The value some rows after, in the window.
 * @example lead(c.x, 1, 0).over(window().orderBy(c.x)) // x = 5, 7, 9 => 7, 9, 0
 */
export const lead: <V>(column: Valued<V>, offset?: number, missing?: Arg<Like<V>>) => Column<V | null> = define("lead");
/**
 * The value of the n-th row of the window, from 1.
 * @example nthValue(c.x, 2).over(window().orderBy(c.x)) // x = 5, 7, 9 => null, 7, 7
 */
export const nthValue: <V>(column: Valued<V>, n: number) => Column<V | null> = define("nth_value");
/**
 * The value of the first row of the window.
 * @example firstValue(c.x).over(window().orderBy(c.x)) // x = 5, 7, 9 => 5, 5, 5
 */
export const firstValue: <V>(column: Valued<V>) => Column<V | null> = define("first_value");
/**
 * The value of the last row of the window.
 * @example lastValue(c.x).over(window().orderBy(c.x)) // x = 5, 7, 9 => 5, 7, 9
 */
export const lastValue: <V>(column: Valued<V>) => Column<V | null> = define("last_value");
