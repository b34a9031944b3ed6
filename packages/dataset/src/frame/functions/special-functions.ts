import type { Expression } from "../../plan/expression.ts";
import { createColumn, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { Literal, NullIn, OperandValue, Valued } from "../column-types.ts";
import { call } from "./core-functions.ts";
import type { Like } from "./signature.ts";

type Operands = readonly [Valued<unknown> | Literal, ...(Valued<unknown> | Literal)[]];
type ValueOf<A extends Operands> = OperandValue<A[number]>;

/**
 * The first that is not NULL.
 * @example coalesce(c.x, 0) // x = 1, null => 1, 0
 */
export function coalesce<const A extends Operands>(...values: A): Column<NonNullable<ValueOf<A>> | AllNull<A>> {
  return call("coalesce", ...values);
}

type AllNull<A extends Operands> = A extends readonly [...Operands, infer L]
  ? OperandValue<L> extends infer V
    ? NullIn<V>
    : never
  : null;

/**
 * A value, or another in the place of NULL.
 * @example ifNull(c.x, 0) // x = 1, null => 1, 0
 */
export function ifNull<V, const B extends Literal | Valued<unknown>>(
  value: Valued<V>,
  other: B,
): Column<NonNullable<V> | OperandValue<B>> {
  return call("coalesce", value, other);
}

/**
 * NULL where both are equal, else the first.
 * @example nullIf(c.x, 0) // x = 0, 1 => null, 1
 */
export function nullIf<V>(value: Valued<V>, other: Valued<unknown> | Literal): Column<V | null> {
  return call("nullif", value, other);
}

/**
 * The largest of some values, without NULLs. NaN is larger than any number.
 * @example greatest(lit(1), 3, 2) // => 3
 */
export function greatest<V>(first: Valued<V>, ...others: readonly (Valued<V> | Like<V>)[]): Column<V> {
  return call("greatest", first, ...others);
}

/**
 * The smallest of some values, without NULLs.
 * @example least(lit(1), 3, 2) // => 1
 */
export function least<V>(first: Valued<V>, ...others: readonly (Valued<V> | Like<V>)[]): Column<V> {
  return call("least", first, ...others);
}

/**
 * Texts, bytes or arrays one after the other; NULL where one is.
 * @example concat("con", "cert") // => "concert"
 */
export function concat<V extends string | Uint8Array | readonly unknown[] | null>(
  ...values: readonly (Valued<V> | string)[]
): Column<V> {
  return call("concat", ...values);
}

/**
 * An array of values.
 * @example array(1, 2, 3) // => [1, 2, 3]
 */
export function array<const A extends readonly (Valued<unknown> | Literal)[]>(
  ...values: A
): Column<readonly OperandValue<A[number]>[]> {
  return call("array", ...values);
}

/**
 * A struct of columns by name.
 * @example namedStruct({ a: lit(1), b: lit("x") }) // => { a: 1, b: "x" }
 */
export function namedStruct<const R extends { readonly [name: string]: Valued<unknown> }>(
  fields: R,
): Column<{ readonly [K in keyof R]: R[K] extends Valued<infer V> ? V : never }> {
  return call("named_struct", ...Object.entries(fields).flat());
}

/**
 * A map of keys and values in turn.
 * @example createMap("a", 1, "b", 2) // => { "a" => 1, "b" => 2 }
 */
export function createMap<K, V>(...entries: readonly (Valued<K> | Valued<V> | Literal)[]): Column<ReadonlyMap<K, V>> {
  return call("create_map", ...entries);
}

/**
 * An error in every row that it is asked of (`invalid-value`).
 * @example when(lit(false), raiseError("never")).otherwise("fine") // => "fine"
 */
export function raiseError(message: string | Valued<string>): Column<never> {
  return call("raise_error", message);
}

/**
 * A function of elements, called once with columns that stand for them. Variables are named by how many lambdas are
 * inside, so that nested ones differ; until then they are told apart as objects.
 */
function lambda(fn: (...elements: never[]) => Valued<unknown>, arity: number): Column<never> {
  const used = Math.min(Math.max(fn.length, 1), arity);
  const stand: readonly Expression[] = Array.from({ length: used }, () =>
    Object.freeze({ kind: "lambdaVariable", name: "" }),
  );
  const body = toExpression(fn(...(stand.map((one) => createColumn(one)) as never[])));
  const depth = depthOf(body);
  const parameters = stand.map((_, index) => `x${depth}_${index}`);
  const named = replaceObjects(
    body,
    new Map(stand.map((one, index) => [one, { kind: "lambdaVariable", name: parameters[index] }])),
  );
  return createColumn({ kind: "lambda", parameters, body: named as Expression });
}

/** How many lambdas are inside of each other. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Math.max(0, ...Object.values(value).map(depthOf));
  return (value as { readonly kind?: unknown }).kind === "lambda" ? inner + 1 : inner;
}

function replaceObjects(value: unknown, others: ReadonlyMap<unknown, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const other = others.get(value);
  if (other !== undefined) return other;
  // Those of a lambda around this one are known as objects, and stay the same.
  if ((value as { readonly kind?: unknown }).kind === "lambdaVariable") return value;
  if (Array.isArray(value)) return value.map((one) => replaceObjects(one, others));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaceObjects(one, others)]));
}

type ArrayColumn<E> = Valued<readonly E[] | null>;
type MapColumn<K, V> = Valued<ReadonlyMap<K, V> | null>;

/**
 * What a function makes of each element, and of its index from 0.
 * @example transform(array(1, 2, 3), (one) => one.plus(10)) // => [11, 12, 13]
 */
export function transform<E, R>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>, index: Column<number>) => Valued<R>,
): Column<readonly R[] | null> {
  return call("transform", elements, lambda(fn, 2));
}

