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

/** The arc cosine; NaN outside of -1 to 1. */
export const acos: Unary<Numeric, number> = define("acos");
/** The arc sine; NaN outside of -1 to 1. */
export const asin: Unary<Numeric, number> = define("asin");
/** The arc tangent. */
export const atan: Unary<Numeric, number> = define("atan");
/** The inverse hyperbolic cosine. */
export const acosh: Unary<Numeric, number> = define("acosh");
/** The inverse hyperbolic sine. */
export const asinh: Unary<Numeric, number> = define("asinh");
/** The inverse hyperbolic tangent. */
export const atanh: Unary<Numeric, number> = define("atanh");
/** The cube root. */
export const cbrt: Unary<Numeric, number> = define("cbrt");
/** The cosine. */
export const cos: Unary<Numeric, number> = define("cos");
/** The hyperbolic cosine. */
export const cosh: Unary<Numeric, number> = define("cosh");
/** The cotangent. */
export const cot: Unary<Numeric, number> = define("cot");
/** The cosecant. */
export const csc: Unary<Numeric, number> = define("csc");
/** The secant. */
export const sec: Unary<Numeric, number> = define("sec");
/** Radians as degrees. */
export const degrees: Unary<Numeric, number> = define("degrees");
/** Degrees as radians. */
export const radians: Unary<Numeric, number> = define("radians");
/** e to this power. */
export const exp: Unary<Numeric, number> = define("exp");
/** The same less 1, exact near 0. */
export const expm1: Unary<Numeric, number> = define("expm1");
/** The sine. */
export const sin: Unary<Numeric, number> = define("sin");
/** The hyperbolic sine. */
export const sinh: Unary<Numeric, number> = define("sinh");
/** The tangent. */
export const tan: Unary<Numeric, number> = define("tan");
/** The hyperbolic tangent. */
export const tanh: Unary<Numeric, number> = define("tanh");
/** The square root; NaN of what is below 0. */
export const sqrt: Unary<Numeric, number> = define("sqrt");
/** The nearest whole number, as a double; halves to the even one. */
export const rint: Unary<Numeric, number> = define("rint");
/** -1, 0 or 1. */
export const signum: Unary<Numeric, number> = define("signum");
/** The natural logarithm; NULL of what is not above 0. */
export const ln: Unary<Numeric, Nullable<number>> = define("ln");
/** To base 10. */
export const log10: Unary<Numeric, Nullable<number>> = define("log10");
/** To base 2. */
export const log2: Unary<Numeric, Nullable<number>> = define("log2");
/** Of the value and 1. */
export const log1p: Unary<Numeric, Nullable<number>> = define("log1p");
/** Without its sign. Of the least whole number an error (`overflow`). */
export const abs: Keeping<Numeric> = define("abs");
/** With the other sign. */
export const negative: Keeping<Numeric | Interval> = define("negative");
/** To a power. */
export const pow: Binary<Numeric, Numeric, number> = define("pow");
/** The angle of a point (y, x). */
export const atan2: Binary<Numeric, Numeric, number> = define("atan2");
/** The length of a vector. */
export const hypot: Binary<Numeric, Numeric, number> = define("hypot");
/** Natural, or with the base first. */
export const log: UnaryOr<Numeric, Numeric, Nullable<number>> = define("log");
/** To so many digits after the point (before it where negative); halves away from 0. */
export const round: <V extends Numeric | null>(value: Valued<V>, digits?: number) => Column<V> = define("round");
/** The same with halves to the even digit. */
export const bround: <V extends Numeric | null>(value: Valued<V>, digits?: number) => Column<V> = define("bround");
/** The next whole number up. */
export const ceil: <V extends Numeric | null>(value: Valued<V>) => Column<WholeOf<V>> = define("ceil");
/** The next whole number down. */
export const floor: <V extends Numeric | null>(value: Valued<V>) => Column<WholeOf<V>> = define("floor");
/** Of 0 to 20; NULL outside. */
export const factorial: Unary<Whole, Nullable<bigint>> = define("factorial");
/** In binary digits. */
export const bin: Unary<Whole, string> = define("bin");
/** In hexadecimal digits. */
export const hex: Unary<Whole | string | Uint8Array, string> = define("hex");
/** Bytes of hexadecimal digits; NULL where they are none. */
export const unhex: Unary<string, Nullable<Uint8Array>> = define("unhex");
/** Digits of one base in another. */
export const conv: Ternary<string, Whole, Whole, Nullable<string>> = define("conv");
/** What a division leaves, never below 0. */
export const pmod: <V extends Numeric | null>(value: Valued<V>, divisor: Arg<Numeric>) => Column<V> = define("pmod");
/** A sum; NULL where it has no room. */
export const tryAdd: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> = define("try_add");
/** A difference; NULL where it has no room. */
export const trySubtract: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> =
  define("try_subtract");
