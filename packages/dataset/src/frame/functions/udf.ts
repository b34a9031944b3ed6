import { randomUUID } from "node:crypto";
import { checkFunction } from "../../check-argument.ts";
import type { Expression } from "../../plan/expression.ts";
import { DatasetError } from "../../dataset-error.ts";
import { shorten } from "../../shorten.ts";
import { createColumn, isColumn, literalOf, toExpression } from "../column-handle.ts";
import type { Column } from "../column.ts";
import type { Plain, Valued } from "../column-types.ts";
import { registerJsFunction, type JsFunction } from "../js-functions.ts";
import type { Type } from "../schema.ts";
import type { Like } from "./signature.ts";

export type AnyType = Type<unknown>;
export type Values<P extends readonly AnyType[]> = {
  readonly [I in keyof P]: P[I] extends Type<infer V> ? Plain<NonNullable<V>> : never;
};
export type Args<P extends readonly AnyType[]> = {
  readonly [I in keyof P]: P[I] extends Type<infer V> ? Valued<NonNullable<V> | null> | Like<V> : never;
};

/**
 * A function of columns in JavaScript. It is called with plain values and never with NULL: where an argument is NULL, so is
 * the answer. It must not depend on how often it is called: the engine may ask once for many equal values. What it throws
 * ends the query (`task-failed`). About a million texts a second; arithmetic is as fast as the engine's own.
 *
 * ```ts
 * import { createContext, t, udf } from "@tutti/dataset";
 *
 * const slug = udf([t.string], t.string, (text) => text.toLowerCase().replaceAll(" ", "-"));
 * const tutti = createContext();
 * const titles = tutti.createDataFrame([{ title: "On Time" }]);
 * console.log(await titles.select((c) => slug(c.title).as("slug")).collect()); // => [ { slug: 'on-time' } ]
 * await tutti.close();
 * ```
 */
export function udf<const P extends readonly AnyType[], R>(
  params: P,
  result: Type<R>,
  fn: (...values: Values<P>) => Plain<R> | null,
): (...args: Args<P>) => Column<R | null> {
  checkFunction("udf", fn);
  const wrong = [...params, result].find((type) => typeof type?.dataType?.kind !== "string");
  if (wrong !== undefined)
    throw new DatasetError("invalid-argument", `udf takes types such as t.string; it was given ${shorten(wrong)}`);
  const id = `tutti_udf_${randomUUID().replaceAll("-", "")}`;
  const signature = {
    id,
    name: fn.name === "" ? "udf" : fn.name,
    params: params.map((type) => type.dataType),
    result: result.dataType,
  };
  const made: JsFunction = { signature, fn: fn as (...args: unknown[]) => unknown };
  registerJsFunction(made);
  const named: Expression = Object.freeze({ kind: "literal", value: JSON.stringify(signature) });
  held.set(named, made);
  return (...args) => {
    const values = args.map((arg: unknown, index) => {
      const type = signature.params[index];
      return isColumn(arg) || type === undefined
        ? toExpression(arg)
        : ({ kind: "literal", value: literalOf(arg), type } as const);
    });
    return createColumn<R | null>({ kind: "call", name: "js_call", args: [named, ...values] });
  };
}

/** A plan holds the literal that names a function, and so the function. */
const held = new WeakMap<Expression, JsFunction>();
