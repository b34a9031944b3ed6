import type { Column } from "../column.ts";
import type { Valued } from "../column-types.ts";
import type { Int } from "../schema.ts";
import type { Decimal, Interval } from "../values.ts";
import {
  define,
  type Arg,
  type Binary,
  type Keeping,
  type Nullable,
  type Numeric,
  type Ternary,
  type Unary,
  type UnaryOr,
  type Whole,
} from "./signature.ts";

/** Whole numbers of decimals are decimals, of all else 64 bits. */
type WholeOf<V> = (NonNullable<V> extends Decimal ? Decimal : bigint) | Extract<V, null>;

/**
 * The arc cosine; NaN outside of -1 to 1.
 * @example acos(1) // => 0
 */
export const acos: Unary<Numeric, number> = define("acos");
/**
 * The arc sine; NaN outside of -1 to 1.
 * @example asin(0) // => 0
 */
export const asin: Unary<Numeric, number> = define("asin");
/**
 * The arc tangent.
 * @example atan(1) // => 0.7853981633974483
 */
export const atan: Unary<Numeric, number> = define("atan");
/**
 * The inverse hyperbolic cosine.
 * @example acosh(1) // => 0
 */
export const acosh: Unary<Numeric, number> = define("acosh");
/**
 * The inverse hyperbolic sine.
 * @example asinh(0) // => 0
 */
export const asinh: Unary<Numeric, number> = define("asinh");
/**
 * The inverse hyperbolic tangent.
 * @example atanh(0) // => 0
 */
export const atanh: Unary<Numeric, number> = define("atanh");
/**
 * The cube root.
 * @example cbrt(27) // => 3
 */
export const cbrt: Unary<Numeric, number> = define("cbrt");
/**
 * The cosine.
 * @example cos(0) // => 1
 */
export const cos: Unary<Numeric, number> = define("cos");
/**
 * The hyperbolic cosine.
 * @example cosh(0) // => 1
 */
export const cosh: Unary<Numeric, number> = define("cosh");
/**
 * The cotangent.
 * @example round(cot(1), 4) // => 0.6421
 */
export const cot: Unary<Numeric, number> = define("cot");
/**
 * The cosecant.
 * @example round(csc(1), 4) // => 1.1884
 */
export const csc: Unary<Numeric, number> = define("csc");
/**
 * The secant.
 * @example sec(0) // => 1
 */
export const sec: Unary<Numeric, number> = define("sec");
/**
 * Radians as degrees.
 * @example degrees(pi()) // => 180
 */
export const degrees: Unary<Numeric, number> = define("degrees");
/**
 * Degrees as radians.
 * @example round(radians(180), 4) // => 3.1416
 */
export const radians: Unary<Numeric, number> = define("radians");
/**
 * e to this power.
 * @example exp(0) // => 1
 */
export const exp: Unary<Numeric, number> = define("exp");
/**
 * e to this power, less 1, exact near 0.
 * @example expm1(0) // => 0
 */
export const expm1: Unary<Numeric, number> = define("expm1");
/**
 * The sine.
 * @example sin(0) // => 0
 */
export const sin: Unary<Numeric, number> = define("sin");
/**
 * The hyperbolic sine.
 * @example sinh(0) // => 0
 */
export const sinh: Unary<Numeric, number> = define("sinh");
/**
 * The tangent.
 * @example tan(0) // => 0
 */
export const tan: Unary<Numeric, number> = define("tan");
/**
 * The hyperbolic tangent.
 * @example tanh(0) // => 0
 */
export const tanh: Unary<Numeric, number> = define("tanh");
/**
 * The square root; NaN of what is below 0.
 * @example sqrt(9) // => 3
 */
export const sqrt: Unary<Numeric, number> = define("sqrt");
/**
 * The nearest whole number, as a double; halves to the even one.
 * @example rint(2.5) // => 2
 */
export const rint: Unary<Numeric, number> = define("rint");
/**
 * -1, 0 or 1.
 * @example signum(-7) // => -1
 */
export const signum: Unary<Numeric, number> = define("signum");
/**
 * The natural logarithm; NULL of what is not above 0.
 * @example ln(e()) // => 1
 */
