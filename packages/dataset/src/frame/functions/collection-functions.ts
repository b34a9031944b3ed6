import type { Column } from "../column.ts";
import type { NullIn, Valued } from "../column-types.ts";
import type { Int } from "../schema.ts";
import type { Interval } from "../values.ts";
import {
  define,
  type Arg,
  type Binary,
  type BinaryOr,
  type Moment,
  type Nullable,
  type Unary,
  type Whole,
  type Like,
} from "./signature.ts";

type ElementOf<H> =
  NonNullable<H> extends readonly (infer E)[] ? E : NonNullable<H> extends ReadonlyMap<unknown, infer V> ? V : never;

/** How many elements or keys. */
export const size: Unary<readonly unknown[] | ReadonlyMap<unknown, unknown>, Int> = define("size");
/** An element, from 1 or from -1 backwards (outside is an error), or the value of a key. */
export const elementAt: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
  key: Arg<string | Whole>,
) => Column<ElementOf<H> | null> = define("element_at");
/** The same with NULL outside. */
export const tryElementAt: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
  key: Arg<string | Whole>,
) => Column<ElementOf<H> | null> = define("try_element_at");
/** An element from 0; NULL outside. */
export const get: <E>(array: Valued<readonly E[] | null>, index: Arg<Whole>) => Column<E | null> = define("get");
/** Whether an element is there; NULL where a NULL might be it. */
export const arrayContains: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<boolean | null> = define("array_contains");
/** Where it is first, from 1; 0 where it is not. */
export const arrayPosition: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<bigint | null> = define("array_position");
/** Each element once. */
export const arrayDistinct: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> =
  define("array_distinct");
/** Without NULLs. */
export const arrayCompact: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> =
  define("array_compact");
/** In order, NULLs last. */
export const arraySort: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> = define("array_sort");
/** Backwards. */
export const reverse: <V extends readonly unknown[] | string | null>(value: Valued<V>) => Column<V> = define("reverse");
/** Elements of either, each once. */
export const arrayUnion: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_union");
/** Elements of both, each once. */
export const arrayIntersect: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_intersect");
/** Elements of the first that are not in the second, each once. */
export const arrayExcept: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_except");
/** In order; NULLs first, or last where it is the other way round. */
export const sortArray: <V extends readonly unknown[] | null>(array: Valued<V>, isAscending?: boolean) => Column<V> =
  define("sort_array");
/** As text with a separator; NULLs are left out, or stand as the third. */
export const arrayJoin: BinaryOr<readonly string[], string, string, string> = define("array_join");
/** The largest element. */
export const arrayMax: <E>(array: Valued<readonly E[] | null>) => Column<E | null> = define("array_max");
/** The smallest element. */
export const arrayMin: <E>(array: Valued<readonly E[] | null>) => Column<E | null> = define("array_min");
/** Without an element. */
export const arrayRemove: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_remove");
/** With one more at the end. */
export const arrayAppend: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_append");
/** With one more at the beginning. */
export const arrayPrepend: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_prepend");
/** With one more at a place, from 1 or from -1 backwards. */
export const arrayInsert: <E>(
  array: Valued<readonly E[] | null>,
  place: Arg<Whole>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_insert");
/** A value so many times. */
export const arrayRepeat: <V>(value: Valued<V>, count: Arg<Whole>) => Column<readonly V[]> = define("array_repeat");
/** Whether they share an element. */
export const arraysOverlap: Binary<readonly unknown[], readonly unknown[], Nullable<boolean>> = define(
  "arrays_overlap",
);
/** Arrays of arrays as one. */
export const flatten: <E>(array: Valued<readonly (readonly E[] | null)[] | null>) => Column<readonly E[] | null> =
  define("flatten");
/** A part, from a place that counts from 1 or from -1 backwards. */
export const slice: <V extends readonly unknown[] | null>(
  array: Valued<V>,
  start: Arg<Whole>,
  length: Arg<Whole>,
) => Column<V> = define("slice");
/** From the first to the last, by a step. */
export const sequence: <V extends Whole | Moment | null>(
  start: Valued<V>,
  end: Valued<V>,
  step?: Arg<Whole | Interval>,
) => Column<readonly NonNullable<V>[] | NullIn<V>> = define("sequence");
/** The keys. */
export const mapKeys: <K, V>(map: Valued<ReadonlyMap<K, V> | null>) => Column<readonly K[]> = define("map_keys");
/** The values. */
export const mapValues: <K, V>(map: Valued<ReadonlyMap<K, V> | null>) => Column<readonly V[]> = define("map_values");
/** Keys and values as structs. */
export const mapEntries: <K, V>(
  map: Valued<ReadonlyMap<K, V> | null>,
) => Column<readonly { readonly key: K; readonly value: V }[]> = define("map_entries");
/** Whether a key is there. */
export const mapContainsKey: <K, V>(
  map: Valued<ReadonlyMap<K, V> | null>,
  key: Arg<Like<NoInfer<K>>>,
) => Column<boolean | null> = define("map_contains_key");
/** The entries of all; a key twice is an error. */
export const mapConcat: <K, V>(
  ...maps: readonly Valued<ReadonlyMap<K, V> | null>[]
) => Column<ReadonlyMap<K, V> | null> = define("map_concat");
/** Keys beside values. */
export const mapFromArrays: <K, V>(
  keys: Valued<readonly K[]>,
  values: Valued<readonly V[]>,
) => Column<ReadonlyMap<K, V>> = define("map_from_arrays");
/** Of structs of a key and a value. */
export const mapFromEntries: <K, V>(
  entries: Valued<readonly { readonly key: K; readonly value: V }[]>,
) => Column<ReadonlyMap<K, V>> = define("map_from_entries");
/** Of a text such as `a:1,b:2`. */
export const strToMap: (
  text: Arg<string>,
  pairs?: Arg<string>,
  between?: Arg<string>,
) => Column<ReadonlyMap<string, string | null> | null> = define("str_to_map");
/** A row for each element, in a select: `col`, or `key` and `value` of a map. */
export const explode: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H>, "col"> = define("explode");
/** The same with one row of NULL where there is none. */
export const explodeOuter: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H> | null, "col"> = define("explode_outer");
/** The same with the position before, from 0, as `pos`. */
export const posExplode: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H>, "col"> = define("posexplode");
/** Both. */
export const posExplodeOuter: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H> | null, "col"> = define("posexplode_outer");
/** A row for each struct of an array, its fields as columns. */
export const inline: (array: Valued<readonly object[] | null>) => Column<never> = define("inline");
/** The same with one row of NULLs where there is none. */
export const inlineOuter: (array: Valued<readonly object[] | null>) => Column<never> = define("inline_outer");