/**
 * The elements for which a condition holds.
 * @example filterArray(array(1, 2, 3), (one) => one.gt(1)) // => [2, 3]
 */
export function filterArray<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<readonly E[] | null> {
  return call("filter", elements, lambda(fn, 1));
}

/**
 * Whether a condition holds for any element.
 * @example existsIn(array(1, 2, 3), (one) => one.gt(2)) // => true
 */
export function existsIn<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<boolean | null> {
  return call("exists", elements, lambda(fn, 1));
}

/**
 * Whether a condition holds for all elements.
 * @example forAll(array(1, 2, 3), (one) => one.gt(2)) // => false
 */
export function forAll<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<boolean | null> {
  return call("forall", elements, lambda(fn, 1));
}

/**
 * Elements into one value, from a beginning. Spark: `aggregate`.
 * @example reduce(array(1, 2, 3), lit(0), (sum, one) => sum.plus(one)) // => 6
 */
export function reduce<E, A>(
  elements: ArrayColumn<E>,
  start: Valued<A>,
  fn: (accumulator: Column<Like<A>>, element: Column<E>) => Valued<Like<A> | null>,
): Column<Like<A> | null> {
  return call("aggregate", elements, start, lambda(fn, 2));
}

/**
 * What a function makes of two arrays side by side; the shorter one goes on with NULLs.
 * @example zipWith(array(1, 2), array(10, 20), (a, b) => a.plus(b)) // => [11, 22]
 */
export function zipWith<A, B, R>(
  left: ArrayColumn<A>,
  right: ArrayColumn<B>,
  fn: (left: Column<A | null>, right: Column<B | null>) => Valued<R>,
): Column<readonly R[] | null> {
  return call("zip_with", left, right, lambda(fn, 2));
}

/**
 * The entries of a map for which a condition holds.
 * @example mapFilter(strToMap("a:1,b:2"), (key) => key.gt("a")) // => { "b" => "2" }
 */
export function mapFilter<K, V>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<boolean | null>,
): Column<ReadonlyMap<K, V> | null> {
  return call("map_filter", map, lambda(fn, 2));
}

/**
 * A map with what a function makes of each key.
 * @example transformKeys(strToMap("a:1"), (key) => upper(key)) // => { "A" => "1" }
 */
export function transformKeys<K, V, R>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<R>,
): Column<ReadonlyMap<R, V> | null> {
  return call("transform_keys", map, lambda(fn, 2));
}

/**
 * A map with what a function makes of each value.
 * @example transformValues(strToMap("a:1"), (key, value) => concat(key, value)) // => { "a" => "a1" }
 */
export function transformValues<K, V, R>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<R>,
): Column<ReadonlyMap<K, R> | null> {
  return call("transform_values", map, lambda(fn, 2));
}
