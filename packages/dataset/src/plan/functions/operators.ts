import { asDecimal } from "../coercion.ts";
import {
  booleanType,
  boundedDecimal,
  doubleType,
  intervalType,
  isIntegral,
  type DataType,
  type DecimalType,
} from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { divideDecimals } from "./decimal-sql.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { sqlError, sqlType } from "./sql-type.ts";

const divideByZero = sqlError(
  "division-by-zero",
  "division by zero; use tryDivide, or nullif on the divisor, for NULL instead",
);

/** Does without the guard where the divisor is a literal that is not zero. */
function guarded(divisor: SqlArgument | undefined, quotient: string): string {
  if (typeof divisor?.literal === "number" && divisor.literal !== 0) return quotient;
  return `CASE WHEN ${divisor?.sql} = 0 THEN ${divideByZero} ELSE ${quotient} END`;
}

/** The divisor with zero as NULL: for the functions that begin with `try`. */
function orNull(divisor: SqlArgument | undefined): string {
  return `nullif(${divisor?.sql}, 0)`;
}

function decimalArgs(args: readonly Resolved[]): readonly [DecimalType, DecimalType] | undefined {
  const [a, b] = args;
  if (a === undefined || b === undefined) return undefined;
  const isDecimal = [a.type, b.type].some(({ kind }) => kind === "decimal");
  const isExact = [a.type, b.type].every((type) => type.kind === "decimal" || isIntegral(type));
  return isDecimal && isExact ? [asDecimal(a.type), asDecimal(b.type)] : undefined;
}

const sumType = (args: readonly Resolved[]): DataType => {
  const decimals = decimalArgs(args);
  if (decimals === undefined) return args[0]?.type ?? doubleType;
  const [a, b] = decimals;
  const scale = Math.max(a.scale, b.scale);
  return boundedDecimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
};

const productType = (args: readonly Resolved[]): DataType => {
  const decimals = decimalArgs(args);
  if (decimals === undefined) return args[0]?.type ?? doubleType;
  const [a, b] = decimals;
  return boundedDecimal(a.precision + b.precision + 1, a.scale + b.scale);
};

/** Spark's rule for `/`: at least 6 digits after the point. Everything else divides as doubles. */
const quotientType = (args: readonly Resolved[]): DataType => {
  const decimals = decimalArgs(args);
  if (decimals === undefined) return doubleType;
  const [a, b] = decimals;
  const scale = Math.max(6, a.scale + b.precision + 1);
  return boundedDecimal(a.precision - a.scale + b.scale + scale, scale);
};

