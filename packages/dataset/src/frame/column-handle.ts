import { DatasetError } from "../dataset-error.ts";
import type { Expression, LiteralValue, SortKeyExpression } from "../plan/expression.ts";
import { shorten } from "../shorten.ts";
import type { Column } from "./column.ts";
import { planOf } from "./frame-plan.ts";
import type { OrderKey } from "./order-key.ts";
import { dataTypeOf } from "./schema.ts";
import { isDecimal, isInterval, isTimestamp } from "./values.ts";
import type { Window } from "./window.ts";

/** Every name of the interface: a method that the class lacks does not compile here. */
type Methods = { readonly [K in Exclude<keyof Column<never>, symbol>]: (...args: never[]) => unknown };

/** What columns are behind their types: an expression, and methods that wrap it. */
class ColumnHandle implements Methods {
  readonly expression: Expression;

  constructor(expression: Expression) {
    this.expression = Object.freeze(expression);
  }

  #call(name: string, ...others: readonly unknown[]): ColumnHandle {
    return new ColumnHandle({ kind: "call", name, args: [this.expression, ...others.map(toExpression)] });
  }

  as(name: string): ColumnHandle {
    if (typeof name !== "string" || name === "")
      throw new DatasetError("invalid-argument", `a column is named by a text; it was given ${shorten(name)}`);
    return new ColumnHandle({ kind: "alias", input: bare(this.expression), name });
  }

  cast(type: { readonly dataType: Extract<Expression, { kind: "cast" }>["type"] }): ColumnHandle {
    return this.#cast(type, false);
  }

  tryCast(type: { readonly dataType: Extract<Expression, { kind: "cast" }>["type"] }): ColumnHandle {
    return this.#cast(type, true);
  }

  /** Keeps the name: a cast column is still that column to its reader. */
  #cast(type: unknown, isTry: boolean): ColumnHandle {
    const input = bare(this.expression);
    const cast: Expression = { kind: "cast", input, type: dataTypeOf(type, isTry ? "tryCast" : "cast"), isTry };
    const name = ownName(this.expression);
    return new ColumnHandle(name === undefined ? cast : { kind: "alias", input: cast, name });
  }

  eq(other: unknown): ColumnHandle {
    return this.#call("eq", other);
  }
  ne(other: unknown): ColumnHandle {
    return this.#call("ne", other);
  }
  lt(other: unknown): ColumnHandle {
    return this.#call("lt", other);
  }
  le(other: unknown): ColumnHandle {
    return this.#call("le", other);
  }
  gt(other: unknown): ColumnHandle {
    return this.#call("gt", other);
  }
  ge(other: unknown): ColumnHandle {
    return this.#call("ge", other);
  }
  eqNullSafe(other: unknown): ColumnHandle {
    return this.#call("equal_null", other);
  }
  between(low: unknown, high: unknown): ColumnHandle {
    return this.ge(low).and(this.le(high));
  }
  isIn(values: unknown): ColumnHandle {
    if (Array.isArray(values)) return this.#call("in", ...(values as readonly unknown[]));
    return new ColumnHandle({ kind: "inSubquery", input: this.expression, plan: planOf("isIn", values) });
  }
  isNull(): ColumnHandle {
    return this.#call("isnull");
  }
  isNotNull(): ColumnHandle {
    return this.#call("isnotnull");
  }
  isNaN(): ColumnHandle {
    return this.#call("isnan");
  }
  and(other: unknown): ColumnHandle {
    return this.#call("and", other);
  }
  or(other: unknown): ColumnHandle {
    return this.#call("or", other);
  }
  not(): ColumnHandle {
    return this.#call("not");
  }
  plus(other: unknown): ColumnHandle {
    return this.#call("add", other);
  }
  minus(other: unknown): ColumnHandle {
    return this.#call("subtract", other);
  }
  times(other: unknown): ColumnHandle {
    return this.#call("multiply", other);
  }
  div(other: unknown): ColumnHandle {
    return this.#call("divide", other);
  }
  mod(other: unknown): ColumnHandle {
    return this.#call("remainder", other);
  }
  neg(): ColumnHandle {
    return this.#call("negative");
  }
  bitwiseAnd(other: unknown): ColumnHandle {
    return this.#call("bitwise_and", other);
  }
  bitwiseOr(other: unknown): ColumnHandle {
    return this.#call("bitwise_or", other);
  }
  bitwiseXor(other: unknown): ColumnHandle {
    return this.#call("bitwise_xor", other);
  }
  like(pattern: unknown): ColumnHandle {
    return this.#call("like", pattern);
  }
  ilike(pattern: unknown): ColumnHandle {
    return this.#call("ilike", pattern);
  }
  rlike(pattern: unknown): ColumnHandle {
    return this.#call("rlike", pattern);
  }
  contains(part: unknown): ColumnHandle {
    return this.#call("contains", part);
  }
  startsWith(part: unknown): ColumnHandle {
    return this.#call("startswith", part);
  }
  endsWith(part: unknown): ColumnHandle {
    return this.#call("endswith", part);
  }
  substr(start: unknown, length?: unknown): ColumnHandle {
    return length === undefined ? this.#call("substring", start) : this.#call("substring", start, length);
  }
  field(name: string): ColumnHandle {
    const call: Expression = { kind: "call", name: "get_field", args: [this.expression, toExpression(name)] };
    return new ColumnHandle({ kind: "alias", input: call, name });
  }
  item(key: unknown): ColumnHandle {
    return this.#call("get_item", key);
  }
  asc(): OrderKey {
    return this.#sort("asc", "first");
  }
  desc(): OrderKey {
    return this.#sort("desc", "last");
  }
  ascNullsFirst(): OrderKey {
    return this.#sort("asc", "first");
  }
  ascNullsLast(): OrderKey {
    return this.#sort("asc", "last");
  }
  descNullsFirst(): OrderKey {
    return this.#sort("desc", "first");
  }
  descNullsLast(): OrderKey {
    return this.#sort("desc", "last");
  }
  #sort(direction: "asc" | "desc", nulls: "first" | "last"): OrderKey {
    return { sortKey: { input: this.expression, direction, nulls } };
  }
  over(window: Window): ColumnHandle {
    return new ColumnHandle({ kind: "window", input: bare(this.expression), spec: window.spec });
  }
  where(condition: unknown): ColumnHandle {
    const inner = bare(this.expression);
    if (inner.kind !== "call")
      throw new DatasetError("invalid-argument", "where() of a column belongs to an aggregate");
    return new ColumnHandle({ ...inner, aggregate: { ...inner.aggregate, filter: toExpression(condition) } });
  }
  outer(): ColumnHandle {
    const inner = bare(this.expression);
    if (inner.kind !== "column")
      throw new DatasetError("invalid-argument", "outer() belongs to a column of the query around");
    return new ColumnHandle({ ...inner, side: "outer" });
  }
  when(condition: unknown, value: unknown): ColumnHandle {
    const open = this.#openCase("when");
    return new ColumnHandle({
      ...open,
      branches: [...open.branches, { when: toExpression(condition), value: toExpression(value) }],
    });
  }
  otherwise(value: unknown): ColumnHandle {
    return new ColumnHandle({ ...this.#openCase("otherwise"), otherwise: toExpression(value) });
  }
  #openCase(method: string): Extract<Expression, { kind: "case" }> {
    const { expression } = this;
    if (expression.kind === "case" && expression.otherwise === undefined) return expression;
    throw new DatasetError("invalid-argument", `${method}() follows when(condition, value)`);
  }
}

