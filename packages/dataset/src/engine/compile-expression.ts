import type { LiteralValue } from "../plan/expression.ts";
import { functionOf } from "../plan/functions/catalogue.ts";
import type { SqlArgument } from "../plan/functions/function-row.ts";
import { sqlLambda } from "../plan/functions/lambda-sql.ts";
import { sqlName, sqlText, sqlType } from "../plan/functions/sql-type.ts";
import { asDecimal } from "../plan/coercion.ts";
import type { DataType } from "../plan/data-type.ts";
import type { Resolved, ResolvedPlan, ResolvedSortKey } from "../plan/resolved-plan.ts";
import { DatasetError } from "../dataset-error.ts";
import { compileCast } from "./compile-cast.ts";

/** What an expression is compiled in: the engine's names of the input's columns, and of the queries around it. */
export interface ExpressionScope {
  readonly columns: readonly string[];
  readonly outer: ExpressionScope | undefined;
  /** Whether decimals are computed with 128 bits: slower, and never too narrow. */
  readonly isWide: boolean;
  /** What variables of lambdas are called, where that is not their own name. */
  readonly variables?: ReadonlyMap<string, string>;
  readonly compileSubquery: (plan: ResolvedPlan, outer: ExpressionScope) => string;
}

/** The engine's SQL for an expression. Every value of a user is a literal here, and every name one of ours. */
export function compileExpression(expression: Resolved, scope: ExpressionScope): string {
  const compile = (one: Resolved): string => compileExpression(one, scope);
  switch (expression.kind) {
    case "column":
      return columnSql(expression, scope);
    case "literal":
      return compileLiteral(expression.value, expression.type);
    case "cast": {
      const { input, type, isTry } = expression;
      const native = nativeDecimal(expression, scope);
      if (native !== undefined) return native;
      if (input.kind === "literal" && input.value === null) return `CAST(NULL AS ${sqlType(type)})`;
      return compileCast(compile(input), { from: input.type, to: type, isTry });
    }
    case "call":
      return compileCall(expression, scope, "");
    case "case": {
      const branches = expression.branches.map(({ when, value }) => `WHEN ${compile(when)} THEN ${compile(value)}`);
      const otherwise = expression.otherwise === undefined ? "" : ` ELSE ${compile(expression.otherwise)}`;
      return `CASE ${branches.join(" ")}${otherwise} END`;
    }
    case "window":
      return compileWindow(expression, scope);
    case "subquery": {
      const sql = scope.compileSubquery(expression.plan, scope);
      return expression.mode === "exists" ? `EXISTS (${sql})` : `(${sql})`;
    }
    case "inSubquery":
      return `(${compile(expression.input)} IN (${scope.compileSubquery(expression.plan, scope)}))`;
    case "lambdaVariable":
      return scope.variables?.get(expression.name) ?? sqlName(expression.name);
    case "lambda":
      return sqlLambda(expression.parameters, compile(expression.body));
  }
}

function columnSql(column: Extract<Resolved, { kind: "column" }>, scope: ExpressionScope): string {
  let at: ExpressionScope | undefined = scope;
  for (let level = 0; level < column.level; level += 1) at = at?.outer;
  const sql = at?.columns[column.index];
  if (sql === undefined) throw new DatasetError("invalid-plan", `the column ${column.name} is out of reach`);
  return sql;
}

function compileCall(call: Extract<Resolved, { kind: "call" }>, scope: ExpressionScope, over: string): string {
  const row = functionOf(call.name);
  const args = call.args.map((arg, index): SqlArgument => ({
    sql: `${call.isDistinct && index === 0 ? "DISTINCT " : ""}${compileExpression(arg, scope)}`,
    type: arg.type,
    nullable: arg.nullable,
    ...(arg.kind === "literal" ? { literal: arg.value } : {}),
    ...(arg.kind === "lambda" ? { body: bodyOf(arg, scope) } : {}),
  }));
  if (row === undefined) throw new DatasetError("unknown-function", `${call.name} has no form in the engine`);
  const filter = call.filter === undefined ? "" : ` FILTER (WHERE ${compileExpression(call.filter, scope)})`;
  const sql = row.sql(scope.isWide ? widen(call, args) : args, call.type, `${filter}${over}`);
  // A pivot cell without rows: see onlyWhere.
  const isPivotCell =
    call.filter !== undefined && call.nullable && row.kind === "aggregate" && !row.nullable(call.args);
  return isPivotCell ? `CASE WHEN count(*)${filter} > 0 THEN ${sql} END` : sql;
}

/**
 * Casts that only make a decimal's precision wider are left out: the engine computes in the narrowest width that it
 * thinks of, which is four times as fast, and says where that was too narrow. Literals get the scale and no more.
 */
function nativeDecimal(
  { input, type }: Extract<Resolved, { kind: "cast" }>,
  scope: ExpressionScope,
): string | undefined {
  if (scope.isWide || type.kind !== "decimal" || input.type.kind !== "decimal") return undefined;
  const isWider = type.precision - type.scale >= input.type.precision - input.type.scale;
  if (isWider && type.scale === input.type.scale) return compileExpression(input, scope);
  const value = input.kind === "literal" ? input.value : null;
  if (!isWider || type.scale < input.type.scale || typeof value !== "object" || value?.tag !== "decimal")
    return undefined;
  const precision = input.type.precision + type.scale - input.type.scale;
  return compileLiteral(value, { kind: "decimal", precision, scale: type.scale });
}

