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

/**
 * How many elements or keys.
 * @example size(array(1, 2, 3)) // => 3
 */
export const size: Unary<readonly unknown[] | ReadonlyMap<unknown, unknown>, Int> = define("size");
/**
 * An element, from 1 or from -1 backwards (outside is an error), or the value of a key.
 * @example elementAt(array("a", "b", "c"), -1) // => "c"
 */
export const elementAt: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
  key: Arg<string | Whole>,
) => Column<ElementOf<H> | null> = define("element_at");
/**
 * An element, from 1 or from -1 backwards, or the value of a key; NULL outside.
 * @example tryElementAt(array("a", "b"), 3) // => null
 */
export const tryElementAt: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
  key: Arg<string | Whole>,
) => Column<ElementOf<H> | null> = define("try_element_at");
/**
 * An element of an array, from 0; NULL outside.
 * @example get(array("a", "b"), 0) // => "a"
 */
export const get: <E>(array: Valued<readonly E[] | null>, index: Arg<Whole>) => Column<E | null> = define("get");
/**
 * Whether an element is there; NULL where a NULL might be it.
 * @example arrayContains(array(1, 2), 2) // => true
 */
export const arrayContains: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<boolean | null> = define("array_contains");
/**
 * Where an element is first, from 1; 0 where it is not.
 * @example arrayPosition(array("a", "b"), "b") // => 2n
 */
export const arrayPosition: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<bigint | null> = define("array_position");
/**
 * Each element once.
 * @example arrayDistinct(array(1, 2, 1)) // => [1, 2]
 */
export const arrayDistinct: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> =
  define("array_distinct");
/**
 * The array without NULLs.
 * @example arrayCompact(array(lit(1), nullIf(lit(2), 2))) // => [1]
 */
export const arrayCompact: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> =
  define("array_compact");
/**
 * The array in order, NULLs last.
 * @example arraySort(array(3, 1, 2)) // => [1, 2, 3]
 */
export const arraySort: <V extends readonly unknown[] | null>(array: Valued<V>) => Column<V> = define("array_sort");
/**
 * The array, or the text, backwards.
 * @example reverse(array(1, 2, 3)) // => [3, 2, 1]
 */
export const reverse: <V extends readonly unknown[] | string | null>(value: Valued<V>) => Column<V> = define("reverse");
/**
 * Elements of either array, each once.
 * @example arraySort(arrayUnion(array(1, 2), array(2, 3))) // => [1, 2, 3]
 */
export const arrayUnion: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_union");
/**
 * Elements of both arrays, each once.
 * @example arrayIntersect(array(1, 2), array(2, 3)) // => [2]
 */
export const arrayIntersect: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_intersect");
/**
 * Elements of the first that are not in the second, each once.
 * @example arrayExcept(array(1, 2), array(2, 3)) // => [1]
 */
export const arrayExcept: <V extends readonly unknown[] | null>(
  a: Valued<V>,
  b: Valued<NoInfer<V> | null>,
) => Column<V> = define("array_except");
/**
 * The array in order, NULLs first; or the other way round, NULLs last.
 * @example sortArray(array(3, 1, 2), false) // => [3, 2, 1]
 */
export const sortArray: <V extends readonly unknown[] | null>(array: Valued<V>, isAscending?: boolean) => Column<V> =
  define("sort_array");
/**
 * Elements as a text with a separator; NULLs are left out, or stand as the third.
 * @example arrayJoin(array("a", "b"), "-") // => "a-b"
 */
export const arrayJoin: BinaryOr<readonly string[], string, string, string> = define("array_join");
/**
 * The largest element.
 * @example arrayMax(array(3, 1, 2)) // => 3
 */
export const arrayMax: <E>(array: Valued<readonly E[] | null>) => Column<E | null> = define("array_max");
/**
 * The smallest element.
 * @example arrayMin(array(3, 1, 2)) // => 1
 */
export const arrayMin: <E>(array: Valued<readonly E[] | null>) => Column<E | null> = define("array_min");
/**
 * The array without an element.
 * @example arrayRemove(array(1, 2, 1), 1) // => [2]
 */
export const arrayRemove: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_remove");
/**
 * The array with one more at the end.
 * @example arrayAppend(array(1, 2), 3) // => [1, 2, 3]
 */
export const arrayAppend: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_append");
/**
 * The array with one more at the beginning.
 * @example arrayPrepend(array(1, 2), 0) // => [0, 1, 2]
 */
