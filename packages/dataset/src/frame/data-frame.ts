import type { Table } from "apache-arrow";
import type { Rdd } from "../rdd/rdd.ts";
import type { Schema } from "../plan/data-type.ts";
import type { Column } from "./column.ts";
import type { AnyFrame, Flat, Named, Plain, Row, RowOf, Shape, Valued, ValueIn } from "./column-types.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { Gaps } from "./gaps.ts";
import type { GroupedFrame } from "./grouped-frame.ts";
import type { Struct } from "./schema.ts";
import type { OrderKey } from "./order-key.ts";
import type { FrameStatistics } from "./frame-statistics.ts";

declare const shapeType: unique symbol;

/** Options of everything that runs. */
export interface QueryOptions {
  /** Aborting it ends the query with `canceled`. */
  readonly signal?: AbortSignal;
  /** Ends the query with `timeout`. Default: none. */
  readonly timeoutMs?: number;
  /**
   * Told how far the query is, five times a second. Of a query that runs in parts the context's `events` tell, stage by stage.
   *
   * ```ts
   * import { createContext, sum } from "@tutti/dataset";
   *
   * const tutti = createContext();
   * let last = 0;
   * const onProgress = ({ share }: { share: number }) => (last = share);
   * const total = tutti.rangeFrame(0, 1000).agg((c) => ({ total: sum(c.id) }));
   * console.log(await total.first({ onProgress })); // => { total: 499500n }
   * console.log(last <= 1); // => true
   * await tutti.close();
   * ```
   */
  readonly onProgress?: (progress: QueryProgress) => void;
}

/** How far a query is. */
export interface QueryProgress {
  /** From 0 to 1, as the engine guesses. */
  readonly share: number;
  /** Rows of files and tables that were read, and that are to be read. */
  readonly rowsDone: number;
  readonly rowsTotal: number;
}

/** How many rows may come at once. */
export interface CollectOptions extends QueryOptions {
  /** More rows than this are refused with `too-many-rows`. Default: no bound, and a warning from ten million on. */
  readonly rowsMax?: number;
}

/** How a table is drawn. */
export interface ShowOptions extends QueryOptions {
  /** Default: 20. */
  readonly rows?: number;
  /** Longer values are cut to this many characters. Default: 20; 0 cuts nothing. */
  readonly truncate?: number;
  /** Where the table goes. Default: `console.log`. */
  readonly print?: (text: string) => void;
}

/** How much of a query is explained. */
export interface ExplainOptions extends QueryOptions {
  /** Adds the engine's SQL. */
  readonly sql?: boolean;
  /** Runs the query, and adds the engine's own plan with times and rows. */
  readonly analyze?: boolean;
}

/** Columns of a frame by name, for expressions over it. */
export type Columns<S> = string extends keyof S
  ? { readonly [name: string]: Column<never> }
  : { readonly [K in keyof S & string]: Column<S[K], K> };

/** A column of a frame: its name, or an expression. */
export type Item<S> = (keyof S & string) | Named<unknown, string> | ((c: Columns<S>) => Named<unknown, string>);

type ItemName<S, E> = E extends keyof S & string
  ? E
  : E extends Named<unknown, infer N>
    ? N
    : E extends (c: never) => Named<unknown, infer N>
      ? N
      : never;
type ItemValue<S, E> = E extends keyof S
  ? S[E]
  : E extends Valued<infer V>
    ? Unknown<V>
    : E extends (c: never) => Valued<infer V>
      ? Unknown<V>
      : never;
type Unknown<V> = [V] extends [never] ? unknown : V;

/** The columns that a selection makes. */
export type Selected<S, A extends readonly unknown[]> = Flat<{ [E in A[number] as ItemName<S, E>]: ItemValue<S, E> }>;

/** Expressions by the names of the columns that they make. */
export type NamedColumns = { readonly [name: string]: Valued<unknown> };
export type ShapeOfColumns<R extends NamedColumns> = { readonly [K in keyof R]: Unknown<ValueIn<R[K]>> };

/** Which rows a join keeps: of both sides, of one, or of the left by what the right has. */
export type JoinHow = "inner" | "left" | "right" | "full" | "semi" | "anti";

type Nullable<S> = { readonly [K in keyof S]: S[K] | null };

