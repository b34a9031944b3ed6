import type { Type } from "./schema.ts";
import type {
  Added,
  Addend,
  AnyFrame,
  Arithmetic,
  EitherNull,
  Literal,
  Named,
  NullIn,
  NumericOperand,
  Operand,
  OperandValue,
  Quotient,
  Valued,
} from "./column-types.ts";
import type { OrderKey } from "./order-key.ts";
import type { Window } from "./window.ts";

/**
 * A value in each row of a frame, described and not computed. `V`: what it is in JavaScript; `N`: its name.
 *
 * Text that is given to a method is a value, never the name of a column: for those there are `c.name` and `col("name")`.
 */
export interface Column<V, N extends string = string> extends Named<V, N> {
  /** Under another name. */
  as<A extends string>(name: A): Column<V, A>;
  /** In another type. A value that has none there is an error (`invalid-cast`, `overflow`), as in Spark's ANSI mode. */
  cast<T>(type: Type<T>): Column<NonNullable<T> | NullIn<V>, N>;
  /** The same with NULL in place of an error. */
  tryCast<T>(type: Type<T>): Column<T | null, N>;

  eq<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  ne<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  lt<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  le<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  gt<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  ge<const B extends Operand<V>>(other: B): Column<boolean | EitherNull<V, B>>;
  /** Equal, where NULL equals NULL. Spark: `<=>`. */
  eqNullSafe(other: Operand<V> | null): Column<boolean>;
  /** From `low` to `high`, both included. */
  between<const A extends Operand<V>, const B extends Operand<V>>(
    low: A,
    high: B,
  ): Column<boolean | EitherNull<V, A> | EitherNull<V, B>>;
  /** One of some values, or of the rows of a frame with one column. */
  isIn(values: readonly Operand<V>[] | AnyFrame): Column<boolean | NullIn<V>>;
  isNull(): Column<boolean>;
  isNotNull(): Column<boolean>;
  isNaN(this: Valued<number | null>): Column<boolean>;

  and<const B extends Valued<boolean | null> | boolean>(
    this: Valued<boolean | null>,
    other: B,
  ): Column<boolean | EitherNull<V, B>>;
  or<const B extends Valued<boolean | null> | boolean>(
    this: Valued<boolean | null>,
    other: B,
  ): Column<boolean | EitherNull<V, B>>;
  not(this: Valued<boolean | null>): Column<boolean | NullIn<V>>;

  /** Overflow is an error; `tryAdd` and its like give NULL. To days and timestamps, `interval({ months: 1 })` is added. */
  plus<const B extends Addend<V>>(this: Valued<number | bigint | object | null>, other: B): Column<Added<V, B>>;
  minus<const B extends Addend<V>>(this: Valued<number | bigint | object | null>, other: B): Column<Added<V, B>>;
  times<const B extends NumericOperand<V>>(
    this: Valued<number | bigint | object | null>,
    other: B,
  ): Column<Arithmetic<V, B>>;
  /** Whole numbers divide as doubles. A divisor of zero is an error (`division-by-zero`); `tryDivide` gives NULL. */
  div<const B extends NumericOperand<V>>(
    this: Valued<number | bigint | object | null>,
    other: B,
  ): Column<Quotient<V, B>>;
  /** What a division leaves, with the sign of the dividend. */
  mod<const B extends NumericOperand<V>>(
    this: Valued<number | bigint | object | null>,
    other: B,
  ): Column<Arithmetic<V, B>>;
  neg(this: Valued<number | bigint | object | null>): Column<V>;
  bitwiseAnd<const B extends NumericOperand<V>>(other: B): Column<Arithmetic<V, B>>;
  bitwiseOr<const B extends NumericOperand<V>>(other: B): Column<Arithmetic<V, B>>;
  bitwiseXor<const B extends NumericOperand<V>>(other: B): Column<Arithmetic<V, B>>;

  /** SQL's patterns: `%` any text, `_` one character, `\` before a character that is meant itself. */
  like(this: Valued<string | null>, pattern: string): Column<boolean | NullIn<V>>;
  /** The same whatever the case. */
  ilike(this: Valued<string | null>, pattern: string): Column<boolean | NullIn<V>>;
  /** A regular expression that matches somewhere in the text. */
  rlike(this: Valued<string | null>, pattern: string): Column<boolean | NullIn<V>>;
  contains(this: Valued<string | null>, part: Operand<string>): Column<boolean | NullIn<V>>;
  startsWith(this: Valued<string | null>, part: Operand<string>): Column<boolean | NullIn<V>>;
  endsWith(this: Valued<string | null>, part: Operand<string>): Column<boolean | NullIn<V>>;
  /** `length` characters from `start`, which counts from 1; negative counts from the end. */
  substr(this: Valued<string | null>, start: number, length?: number): Column<V>;

  /** A field of a struct. */
  field<K extends keyof NonNullable<V> & string>(name: K): Column<NonNullable<V>[K] | NullIn<V>, K>;
  /** An element of an array, from 0 (outside is an error), or the value of a key (NULL where there is none). */
  item<K extends number | string | bigint>(
    key: K | Valued<K>,
  ): Column<
    NonNullable<V> extends readonly (infer E)[]
      ? E | NullIn<V>
      : NonNullable<V> extends ReadonlyMap<unknown, infer W>
        ? W | null
        : never
  >;

  /** NULLs first. */
  asc(): OrderKey;
  /** NULLs last. */
  desc(): OrderKey;
  ascNullsFirst(): OrderKey;
  ascNullsLast(): OrderKey;
  descNullsFirst(): OrderKey;
  descNullsLast(): OrderKey;

  /** An aggregate or a ranking function over the rows around each row. */
  over(window: Window): Column<V>;
  /** An aggregate of those rows only. */
  where(condition: Valued<boolean | null>): Column<V, N>;
  /** The column of the query around a subquery. */
  outer(): Column<V, N>;
  /** After `when(…, …)`: another branch. */
  when<B extends Literal | Valued<unknown>>(
    condition: Valued<boolean | null>,
    value: B,
  ): Column<V | OperandValue<B>, N>;
  /** After `when(…, …)`: the value where no branch applies. Without it: NULL. */
  otherwise<B extends Literal | Valued<unknown>>(value: B): Column<Exclude<V, null> | OperandValue<B>, N>;
}
