import type { Int } from "./schema.ts";
import type { Decimal, Interval, Timestamp } from "./values.ts";

declare const valueType: unique symbol;
declare const nameType: unique symbol;
declare const frameMark: unique symbol;

/** Columns of a frame, by name: what each holds in JavaScript, with whole numbers of 32 bits as {@link Int}. */
export type Shape = { readonly [name: string]: unknown };

/** Rows of a frame whose columns are not known when the program is compiled. */
export type Row = { readonly [name: string]: unknown };

/** Something that has a value in each row. `never` means: not known when the program is compiled. */
export interface Valued<V> {
  readonly [valueType]: V;
}

/** The same with a name. */
export interface Named<V, N extends string> extends Valued<V> {
  readonly [nameType]: N;
}

export type ValueIn<E> = E extends Valued<infer V> ? V : never;

/** A frame of any columns, where it is only read. */
export interface AnyFrame {
  readonly [frameMark]: true;
}

/** `null` where a value may be NULL. */
export type NullIn<V> = [V] extends [never] ? null : null extends V ? null : never;

/** What may stand in an expression as it is. */
export type Literal = string | number | bigint | boolean | Date | Decimal | Timestamp | Interval | Uint8Array | null;

export type Numeric = number | bigint | Decimal;
export type Moment = Date | Timestamp;

type Kin<V> = V extends Numeric ? Numeric : V extends Moment ? Moment : V extends boolean ? boolean : V;

/** What a value of type `V` may be compared with. */
export type Operand<V> = [V] extends [never]
  ? Literal | Valued<unknown>
  : Kin<NonNullable<V>> | Valued<Kin<NonNullable<V>> | null>;

/** What the value of an operand is: of a column its own, of a literal itself. */
export type OperandValue<B> = B extends Valued<infer V> ? V : LiteralValue<B>;

/** What a literal is as a column: whole numbers are {@link Int}, and a text is any text. */
export type LiteralValue<B> = B extends number
  ? IsIntegral<B> extends true
    ? Int
    : number
  : B extends string
    ? string
    : B extends bigint
      ? bigint
      : B extends boolean
        ? boolean
        : B;

/** NULL in either makes NULL. */
export type EitherNull<V, B> = NullIn<V> | (B extends Valued<infer W> ? NullIn<W> : B extends null ? null : never);

export type NumericOperand<V> = [V] extends [never] ? Numeric | Valued<unknown> : Numeric | Valued<Numeric | null>;

/** What may be added to a value of type `V`: numbers to numbers, spans of time to moments and spans, days to days. */
export type Addend<V> = [V] extends [never]
  ? Numeric | Interval | Valued<unknown>
  : NonNullable<V> extends Date
    ? Interval | number | Valued<Interval | Int | null>
    : NonNullable<V> extends Timestamp | Interval
      ? Interval | Valued<Interval | null>
      : Numeric | Valued<Numeric | null>;

/** The value of a sum or a difference: a moment and a span are a moment. */
export type Added<V, B> = NonNullable<V> extends Moment | Interval ? V | EitherNull<V, B> : Arithmetic<V, B>;

/** The value of an arithmetic expression: the wider of both types. */
export type Arithmetic<V, B> = [V] extends [never]
  ? never
  : B extends Valued<infer W>
    ? [W] extends [never]
      ? never
      : Wider<NonNullable<V>, NonNullable<W>> | NullIn<V> | NullIn<W>
    : WithLiteral<NonNullable<V>, B> | NullIn<V>;

/** The value of a quotient: decimals stay decimals, all else is a double. */
export type Quotient<V, B> = [V] extends [never]
  ? never
  : B extends Valued<infer W>
    ? [W] extends [never]
      ? never
      : QuotientOf<NonNullable<V>, NonNullable<W>> | NullIn<V> | NullIn<W>
    : QuotientOf<NonNullable<V>, B> | NullIn<V>;

type QuotientOf<A, B> =
  Wider<A, B extends number ? (IsIntegral<B> extends true ? Int : B) : B> extends Decimal ? Decimal : number;

type IsDouble<A> = A extends Int ? false : A extends number ? true : false;

type Wider<A, B> = true extends IsDouble<A> | IsDouble<B>
  ? number
  : Extract<A | B, Decimal> extends never
    ? Extract<A | B, bigint> extends never
      ? Int
      : bigint
    : Decimal;

/** A whole number takes the type of the column; a fraction makes a double. Of a `number` nobody knows. */
type WithLiteral<A, B> = B extends Int
  ? Wider<A, B>
  : B extends number
    ? number extends B
      ? IsDouble<A> extends true
        ? number
        : A | number
      : IsIntegral<B> extends true
        ? A
        : number
    : B extends bigint | Decimal
      ? Wider<A, B>
      : never;

type IsIntegral<B extends number> = B extends Int ? true : `${B}` extends `${bigint}` ? true : false;

/** Sums: of whole numbers 64 bits, of decimals a decimal, of doubles a double. */
export type SumOf<V> = [V] extends [never]
  ? never
  : NonNullable<V> extends Int | bigint
    ? bigint
    : NonNullable<V> extends Decimal
      ? Decimal
      : number;

export type AverageOf<V> = [V] extends [never] ? never : NonNullable<V> extends Decimal ? Decimal : number;

/** A value as rows carry it: whole numbers are plain numbers, and what is not known is `unknown`. */
export type Plain<V> = [V] extends [never] ? unknown : PlainValue<V>;

type PlainValue<V> = V extends Int
  ? number
  : V extends string | number | bigint | boolean | null | undefined | Date | Uint8Array | Decimal | Timestamp | Interval
    ? V
    : V extends ReadonlyMap<infer K, infer W>
      ? ReadonlyMap<PlainValue<K>, PlainValue<W>>
      : V extends readonly (infer E)[]
        ? readonly PlainValue<E>[]
        : V extends object
          ? { readonly [K in keyof V]: PlainValue<V[K]> }
          : V;

/** The rows of a frame. */
export type RowOf<S> = string extends keyof S ? Row : { -readonly [K in keyof S]: Plain<S[K]> };

/** Shows an intersection as one object. */
export type Flat<T> = { readonly [K in keyof T]: T[K] } & {};

/** What rows given by a program hold, as column types: plain numbers are doubles, dates are instants. */
export type ShapeOfRows<R> = { readonly [K in keyof R]: Stored<R[K]> };

type Stored<V> = V extends undefined ? null : V extends Date ? Timestamp : V extends boolean ? boolean : V;