/** What a join makes: the sides that may lack a match may be NULL. */
export type Joined<L, R, K extends PropertyKey, H extends JoinHow> = string extends keyof L | keyof R
  ? Row
  : Flat<
      H extends "semi" | "anti"
        ? L
        : H extends "left"
          ? L & Nullable<Omit<R, K>>
          : H extends "right"
            ? Pick<R, K & keyof R> & Nullable<Omit<L, K>> & Omit<R, K>
            : H extends "full"
              ? Nullable<L> & Nullable<Omit<R, K>>
              : L & Omit<R, K>
    >;

/** Names that both sides have, with types that can be equal. */
export type JoinKey<L, R> = string extends keyof L | keyof R
  ? string
  : {
      [K in keyof L & keyof R & string]: [Key<L[K]>] extends [Key<R[K]>]
        ? K
        : [Key<R[K]>] extends [Key<L[K]>]
          ? K
          : never;
    }[keyof L & keyof R & string];
type Key<V> = NonNullable<V> extends number | bigint ? number : NonNullable<V>;

/** Another frame of the same columns; NULL may be added on either side. */
export type Unionable<S, R> = string extends keyof S | keyof R
  ? unknown
  : [keyof S] extends [keyof R]
    ? [keyof R] extends [keyof S]
      ? { [K in keyof S]: Plain<NonNullable<S[K]>> } extends {
          [K in keyof S]: K extends keyof R ? Plain<NonNullable<R[K]>> : never;
        }
        ? unknown
        : { readonly "the columns of a union have the same types": never }
      : { readonly "the frames of a union have the same columns": never }
    : { readonly "the frames of a union have the same columns": never };

export type United<S, R> = string extends keyof S | keyof R
  ? Row
  : Flat<{ [K in keyof S]: S[K] | (K extends keyof R ? Extract<R[K], null> : never) }>;

type SortItem<S> = (keyof S & string) | OrderKey | Named<unknown, string>;

/**
 * A table, described by how it comes about: lazy, and never changed. Methods that make another frame run nothing;
 * methods that give a promise run one query. `for await` streams the rows.
 *
 * Where the columns are declared, mistakes do not compile, and are errors where the frame is built. Where they are not,
 * they are errors before anything runs. Meaning is Spark 4's in ANSI mode.
 */
export interface DataFrame<S extends Shape = Row> extends AnyFrame, AsyncIterable<RowOf<S>> {
  readonly [shapeType]: (shape: S) => S;

  /** These columns. Names, columns, or functions of the frame's columns. */
  select<const A extends readonly Item<S>[]>(...items: A): DataFrame<Selected<S, A>>;
  /** Columns by the engine's SQL, whose types nobody checks before it runs. */
  selectExpr(...expressions: readonly string[]): DataFrame;
  /** The rows for which the condition holds; not those for which it is NULL. Text is the engine's SQL. */
  filter(condition: ((c: Columns<S>) => Valued<boolean | null>) | Valued<boolean | null> | string): DataFrame<S>;
  where(condition: ((c: Columns<S>) => Valued<boolean | null>) | Valued<boolean | null> | string): DataFrame<S>;
  /** One more column, or another in the place of one. */
  withColumn<const N extends string, V>(
    name: N,
    column: ((c: Columns<S>) => Valued<V>) | Valued<V>,
  ): DataFrame<Flat<Omit<S, N> & { readonly [K in N]: Unknown<V> }>>;
  withColumns<const R extends NamedColumns>(
    columns: (c: Columns<S>) => R,
  ): DataFrame<Flat<Omit<S, keyof R> & ShapeOfColumns<R>>>;
  withColumnRenamed<const F extends keyof S & string, const T extends string>(
    from: F,
    to: T,
  ): DataFrame<Flat<{ [K in keyof S as K extends F ? T : K]: S[K] }>>;
  withColumnsRenamed<const M extends { readonly [K in keyof S & string]?: string }>(
    names: M,
  ): DataFrame<Flat<{ [K in keyof S as K extends keyof M ? (M[K] extends string ? M[K] : K) : K]: S[K] }>>;
  drop<const N extends keyof S & string>(...names: readonly N[]): DataFrame<Flat<Omit<S, N>>>;
  /** All columns under other names, in order. */
  toDF(...names: readonly string[]): DataFrame;
  /** The columns and types that a struct declares, by name. What does not fit is an error while rows are read. */
  as<R extends Shape>(struct: Struct<R>): DataFrame<R>;
  /** `fn(frame)`: for chains. */
  transform<R>(fn: (frame: DataFrame<S>) => R): R;

