import type { Column } from "../column.ts";
import type { Plain, Valued } from "../column-types.ts";
import { t, type Type } from "../schema.ts";
import { inline } from "./collection-functions.ts";
import { call } from "./core-functions.ts";
import { createColumn, toExpression } from "../column-handle.ts";
import { udf, type Args, type AnyType, type Values } from "./udf.ts";
import { checkFunction } from "../../check-argument.ts";

/** How a group's rows become one value. */
export interface JsAggregator<P extends readonly AnyType[], A, R> {
  /** What every group begins with. Called for each group, so that it may give an object that `add` changes. */
  readonly zero: () => A;
  /** The sum so far with one more row. Rows with a NULL among the arguments are left out. */
  readonly add: (sum: A, ...values: Values<P>) => A;
  readonly finish: (sum: A) => Plain<R> | null;
}

/**
 * An aggregate in JavaScript. It sees all rows of a group in one call, in no order that is promised, and the group's values must
 * fit into memory. What it throws ends the query (`task-failed`). Spark: `udaf`.
 *
 * ```ts
 * import { createContext, t, udaf } from "@tutti/dataset";
 *
 * const longest = udaf([t.string], t.string, {
 *   zero: () => "",
 *   add: (best, word) => (word.length > best.length ? word : best),
 *   finish: (best) => best,
 * });
 * const tutti = createContext();
 * const words = tutti.createDataFrame([{ word: "on" }, { word: "time" }]);
 * console.log(await words.agg((c) => ({ longest: longest(c.word) })).collect()); // => [ { longest: 'time' } ]
 * await tutti.close();
 * ```
 */
export function udaf<const P extends readonly AnyType[], A, R>(
  params: P,
  result: Type<R>,
  { zero, add, finish }: JsAggregator<P, A, R>,
): (...args: Args<P>) => Column<R | null> {
  for (const fn of [zero, add, finish]) checkFunction("udaf", fn);
  const fields = Object.fromEntries(params.map((type, index) => [`a${index}`, type.nullable()]));
  const names = Object.keys(fields);
  const over = udf([t.array(t.struct(fields))], result, (rows) => {
    let sum = zero();
    for (const row of rows as unknown as readonly Readonly<Record<string, unknown>>[]) {
      const values = names.map((name) => row[name]);
      if (values.every((value) => value !== null && value !== undefined)) sum = add(sum, ...(values as Values<P>));
    }
    return finish(sum);
  });
  return (...args) => {
    const parts = args.flatMap((arg: unknown, index) => [
      names[index],
      createColumn({
        kind: "cast",
        input: toExpression(arg),
        type: params[index]?.dataType ?? { kind: "null" },
        isTry: false,
      }),
    ]);
    const rows = call("collect_list", call("named_struct", ...(parts as never[])));
    return over(rows as never);
  };
}

/**
 * A table function in JavaScript: some rows for each row. Selected, its columns stand beside the others, as those of `inline`.
 * Where an argument is NULL there is no row.
 *
 * ```ts
 * import { createContext, t, udtf } from "@tutti/dataset";
 *
 * const letters = udtf([t.string], { letter: t.string, place: t.int }, (word) =>
 *   Array.from(word, (letter, place) => ({ letter, place })),
 * );
 * const tutti = createContext();
 * const words = tutti.createDataFrame([{ word: "on" }]);
 * console.log(await words.select((c) => letters(c.word)).first()); // => { letter: 'o', place: 0 }
 * await tutti.close();
 * ```
 */
export function udtf<const P extends readonly AnyType[], const F extends Readonly<Record<string, AnyType>>>(
  params: P,
  fields: F,
  fn: (...values: Values<P>) => readonly { readonly [K in keyof F]: F[K] extends Type<infer V> ? Plain<V> : never }[],
): (...args: Args<P>) => Column<never, "col"> {
  checkFunction("udtf", fn);
  const rows = udf(params, t.array(t.struct(fields)), (...values) => fn(...values) as never);
  return (...args) => inline(rows(...args) as unknown as Valued<null>) as Column<never, "col">;
}
