import type { Expression } from "../../plan/expression.ts";
import { createColumn, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { Literal, NullIn, OperandValue, Valued } from "../column-types.ts";
import { call } from "./core-functions.ts";

type Operands = readonly [Valued<unknown> | Literal, ...(Valued<unknown> | Literal)[]];
type ValueOf<A extends Operands> = OperandValue<A[number]>;

/** The first that is not NULL. */
export function coalesce<const A extends Operands>(...values: A): Column<NonNullable<ValueOf<A>> | AllNull<A>> {
  return call("coalesce", ...values);
}

type AllNull<A extends Operands> = A extends readonly [...Operands, infer L]
  ? OperandValue<L> extends infer V
    ? NullIn<V>
    : never
  : null;

/** Another in the place of NULL. */
export function ifNull<V, const B extends Literal | Valued<unknown>>(
  value: Valued<V>,
  other: B,
): Column<NonNullable<V> | OperandValue<B>> {
  return call("coalesce", value, other);
}

/** NULL where both are equal, else the first. */
export function nullIf<V>(value: Valued<V>, other: Valued<unknown> | Literal): Column<V | null> {
  return call("nullif", value, other);
}

/** The largest, without NULLs. NaN is larger than any number. */
export function greatest<V>(first: Valued<V>, ...others: readonly (Valued<V> | NonNullable<V>)[]): Column<V> {
  return call("greatest", first, ...others);
}

/** The smallest, without NULLs. */
export function least<V>(first: Valued<V>, ...others: readonly (Valued<V> | NonNullable<V>)[]): Column<V> {
  return call("least", first, ...others);
}

/** Texts, bytes or arrays one after the other; NULL where one is. */
export function concat<V extends string | Uint8Array | readonly unknown[] | null>(
  ...values: readonly (Valued<V> | string)[]
): Column<V> {
  return call("concat", ...values);
}

/** An array of values. */
export function array<V>(...values: readonly (Valued<V> | NonNullable<V>)[]): Column<readonly V[]> {
  return call("array", ...values);
}

/** A struct of columns by name. */
export function namedStruct<const R extends { readonly [name: string]: Valued<unknown> }>(
  fields: R,
): Column<{ readonly [K in keyof R]: R[K] extends Valued<infer V> ? V : never }> {
  return call("named_struct", ...Object.entries(fields).flat());
}

/** A map of keys and values in turn. */
export function createMap<K, V>(...entries: readonly (Valued<K> | Valued<V> | Literal)[]): Column<ReadonlyMap<K, V>> {
  return call("create_map", ...entries);
}

/** An error in every row that it is asked of (`invalid-value`). */
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

/** What a function makes of each element, and of its index from 0. */
export function transform<E, R>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>, index: Column<number>) => Valued<R>,
): Column<readonly R[] | null> {
  return call("transform", elements, lambda(fn, 2));
}

/** The elements for which a condition holds. */
export function filterArray<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<readonly E[] | null> {
  return call("filter", elements, lambda(fn, 1));
}

/** Whether a condition holds for any element. */
export function existsIn<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<boolean | null> {
  return call("exists", elements, lambda(fn, 1));
}

/** Whether a condition holds for all elements. */
export function forAll<E>(
  elements: ArrayColumn<E>,
  fn: (element: Column<E>) => Valued<boolean | null>,
): Column<boolean | null> {
  return call("forall", elements, lambda(fn, 1));
}

/** Elements into one value, from a beginning. Spark: `aggregate`. */
export function reduce<E, A>(
  elements: ArrayColumn<E>,
  start: Valued<A>,
  fn: (accumulator: Column<A>, element: Column<E>) => Valued<A | null>,
): Column<A | null> {
  return call("aggregate", elements, start, lambda(fn, 2));
}

/** What a function makes of two arrays side by side; the shorter one goes on with NULLs. */
export function zipWith<A, B, R>(
  left: ArrayColumn<A>,
  right: ArrayColumn<B>,
  fn: (left: Column<A | null>, right: Column<B | null>) => Valued<R>,
): Column<readonly R[] | null> {
  return call("zip_with", left, right, lambda(fn, 2));
}

/** The entries for which a condition holds. */
export function mapFilter<K, V>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<boolean | null>,
): Column<ReadonlyMap<K, V> | null> {
  return call("map_filter", map, lambda(fn, 2));
}

/** Other keys. */
export function transformKeys<K, V, R>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<R>,
): Column<ReadonlyMap<R, V> | null> {
  return call("transform_keys", map, lambda(fn, 2));
}

/** Other values. */
export function transformValues<K, V, R>(
  map: MapColumn<K, V>,
  fn: (key: Column<K>, value: Column<V>) => Valued<R>,
): Column<ReadonlyMap<K, R> | null> {
  return call("transform_values", map, lambda(fn, 2));
}