export const ln: Unary<Numeric, Nullable<number>> = define("ln");
/**
 * The logarithm to base 10; NULL of what is not above 0.
 * @example log10(1000) // => 3
 */
export const log10: Unary<Numeric, Nullable<number>> = define("log10");
/**
 * The logarithm to base 2; NULL of what is not above 0.
 * @example log2(8) // => 3
 */
export const log2: Unary<Numeric, Nullable<number>> = define("log2");
/**
 * The natural logarithm of the value and 1, exact near 0.
 * @example log1p(0) // => 0
 */
export const log1p: Unary<Numeric, Nullable<number>> = define("log1p");
/**
 * The number without its sign. Of the least whole number an error (`overflow`).
 * @example abs(lit(-7)) // => 7
 */
export const abs: Keeping<Numeric> = define("abs");
/**
 * The number with the other sign.
 * @example negative(lit(7)) // => -7
 */
export const negative: Keeping<Numeric | Interval> = define("negative");
/**
 * A number to a power.
 * @example pow(2, 10) // => 1024
 */
export const pow: Binary<Numeric, Numeric, number> = define("pow");
/**
 * The angle of a point (y, x).
 * @example atan2(1, 1) // => 0.7853981633974483
 */
export const atan2: Binary<Numeric, Numeric, number> = define("atan2");
/**
 * The length of a vector.
 * @example hypot(3, 4) // => 5
 */
export const hypot: Binary<Numeric, Numeric, number> = define("hypot");
/**
 * The logarithm: natural, or with the base first; NULL of what is not above 0.
 * @example log(2, 8) // => 3
 */
export const log: UnaryOr<Numeric, Numeric, Nullable<number>> = define("log");
/**
 * A number to so many digits after the point (before it where negative); halves away from 0.
 * @example round(lit(2.345), 2) // => 2.35
 */
export const round: <V extends Numeric | null>(value: Valued<V>, digits?: number) => Column<V> = define("round");
/**
 * To so many digits after the point (before it where negative); halves to the even digit.
 * @example bround(lit(2.5)) // => 2
 */
export const bround: <V extends Numeric | null>(value: Valued<V>, digits?: number) => Column<V> = define("bround");
/**
 * The next whole number up.
 * @example ceil(lit(2.1)) // => 3n
 */
export const ceil: <V extends Numeric | null>(value: Valued<V>) => Column<WholeOf<V>> = define("ceil");
/**
 * The next whole number down.
 * @example floor(lit(-2.1)) // => -3n
 */
export const floor: <V extends Numeric | null>(value: Valued<V>) => Column<WholeOf<V>> = define("floor");
/**
 * The product of 1 up to the number, which is 0 to 20; NULL outside.
 * @example factorial(5) // => 120n
 */
export const factorial: Unary<Whole, Nullable<bigint>> = define("factorial");
/**
 * A number in binary digits.
 * @example bin(10) // => "1010"
 */
export const bin: Unary<Whole, string> = define("bin");
/**
 * A value in hexadecimal digits.
 * @example hex(255) // => "FF"
 */
export const hex: Unary<Whole | string | Uint8Array, string> = define("hex");
/**
 * Bytes of hexadecimal digits; NULL where they are none.
 * @example unhex("FF00") // => <ff00>
 */
export const unhex: Unary<string, Nullable<Uint8Array>> = define("unhex");
/**
 * Digits of one base in another.
 * @example conv("ff", 16, 10) // => "255"
 */
export const conv: Ternary<string, Whole, Whole, Nullable<string>> = define("conv");
/**
 * What a division leaves, never below 0.
 * @example pmod(lit(-7), 3) // => 2
 */
export const pmod: <V extends Numeric | null>(value: Valued<V>, divisor: Arg<Numeric>) => Column<V> = define("pmod");
/**
 * A sum; NULL where it has no room.
 * @example tryAdd(lit(2147483647), 1) // => null
 */
export const tryAdd: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> = define("try_add");
/**
 * A difference; NULL where it has no room.
 * @example trySubtract(lit(7), 2) // => 5
 */
export const trySubtract: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> =
  define("try_subtract");
/**
 * A product; NULL where it has no room.
 * @example tryMultiply(lit(2147483647), 2) // => null
 */