/**
 * The engine multiplies and adds decimals of up to 18 digits in 64 bits, and says so when that was too narrow. Then the
 * query runs once more with this.
 */
function widen(
  { name, type }: Extract<Resolved, { kind: "call" }>,
  args: readonly SqlArgument[],
): readonly SqlArgument[] {
  const [a, b] = args;
  if (type.kind !== "decimal" || a === undefined || b === undefined) return args;
  const [left, right] = [asDecimal(a.type), asDecimal(b.type)];
  const cast = (arg: SqlArgument, to: DataType): SqlArgument => ({ ...arg, sql: `CAST(${arg.sql} AS ${sqlType(to)})` });
  if (name === "add" || name === "subtract") return [cast(a, type), cast(b, type)];
  if (name !== "multiply") return args;
  return [cast(a, { ...left, precision: Math.max(left.precision, 38 - right.precision) }), b];
}

function bodyOf(
  { parameters, body }: Extract<Resolved, { kind: "lambda" }>,
  scope: ExpressionScope,
): (names: readonly string[]) => string {
  return (names) => {
    const renamed = parameters.map((parameter, index) => [parameter, names[index] ?? sqlName(parameter)] as const);
    const variables = new Map([...(scope.variables ?? []), ...renamed]);
    return compileExpression(body, { ...scope, variables });
  };
}

function compileWindow(window: Extract<Resolved, { kind: "window" }>, scope: ExpressionScope): string {
  const { input, partitionBy, orderBy, bounds } = window;
  if (input.kind !== "call") throw new DatasetError("invalid-plan", "a window belongs to a call");
  const parts = [
    partitionBy.length === 0
      ? ""
      : `PARTITION BY ${partitionBy.map((one) => compileExpression(one, scope)).join(", ")}`,
    orderBy.length === 0 ? "" : `ORDER BY ${orderBy.map((key) => compileSortKey(key, scope)).join(", ")}`,
    bounds === undefined ? "" : `${bounds.unit.toUpperCase()} BETWEEN ${bound(bounds.start)} AND ${bound(bounds.end)}`,
  ];
  return compileCall(input, scope, ` OVER (${parts.filter(Boolean).join(" ")})`);
}

function bound(offset: number): string {
  if (offset === 0) return "CURRENT ROW";
  if (!Number.isFinite(offset)) return `UNBOUNDED ${offset < 0 ? "PRECEDING" : "FOLLOWING"}`;
  return `${Math.abs(offset)} ${offset < 0 ? "PRECEDING" : "FOLLOWING"}`;
}

/** Where NULLs go is always said: the engine's default is another. */
export function compileSortKey({ input, direction, nulls }: ResolvedSortKey, scope: ExpressionScope): string {
  const sql = compileExpression(input, scope);
  // A literal integer would be taken for the position of a column.
  const key = input.kind === "literal" ? `(${sql} IS NULL)` : sql;
  return `${key} ${direction.toUpperCase()} NULLS ${nulls.toUpperCase()}`;
}

/** All keys as one value, whose bytes are in the order of the keys. */
export function compileSortKeys(keys: readonly ResolvedSortKey[], scope: ExpressionScope): string {
  const parts = keys.map(
    ({ input, direction, nulls }) =>
      `${compileExpression(input, scope)}, '${direction.toUpperCase()} NULLS ${nulls.toUpperCase()}'`,
  );
  return `create_sort_key(${parts.join(", ")})`;
}

/** A value as the engine's literal of exactly this type. */
export function compileLiteral(value: LiteralValue, type: DataType): string {
  if (value === null) return type.kind === "null" ? "NULL" : `CAST(NULL AS ${sqlType(type)})`;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return sqlText(value);
  if (typeof value === "number") return numberSql(value, type);
  switch (value.tag) {
    case "bigint":
      return `CAST(${sqlText(value.text)} AS ${sqlType(type)})`;
    case "decimal":
      return `CAST(${sqlText(value.text)} AS ${sqlType(type)})`;
    case "date":
      return dateSql(value.days);
    case "timestamp":
      return `make_timestamptz(${BigInt(value.micros)})`;
    case "timestampNtz":
      return `make_timestamp(${BigInt(value.micros)})`;
    case "binary":
      return `unhex(${sqlText(value.hex)})`;
    case "interval":
      return `(to_months(${Number(value.months)}) + to_days(${Number(value.days)}) + to_microseconds(${BigInt(value.micros)}))`;
    case "double":
      return `CAST(${sqlText(value.text)} AS DOUBLE)`;
  }
}

function numberSql(value: number, type: DataType): string {
  if (type.kind === "double") {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return `CAST('${text}' AS DOUBLE)`;
  }
  if (type.kind === "int") return value < 0 ? `(${value})` : String(value);
  return `CAST(${sqlText(String(value))} AS ${sqlType(type)})`;
}

function dateSql(days: number): string {
  const text = new Date(days * 86_400_000).toISOString();
  return text.length === 24 ? `DATE '${text.slice(0, 10)}'` : `(DATE '1970-01-01' + ${Number(days)})`;
}
