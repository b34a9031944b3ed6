import type { Column } from "../column.ts";
import type { Moment, NullIn, Numeric, Valued } from "../column-types.ts";
import type { Int } from "../schema.ts";
import { call } from "./core-functions.ts";

/** An argument: a column, or a value that stands for itself. Text is text, never a column's name. */
export type Arg<V> = V | Valued<V | null>;

/** NULL where an argument may be. */
export type NullOf<A> = A extends Valued<infer V> ? NullIn<V> : A extends null ? null : never;

export interface Unary<A, R> {
  <const X extends Arg<A>>(value: X): Column<R | NullOf<X>>;
}

export interface Binary<A, B, R> {
  <const X extends Arg<A>, const Y extends Arg<B>>(first: X, second: Y): Column<R | NullOf<X> | NullOf<Y>>;
}

export interface Ternary<A, B, C, R> {
  <const X extends Arg<A>, const Y extends Arg<B>, const Z extends Arg<C>>(
    first: X,
    second: Y,
    third: Z,
  ): Column<R | NullOf<X> | NullOf<Y> | NullOf<Z>>;
}

/** The last argument may be left out. */
export interface UnaryOr<A, B, R> {
  <const X extends Arg<A>, const Y extends Arg<B> = never>(first: X, second?: Y): Column<R | NullOf<X> | NullOf<Y>>;
}

export interface BinaryOr<A, B, C, R> {
  <const X extends Arg<A>, const Y extends Arg<B>, const Z extends Arg<C> = never>(
    first: X,
    second: Y,
    third?: Z,
  ): Column<R | NullOf<X> | NullOf<Y> | NullOf<Z>>;
}

/** A literal for a value of this type: whole numbers are numbers, and the analyzer says whether one fits. */
export type Like<V> = NonNullable<V> extends Int ? number : NonNullable<V>;

/** May be NULL whatever its arguments. */
export type Nullable<R> = R | null;

/** Keeps the type of its first argument. */
export interface Keeping<A> {
  <V extends A | null>(value: Valued<V>): Column<V>;
}

export type Whole = number | bigint;
export type { Moment, Numeric };

/** The function of a name: its signature is where it is exported, its meaning in the catalogue. */
export function define<F>(name: string): F {
  const build = (...args: readonly unknown[]): Column<never> => call(name, ...args.filter((arg) => arg !== undefined));
  return build as unknown as F;
}