export const arrayPrepend: <E>(
  array: Valued<readonly E[] | null>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_prepend");
/**
 * The array with one more at a place, from 1 or from -1 backwards.
 * @example arrayInsert(array("a", "c"), 2, "b") // => ["a", "b", "c"]
 */
export const arrayInsert: <E>(
  array: Valued<readonly E[] | null>,
  place: Arg<Whole>,
  element: Arg<Like<NoInfer<E>>>,
) => Column<readonly E[] | null> = define("array_insert");
/**
 * A value so many times.
 * @example arrayRepeat(lit("x"), 3) // => ["x", "x", "x"]
 */
export const arrayRepeat: <V>(value: Valued<V>, count: Arg<Whole>) => Column<readonly V[]> = define("array_repeat");
/**
 * Whether they share an element.
 * @example arraysOverlap(array(1, 2), array(2, 3)) // => true
 */
export const arraysOverlap: Binary<readonly unknown[], readonly unknown[], Nullable<boolean>> = define(
  "arrays_overlap",
);
/**
 * Arrays of arrays as one.
 * @example flatten(array(array(1, 2), array(3))) // => [1, 2, 3]
 */
export const flatten: <E>(array: Valued<readonly (readonly E[] | null)[] | null>) => Column<readonly E[] | null> =
  define("flatten");
/**
 * A part of an array, from a place that counts from 1 or from -1 backwards.
 * @example slice(array(1, 2, 3, 4), 2, 2) // => [2, 3]
 */
export const slice: <V extends readonly unknown[] | null>(
  array: Valued<V>,
  start: Arg<Whole>,
  length: Arg<Whole>,
) => Column<V> = define("slice");
/**
 * All from the first to the last, by a step.
 * @example sequence(lit(1), lit(7), 2) // => [1, 3, 5, 7]
 */
export const sequence: <V extends Whole | Moment | null>(
  start: Valued<V>,
  end: Valued<V>,
  step?: Arg<Whole | Interval>,
) => Column<readonly NonNullable<V>[] | NullIn<V>> = define("sequence");
/**
 * The keys of a map.
 * @example mapKeys(strToMap("a:1,b:2")) // => ["a", "b"]
 */
export const mapKeys: <K, V>(map: Valued<ReadonlyMap<K, V> | null>) => Column<readonly K[]> = define("map_keys");
/**
 * The values of a map.
 * @example mapValues(strToMap("a:1,b:2")) // => ["1", "2"]
 */
export const mapValues: <K, V>(map: Valued<ReadonlyMap<K, V> | null>) => Column<readonly V[]> = define("map_values");
/**
 * Keys and values of a map as structs.
 * @example mapEntries(strToMap("a:1")) // => [{ key: "a", value: "1" }]
 */
export const mapEntries: <K, V>(
  map: Valued<ReadonlyMap<K, V> | null>,
) => Column<readonly { readonly key: K; readonly value: V }[]> = define("map_entries");
/**
 * Whether a map has a key.
 * @example mapContainsKey(strToMap("a:1,b:2"), "b") // => true
 */
export const mapContainsKey: <K, V>(
  map: Valued<ReadonlyMap<K, V> | null>,
  key: Arg<Like<NoInfer<K>>>,
) => Column<boolean | null> = define("map_contains_key");
/**
 * One map of the entries of all; a key twice is an error.
 * @example mapConcat(strToMap("a:1"), strToMap("b:2")) // => { "a" => "1", "b" => "2" }
 */
export const mapConcat: <K, V>(
  ...maps: readonly Valued<ReadonlyMap<K, V> | null>[]
) => Column<ReadonlyMap<K, V> | null> = define("map_concat");
/**
 * A map of keys beside values.
 * @example mapFromArrays(array("a", "b"), array(1, 2)) // => { "a" => 1, "b" => 2 }
 */
export const mapFromArrays: <K, V>(
  keys: Valued<readonly K[]>,
  values: Valued<readonly V[]>,
) => Column<ReadonlyMap<K, V>> = define("map_from_arrays");
/**
 * A map of structs of a key and a value.
 * @example mapFromEntries(array(namedStruct({ key: lit("a"), value: lit(1) }))) // => { "a" => 1 }
 */
export const mapFromEntries: <K, V>(
  entries: Valued<readonly { readonly key: K; readonly value: V }[]>,
) => Column<ReadonlyMap<K, V>> = define("map_from_entries");
/**
 * A map of a text such as `a:1,b:2`.
 * @example strToMap("a:1,b:2") // => { "a" => "1", "b" => "2" }
 */
export const strToMap: (
  text: Arg<string>,
  pairs?: Arg<string>,
  between?: Arg<string>,
) => Column<ReadonlyMap<string, string | null> | null> = define("str_to_map");
/**
 * A row for each element, in a select: `col`, or `key` and `value` of a map.
 * @example explode(array(1, 2, 3)) // => 1, 2, 3
 */
export const explode: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H>, "col"> = define("explode");
/**
 * A row for each element, in a select, and one row of NULL where there is none.
 * @example explodeOuter(filterArray(array(1), (one) => one.gt(1))) // => null
 */
export const explodeOuter: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H> | null, "col"> = define("explode_outer");
/**
 * A row for each element with its position before it, from 0, as `pos`.
 * @example posExplode(array("a", "b")) // => { pos: 0, col: "a" }, { pos: 1, col: "b" }
 */
export const posExplode: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H>, "col"> = define("posexplode");
/**
 * A row for each element with its position before it; one row of NULLs where there is none.
 * @example posExplodeOuter(array("a", "b")) // => { pos: 0, col: "a" }, { pos: 1, col: "b" }
 */
export const posExplodeOuter: <H extends readonly unknown[] | ReadonlyMap<unknown, unknown> | null>(
  holder: Valued<H>,
) => Column<ElementOf<H> | null, "col"> = define("posexplode_outer");
/**
 * A row for each struct of an array, its fields as columns.
 * @example inline(array(namedStruct({ a: lit(1), b: lit("x") }))) // => { a: 1, b: "x" }
 */
export const inline: (array: Valued<readonly object[] | null>) => Column<never> = define("inline");
/**
 * A row for each struct of an array, its fields as columns; one row of NULLs where there is none.
 * @example inlineOuter(array(namedStruct({ a: lit(1), b: lit("x") }))) // => { a: 1, b: "x" }
 */
export const inlineOuter: (array: Valued<readonly object[] | null>) => Column<never> = define("inline_outer");