/** A product; NULL where it has no room. */
export const tryMultiply: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> =
  define("try_multiply");
/** A quotient; NULL where the divisor is 0. */
export const tryDivide: Binary<Numeric, Numeric, Nullable<number>> = define("try_divide");
/** What a division leaves; NULL where the divisor is 0. */
export const tryMod: <V extends Numeric | null>(a: Valued<V>, b: Arg<Numeric>) => Column<V | null> = define("try_mod");
/** The whole part of a quotient. */
export const div: Binary<Whole, Whole, bigint> = define("div");
/** Bits to the left; those that fall out are lost. */
export const shiftleft: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> = define("shiftleft");
/** Bits to the right, with the sign. */
export const shiftright: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> =
  define("shiftright");
/** Bits to the right, without the sign. */
export const shiftrightUnsigned: <V extends Whole | null>(value: Valued<V>, bits: Arg<Whole>) => Column<V> =
  define("shiftrightunsigned");
/** How many bits are set. */
export const bitCount: Unary<Whole | boolean, Int> = define("bit_count");
/** One bit. */
export const getBit: Binary<Whole, Whole, Int> = define("getbit");
/** Every bit the other way. */
export const bitwiseNot: Keeping<Whole> = define("bitwise_not");
/** Which of some equal parts of a range a value lies in. */
export const widthBucket: (
  value: Arg<Numeric>,
  low: Arg<Numeric>,
  high: Arg<Numeric>,
  count: Arg<Whole>,
) => Column<Nullable<bigint>> = define("width_bucket");
/** A number from 0 up to 1; with a seed the same for the same row. */
export const rand: (seed?: number) => Column<number> = define("rand");
/** A number of the normal distribution. */
export const randn: () => Column<number> = define("randn");
/** π. */
export const pi: () => Column<number> = define("pi");
/** e. */
export const e: () => Column<number> = define("e");
/** A number of each row, rising. */
export const monotonicallyIncreasingId: () => Column<bigint> = define("monotonically_increasing_id");
/** Whether it is NaN; not NULL where it is NULL. */
export const isNaN: Unary<Numeric, boolean> = define("isnan");
/** Another in the place of NaN. */
export const nanvl: Binary<Numeric, Numeric, number> = define("nanvl");
/** NULL in the place of 0. */
export const nullifzero: <V extends Numeric | null>(value: Valued<V>) => Column<V | null> = define("nullifzero");
/** 0 in the place of NULL. */
export const zeroifnull: <V extends Numeric | null>(value: Valued<V>) => Column<NonNullable<V>> = define("zeroifnull");
/** A number of 32 bits for values; not Spark's, and not the same in another version of the engine. */
export const hash: (...values: readonly [unknown, ...unknown[]]) => Column<Int> = define("hash");
/** The same of 64 bits. */
export const xxhash64: (...values: readonly [unknown, ...unknown[]]) => Column<bigint> = define("xxhash64");