const remainderType = (args: readonly Resolved[]): DataType => {
  const decimals = decimalArgs(args);
  if (decimals === undefined) return args[0]?.type ?? doubleType;
  const [a, b] = decimals;
  const scale = Math.max(a.scale, b.scale);
  return boundedDecimal(Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
};

function quotient(args: readonly SqlArgument[], type: DataType): string {
  const [a, b] = args;
  if (a === undefined || b === undefined) return "NULL";
  if (type.kind === "decimal") return guarded(b, divideDecimals(a, b, type));
  return guarded(b, `${a.sql} / ${b.sql}`);
}

/** Overflow as NULL: integers are computed with room for every result, then cut. */
const tried =
  (operator: string): FunctionRow["sql"] =>
  ([a, b], type) => {
    if (type.kind === "double" || type.kind === "float") return `(${a?.sql} ${operator} ${b?.sql})`;
    if (type.kind === "decimal") return `try(${a?.sql} ${operator} ${b?.sql})`;
    return `TRY_CAST(${a?.sql}::HUGEINT ${operator} ${b?.sql}::HUGEINT AS ${sqlType(type)})`;
  };

const compare = (name: string, operator: string): FunctionRow =>
  defineFunction(name, ["same same", booleanType, `($1 ${operator} $2)`]);

export const operators: readonly FunctionRow[] = [
  defineFunction("add", ["sameNumeric sameNumeric", sumType, "($1 + $2)"]),
  defineFunction("subtract", ["sameNumeric sameNumeric", sumType, "($1 - $2)"]),
  defineFunction("multiply", ["sameNumeric sameNumeric", productType, "($1 * $2)"]),
  defineFunction("divide", ["sameNumeric sameNumeric", quotientType, quotient]),
  defineFunction("remainder", [
    "sameNumeric sameNumeric",
    remainderType,
    (args) => guarded(args[1], `${args[0]?.sql} % ${args[1]?.sql}`),
  ]),
  defineFunction("mod", [
    "sameNumeric sameNumeric",
    remainderType,
    (args) => guarded(args[1], `${args[0]?.sql} % ${args[1]?.sql}`),
  ]),
  defineFunction("div", [
    "integral integral",
    { kind: "long" },
    (args) => `CAST(${guarded(args[1], `${args[0]?.sql}::BIGINT // ${args[1]?.sql}`)} AS BIGINT)`,
  ]),
  defineFunction("pmod", [
    "sameNumeric sameNumeric",
    remainderType,
    ([a, b]) =>
      guarded(
        b,
        `CASE WHEN ${a?.sql} % ${b?.sql} < 0 THEN (${a?.sql} % ${b?.sql} + ${b?.sql}) % ${b?.sql} ELSE ${a?.sql} % ${b?.sql} END`,
      ),
  ]),
  defineFunction("try_add", ["sameNumeric sameNumeric", sumType, tried("+")], { nulls: "always" }),
  defineFunction("try_subtract", ["sameNumeric sameNumeric", sumType, tried("-")], { nulls: "always" }),
  defineFunction("try_multiply", ["sameNumeric sameNumeric", productType, tried("*")], { nulls: "always" }),
  defineFunction(
    "try_divide",
    [
      "sameNumeric sameNumeric",
      quotientType,
      ([a, b], type) =>
        type.kind === "decimal" && a !== undefined && b !== undefined
          ? divideDecimals(a, { ...b, sql: orNull(b) }, type)
          : `${a?.sql} / ${orNull(b)}`,
    ],
    { nulls: "always" },
  ),
  defineFunction("try_mod", ["sameNumeric sameNumeric", remainderType, ([a, b]) => `${a?.sql} % ${orNull(b)}`], {
    nulls: "always",
  }),
  defineFunction("negative", ["numeric|interval", "first", "(-$1)"]),
  defineFunction("positive", ["numeric|interval", "first", "$1"]),
  compare("eq", "="),
  compare("ne", "<>"),
  compare("lt", "<"),
  compare("le", "<="),
  compare("gt", ">"),
  compare("ge", ">="),
  defineFunction("equal_null", ["same same", booleanType, "($1 IS NOT DISTINCT FROM $2)"], { nulls: "never" }),
  defineFunction("and", ["boolean boolean", booleanType, "($1 AND $2)"]),
  defineFunction("or", ["boolean boolean", booleanType, "($1 OR $2)"]),
  defineFunction("not", ["boolean", booleanType, "(NOT $1)"]),
  defineFunction("isnull", ["any", booleanType, "($1 IS NULL)"], { nulls: "never" }),
  defineFunction("isnotnull", ["any", booleanType, "($1 IS NOT NULL)"], { nulls: "never" }),
  defineFunction("in", [
    "same same*",
    booleanType,
    ([value, ...list]) =>
      list.length === 0
        ? `(${value?.sql} IS NULL AND NULL)`
        : `(${value?.sql} IN (${list.map((one) => one.sql).join(", ")}))`,
  ]),
  defineFunction("add_interval", ["date|timestamp|timestampNtz interval", momentAfterInterval, addInterval]),
  defineFunction("interval_add", ["interval interval", intervalType, "($1 + $2)"]),
  defineFunction("bitwise_and", ["integral integral", (args) => args[0]?.type ?? doubleType, "($1 & $2)"]),
  defineFunction("bitwise_or", ["integral integral", (args) => args[0]?.type ?? doubleType, "($1 | $2)"]),
  defineFunction("bitwise_xor", ["integral integral", (args) => args[0]?.type ?? doubleType, "xor($1, $2)"]),
  defineFunction("bitwise_not", ["integral", "first", "(~$1)"]),
];

/** A day plus days and months is a day. */
function momentAfterInterval(args: readonly Resolved[]): DataType {
  return args[0]?.type ?? intervalType;
}

function addInterval([moment, interval]: readonly SqlArgument[], type: DataType): string {
  const sum = `(${moment?.sql} + ${interval?.sql})`;
  return type.kind === "date" ? `${sum}::DATE` : sum;
}