export const tryMultiply: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> =
  define("try_multiply");
/**
 * A quotient; NULL where the divisor is 0.
 * @example tryDivide(7, 0) // => null
 */
export const tryDivide: Binary<Numeric, Numeric, Nullable<number>> = define("try_divide");
/**
 * What a division leaves; NULL where the divisor is 0.
 * @example tryMod(lit(7), 0) // => null
 */
export const tryMod: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> = define("try_mod");
/**
 * The whole part of a quotient.
 * @example div(7, 2) // => 3n
 */
export const div: Binary<Whole, Whole, bigint> = define("div");
/**
 * Bits to the left; those that fall out are lost.
 * @example shiftleft(lit(1), 4) // => 16
 */
export const shiftleft: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> = define("shiftleft");
/**
 * Bits to the right, with the sign.
 * @example shiftright(lit(-16), 2) // => -4
 */
export const shiftright: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> =
  define("shiftright");
/**
 * Bits to the right, without the sign.
 * @example shiftrightUnsigned(lit(16), 2) // => 4
 */
export const shiftrightUnsigned: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> =
  define("shiftrightunsigned");
/**
 * How many bits are set.
 * @example bitCount(7) // => 3
 */
export const bitCount: Unary<Whole | boolean, Int> = define("bit_count");
/**
 * One bit.
 * @example getBit(5, 2) // => 1
 */
export const getBit: Binary<Whole, Whole, Int> = define("getbit");
/**
 * Every bit the other way.
 * @example bitwiseNot(lit(5)) // => -6
 */
export const bitwiseNot: Keeping<Whole> = define("bitwise_not");
/**
 * Which of some equal parts of a range a value lies in.
 * @example widthBucket(5.3, 0, 10, 5) // => 3n
 */
export const widthBucket: (
  value: Arg<Numeric>,
  low: Arg<Numeric>,
  high: Arg<Numeric>,
  count: Arg<Whole>,
) => Column<Nullable<bigint>> = define("width_bucket");
/**
 * A number from 0 up to 1; with a seed the same for the same row.
 * @example rand().lt(1) // => true
 */
export const rand: (seed?: number) => Column<number> = define("rand");
/**
 * A number of the normal distribution.
 * @example randn().isNotNull() // => true
 */
export const randn: () => Column<number> = define("randn");
/**
 * π.
 * @example pi() // => 3.141592653589793
 */
export const pi: () => Column<number> = define("pi");
/**
 * e.
 * @example e() // => 2.718281828459045
 */
export const e: () => Column<number> = define("e");
/**
 * A number of each row, rising.
 * @example monotonicallyIncreasingId() // => 0n
 */
export const monotonicallyIncreasingId: () => Column<bigint> = define("monotonically_increasing_id");
/**
 * Whether it is NaN; not NULL where it is NULL.
 * @example isNaN(acos(2)) // => true
 */
export const isNaN: Unary<Numeric, boolean> = define("isnan");
/**
 * A number, or another in the place of NaN.
 * @example nanvl(acos(2), 0) // => 0
 */
export const nanvl: Binary<Numeric, Numeric, number> = define("nanvl");
/**
 * A number, or NULL in the place of 0.
 * @example nullifzero(lit(0)) // => null
 */
export const nullifzero: <V extends Numeric | null>(value: Valued<V>) => Column<V | null> = define("nullifzero");
/**
 * A number, or 0 in the place of NULL.
 * @example zeroifnull(nullIf(lit(1), 1)) // => 0
 */
export const zeroifnull: <V extends Numeric | null>(value: Valued<V>) => Column<NonNullable<V>> = define("zeroifnull");
/**
 * A number of 32 bits for values; not Spark's, and not the same in another version of the engine.
 * @example hash("a").eq(hash("a")) // => true
 */
export const hash: (...values: readonly [unknown, ...unknown[]]) => Column<Int> = define("hash");
/**
 * A number of 64 bits for values; not Spark's, and not the same in another version of the engine.
 * @example xxhash64("a").eq(xxhash64("b")) // => false
 */
export const xxhash64: (...values: readonly [unknown, ...unknown[]]) => Column<bigint> = define("xxhash64");