  /** Rows without those that are equal to an earlier one. */
  distinct(): DataFrame<S>;
  /** One row of those that are equal in these columns; which one is not said. */
  dropDuplicates(...names: readonly (keyof S & string)[]): DataFrame<S>;
  limit(count: number): DataFrame<S>;
  /** Without the first `count` rows. */
  offset(count: number): DataFrame<S>;
  /** About this share of the rows. The same seed gives the same rows of the same input. */
  sample(fraction: number, seed?: number): DataFrame<S>;
  /** Disjoint parts in these proportions. */
  randomSplit(weights: readonly number[], seed?: number): DataFrame<S>[];
  orderBy(...keys: readonly (SortItem<S> | ((c: Columns<S>) => SortItem<S> | readonly SortItem<S>[]))[]): DataFrame<S>;
  sort(...keys: readonly (SortItem<S> | ((c: Columns<S>) => SortItem<S> | readonly SortItem<S>[]))[]): DataFrame<S>;

  /** Groups of rows that are equal in these. Without any: one group of all. */
  groupBy<const A extends readonly Item<S>[]>(...keys: A): GroupedFrame<S, Selected<S, A>>;
  /** Groups by all keys, by all but the last, and so on to one group of all. */
  rollup<const A extends readonly Item<S>[]>(...keys: A): GroupedFrame<S, Nullable<Selected<S, A>>>;
  /** Groups by every subset of the keys. */
  cube<const A extends readonly Item<S>[]>(...keys: A): GroupedFrame<S, Nullable<Selected<S, A>>>;
  /** Groups by each of these sets of names. */
  groupingSets<const K extends keyof S & string>(
    sets: readonly (readonly K[])[],
  ): GroupedFrame<S, Nullable<Pick<S, K>>>;
  /** Aggregates of all rows. */
  agg<const R extends NamedColumns>(aggregates: (c: Columns<S>) => R): DataFrame<Flat<ShapeOfColumns<R>>>;
  /** Columns into rows: for each row and each of `values` one row of the ids, the column's name and its value. */
  unpivot<
    const I extends keyof S & string,
    const W extends keyof S & string,
    const V extends string = "variable",
    const U extends string = "value",
  >(
    ids: readonly I[],
    values: readonly W[],
    names?: { readonly variable?: V; readonly value?: U },
  ): DataFrame<Flat<Pick<S, I> & { readonly [K in V]: string } & { readonly [K in U]: S[W] }>>;

  /**
   * Rows of both that belong together: equal in names that both have, which then stand once; or by a condition over
   * both, whose sides may then have no name in common.
   */
  join<R extends Shape, const K extends JoinKey<S, R>, const H extends JoinHow = "inner">(
    other: DataFrame<R>,
    on: K | readonly K[],
    how?: H,
  ): DataFrame<Joined<S, R, K, H>>;
  join<R extends Shape, const H extends JoinHow = "inner">(
    other: DataFrame<R>,
    on: (left: Columns<S>, right: Columns<R>) => Valued<boolean | null>,
    how?: H,
  ): DataFrame<Joined<S, R, never, H>>;
  /** Every row with every row. */
  crossJoin<R extends Shape>(other: DataFrame<R>): DataFrame<Joined<S, R, never, "inner">>;
  /** Rows of both, repeated ones too. Columns must have the same names in the same order. */
  union<R extends Shape>(other: DataFrame<R> & Unionable<S, R>): DataFrame<United<S, R>>;
  /** The same by names, whatever their order; missing columns are NULL where the caller allows it. */
  unionByName<R extends Shape>(
    other: DataFrame<R>,
    options?: { readonly allowMissingColumns?: boolean },
  ): DataFrame<United<S, R>>;
  intersect<R extends Shape>(other: DataFrame<R> & Unionable<S, R>): DataFrame<S>;
  intersectAll<R extends Shape>(other: DataFrame<R> & Unionable<S, R>): DataFrame<S>;
  except<R extends Shape>(other: DataFrame<R> & Unionable<S, R>): DataFrame<S>;
  exceptAll<R extends Shape>(other: DataFrame<R> & Unionable<S, R>): DataFrame<S>;

