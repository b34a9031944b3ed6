import type { Literal, Flat, Shape } from "./column-types.ts";
import type { Columns, DataFrame, NamedColumns, ShapeOfColumns } from "./data-frame.ts";

type NamesOf<S, V> = { [K in keyof S & string]: NonNullable<S[K]> extends V ? K : never }[keyof S & string];
type NumericName<S> = string extends keyof S ? string : NamesOf<S, number | bigint | object>;

/** Groups of a frame's rows. `K`: the keys. */
export interface GroupedFrame<S extends Shape, K> {
  /** One row for each group: the keys, then these. */
  agg<const R extends NamedColumns>(aggregates: (c: Columns<S>) => R): DataFrame<Flat<K & ShapeOfColumns<R>>>;
  /** How many rows each group has, as `count`. */
  count(): DataFrame<Flat<K & { readonly count: bigint }>>;
  /** Of these columns, under the name `sum(name)` and so on. */
  sum(...names: readonly NumericName<S>[]): DataFrame;
  avg(...names: readonly NumericName<S>[]): DataFrame;
  min(...names: readonly (keyof S & string)[]): DataFrame;
  max(...names: readonly (keyof S & string)[]): DataFrame;
  /** The aggregates once for each value of a column, in a column of its name. */
  pivot<const V extends readonly Literal[]>(name: keyof S & string, values: V): PivotedFrame<S, K, V>;
}

type PivotName<V> = V extends string ? V : V extends number | bigint | boolean ? `${V}` : string;

/** Groups of which one column's values become columns. */
export interface PivotedFrame<S extends Shape, K, V extends readonly unknown[]> {
  /** One aggregate: columns named by the values. Several: `value_name`. */
  agg<const R extends NamedColumns>(
    aggregates: (c: Columns<S>) => R,
  ): DataFrame<
    Flat<
      K & {
        readonly [
          N in IsOne<keyof R> extends true ? PivotName<V[number]> : `${PivotName<V[number]>}_${keyof R & string}`
        ]: ShapeOfColumns<R>[keyof R] | null;
      }
    >
  >;
}

type IsOne<K> = [K] extends [UnionToIntersection<K>] ? true : false;
type UnionToIntersection<K> = (K extends unknown ? (key: K) => void : never) extends (key: infer I) => void ? I : never;