function bare(expression: Expression): Expression {
  return expression.kind === "alias" ? expression.input : expression;
}

function ownName(expression: Expression): string | undefined {
  if (expression.kind === "alias") return expression.name;
  return expression.kind === "column" ? expression.path.at(-1) : undefined;
}

/** A column with this expression. The caller knows the types. */
export function createColumn<V, N extends string = string>(expression: Expression): Column<V, N> {
  return new ColumnHandle(expression) as unknown as Column<V, N>;
}

/** The expression of a column or of a literal. */
export function toExpression(value: unknown): Expression {
  if (value instanceof ColumnHandle) return bare(value.expression);
  return { kind: "literal", value: literalOf(value) };
}

/** The same with the name that the column was given. */
export function toNamedExpression(value: unknown): Expression {
  return value instanceof ColumnHandle ? value.expression : toExpression(value);
}

export function isColumn(value: unknown): boolean {
  return value instanceof ColumnHandle;
}

/** A sort key; a column alone sorts upwards. */
export function toSortKey(value: unknown): SortKeyExpression {
  if (typeof value === "object" && value !== null && "sortKey" in value) return (value as OrderKey).sortKey;
  if (value instanceof ColumnHandle) return value.asc().sortKey;
  if (typeof value === "string") return { input: { kind: "column", path: [value] }, direction: "asc", nulls: "first" };
  throw new DatasetError(
    "invalid-argument",
    `${shorten(value)} is nothing to sort by; give a name, a column or c.name.desc()`,
  );
}

export function literalOf(value: unknown): LiteralValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value)
        ? value
        : { tag: "double", text: String(value).replace("Infinity", "inf").replace("NaN", "nan") };
    case "bigint":
      if (BigInt.asIntN(64, value) !== value) {
        throw new DatasetError("invalid-argument", `${value} does not fit into 64 bits; use decimal("${value}")`);
      }
      return { tag: "bigint", text: String(value) };
    default:
      return objectLiteral(value);
  }
}

function objectLiteral(value: unknown): LiteralValue {
  if (value === null) return null;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new DatasetError("invalid-argument", "an invalid Date is no value");
    return { tag: "timestamp", micros: String(BigInt(value.getTime()) * 1000n) };
  }
  if (isDecimal(value)) return { tag: "decimal", text: String(value) };
  if (isTimestamp(value)) return { tag: "timestamp", micros: String(value.epochMicros) };
  if (isInterval(value)) {
    return { tag: "interval", months: value.months, days: value.days, micros: String(value.micros) };
  }
  if (value instanceof Uint8Array) return { tag: "binary", hex: Buffer.from(value).toString("hex") };
  throw new DatasetError(
    "invalid-argument",
    `${shorten(value)} is neither a column nor a value that an expression can hold`,
  );
}