  /** NULL and NaN: drop, fill, replace. */
  readonly na: Gaps<S>;
  readonly stat: FrameStatistics<S>;
  /** count, mean, stddev, min and max of columns, as text. */
  describe(...names: readonly (keyof S & string)[]): DataFrame;
  /** The same with quartiles, or the statistics that are named: `"count"`, `"75%"` … */
  summary(...statistics: readonly string[]): DataFrame;

  /** Computed once, at the next action, and then read from where it is kept, until `unpersist` or the context's end. */
  cache(): DataFrame<S>;
  persist(): DataFrame<S>;
  unpersist(): Promise<void>;
  /** A name for SQL texts and `tutti.table`. */
  createOrReplaceTempView(name: string): void;
  /** The only value of a frame of one row and one column, for expressions; no row is NULL, more than one an error. */
  asScalar(): Column<S[keyof S] | null>;

  /** Names and types. Looks at files, runs nothing. */
  schema(options?: QueryOptions): Promise<Schema>;
  printSchema(): Promise<string>;
  /** What the frame is made of, before and after the rules, as text. */
  explain(options?: ExplainOptions): Promise<string>;
  /** Prints a table of the first rows. */
  show(options?: ShowOptions): Promise<void>;
  /** All rows. They must fit into memory. */
  collect(options?: CollectOptions): Promise<RowOf<S>[]>;
  take(count: number, options?: QueryOptions): Promise<RowOf<S>[]>;
  head(count: number, options?: QueryOptions): Promise<RowOf<S>[]>;
  /** The last rows, in order. */
  tail(count: number, options?: QueryOptions): Promise<RowOf<S>[]>;
  /** The first row, or undefined. */
  first(options?: QueryOptions): Promise<RowOf<S> | undefined>;
  count(options?: QueryOptions): Promise<number>;
  isEmpty(options?: QueryOptions): Promise<boolean>;
  /** Rows as they come, a chunk of the engine in memory at a time. Leaving the loop ends the query. */
  toLocalIterator(options?: QueryOptions): AsyncIterableIterator<RowOf<S>>;
  /** The same, some thousand rows at a time. */
  batches(options?: QueryOptions): AsyncIterableIterator<RowOf<S>[]>;
  foreach(fn: (row: RowOf<S>) => void | Promise<void>, options?: QueryOptions): Promise<void>;
  foreachPartition(fn: (rows: readonly RowOf<S>[]) => void | Promise<void>, options?: QueryOptions): Promise<void>;
  /** Columns as arrays; numbers without NULL as typed arrays. */
  toColumns(options?: QueryOptions): Promise<{ readonly [K in keyof S]: ArrayLike<Plain<S[K]>> }>;
  /** The rows as a JSON array. 64-bit integers are written digit for digit, decimals as text. */
  toJSON(options?: QueryOptions): Promise<string>;
  /** The same text in pieces of some thousand rows, as they come: for files and responses. */
  jsonPieces(options?: QueryOptions): AsyncIterableIterator<string>;
  /**
   * The rows as a table of `apache-arrow`, an optional peer of this package, for libraries that read Arrow. All types arrive whole;
   * dates are days, timestamps microseconds, decimals 128 bits.
   */
  toArrow(options?: QueryOptions): Promise<Table>;
  /**
   * The rows as an RDD, whose tasks read them: each a part of the files where every row comes of one row, else what this process
   * computed. Nothing runs before an action.
   */
  readonly rdd: Rdd<RowOf<S>>;
  /**
   * What `fn` makes of some thousand rows at a time, in tasks of the executor: on threads and workers, many at once. Batches are
   * as large as the engine's chunks. The rows it gives are checked, and in memory here, computed when a query first needs them.
   */
  mapBatches<R extends Shape>(fn: (rows: readonly RowOf<S>[]) => Iterable<RowOf<R>>, schema: Struct<R>): DataFrame<R>;
  /** The rows as an RDD. Runs the query; its rows are then in memory here. */
  toRdd(options?: QueryOptions): Promise<Rdd<RowOf<S>>>;
  readonly write: FrameWriter;
}
