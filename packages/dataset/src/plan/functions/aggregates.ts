import { asDecimal } from "../coercion.ts";
import {
  arrayOf,
  booleanType,
  boundedDecimal,
  doubleType,
  isIntegral,
  longType,
  stringType,
  type DataType,
} from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { rescaled, roundedQuotient, unscaled } from "./decimal-sql.ts";
import { defineFunction, fill, type FunctionRow, type RowOptions, type SqlArgument } from "./function-row.ts";
import { sqlType } from "./sql-type.ts";

/** Spark: sums of integers are long, of decimals ten digits wider, of floats double. */
const sumType = ([arg]: readonly Resolved[]): DataType => {
  if (arg?.type.kind === "decimal") return boundedDecimal(arg.type.precision + 10, arg.type.scale);
  if (arg?.type.kind === "long") return arg.type;
  return arg !== undefined && isIntegral(arg.type) ? longType : doubleType;
};

/** Spark: averages of decimals have four digits more, all else is double. */
const averageType = ([arg]: readonly Resolved[]): DataType =>
  arg?.type.kind === "decimal" ? boundedDecimal(arg.type.precision + 4, arg.type.scale + 4) : doubleType;

function average([arg]: readonly SqlArgument[], type: DataType, over: string): string {
  if (arg === undefined) return "NULL";
  if (type.kind !== "decimal") return `avg(${arg.sql}::DOUBLE)${over}`;
  const { scale } = asDecimal(arg.type);
  const top = `(${unscaled(`sum(${arg.sql})${over}`, scale)} * 1${"0".repeat(type.scale - scale)}::HUGEINT)`;
  return `CASE WHEN count(${arg.sql})${over} > 0 THEN ${rescaled(roundedQuotient(top, `(count(${arg.sql})${over})::HUGEINT`), type)} END`;
}

const aggregate = (
  name: string,
  definition: Parameters<typeof defineFunction>[1],
  nulls: RowOptions["nulls"] = "always",
): FunctionRow => defineFunction(name, definition, { kind: "aggregate", nulls });

const cast =
  (template: string): FunctionRow["sql"] =>
  (args, type, over) =>
    `${fill(template, args, over)}::${sqlType(type)}`;

const sameNames = ["var_pop", "var_samp", "stddev_pop", "stddev_samp", "kurtosis", "median"] as const;

const pairNames = [
  "corr",
  "covar_pop",
  "covar_samp",
  "regr_avgx",
  "regr_avgy",
  "regr_intercept",
  "regr_r2",
  "regr_slope",
  "regr_sxx",
  "regr_sxy",
  "regr_syy",
] as const;

export const aggregates: readonly FunctionRow[] = [
  aggregate("count", ["any*", longType, (args, _, over) => countOf(args, over)], "never"),
  aggregate("count_distinct", ["any any*", longType, (args, _, over) => countDistinctOf(args, over)], "never"),
  aggregate("sum", ["numeric", sumType, cast("sum($1)$over")]),
  aggregate("try_sum", [
    "numeric",
    sumType,
    ([arg], type, over) => `try_cast(sum(${arg?.sql})${over} AS ${sqlType(type)})`,
  ]),
  aggregate("avg", ["numeric", averageType, average]),
  aggregate("min", ["any", "first", "min($1)$over"]),
  aggregate("max", ["any", "first", "max($1)$over"]),
  aggregate("min_by", ["any any", "first", "arg_min_null($1, $2)$over"]),
  aggregate("max_by", ["any any", "first", "arg_max_null($1, $2)$over"]),
  aggregate("first", ["any", "first", "first($1)$over"]),
  aggregate("last", ["any", "first", "last($1)$over"]),
  aggregate("any_value", ["any", "first", "first($1)$over"]),
  aggregate("count_if", ["boolean", longType, cast("count_if($1)$over")], "never"),
  aggregate("bool_and", ["boolean", booleanType, "bool_and($1)$over"]),
  aggregate("bool_or", ["boolean", booleanType, "bool_or($1)$over"]),
  aggregate("every", ["boolean", booleanType, "bool_and($1)$over"]),
  aggregate("some", ["boolean", booleanType, "bool_or($1)$over"]),
  aggregate("skewness", ["double", doubleType, skewness]),
  aggregate("first_ignore_nulls", ["any", "first", "any_value($1)$over"]),
  aggregate("last_ignore_nulls", ["any", "first", "list_filter(list($1)$over, lambda e: e IS NOT NULL)[-1]"]),
  aggregate("bit_and", ["integral", "first", "bit_and($1)$over"]),
  aggregate("bit_or", ["integral", "first", "bit_or($1)$over"]),
  aggregate("bit_xor", ["integral", "first", "bit_xor($1)$over"]),
  aggregate("product", ["numeric", doubleType, "product($1)$over"]),
  aggregate("mode", ["any", "first", "mode($1)$over"]),
  aggregate("approx_count_distinct", ["any", longType, cast("approx_count_distinct($1)$over")], "never"),
  aggregate("percentile", ["numeric double", doubleType, "quantile_cont($1::DOUBLE, $2)$over"]),
  aggregate("percentile_approx", ["numeric double", "first", cast("quantile_disc($1, $2)$over")]),
  aggregate(
    "collect_list",
    ["any", ([arg]) => arrayOf(arg?.type ?? stringType, false), collect("list($1)$over")],
    "never",
  ),
  aggregate(
    "collect_set",
    ["any", ([arg]) => arrayOf(arg?.type ?? stringType, false), collect("list(DISTINCT $1)$over")],
    "never",
  ),
  aggregate("listagg", [
    "string string?",
    stringType,
    ([arg, separator], _, over) => `string_agg(${arg?.sql}, ${separator?.sql ?? "''"})${over}`,
  ]),
  aggregate("regr_count", ["numeric numeric", longType, cast("regr_count($1, $2)$over")], "never"),
  aggregate("grouping", ["any", { kind: "byte" }, cast("grouping($1)$over")], "never"),
  aggregate(
    "grouping_id",
    ["any*", longType, (args) => `grouping(${args.map((arg) => arg.sql).join(", ")})::BIGINT`],
    "never",
  ),
  ...sameNames.map((name) => aggregate(name, ["double", doubleType, `${engineName(name)}($1)$over`])),
  ...pairNames.map((name) => aggregate(name, ["double double", doubleType, `${name}($1, $2)$over`])),
];

function engineName(name: string): string {
  return name === "kurtosis" ? "kurtosis_pop" : name;
}

/** An empty group is an empty array, and NULL is left out. */
function collect(template: string): FunctionRow["sql"] {
  return (args, type, over) =>
    `coalesce(list_filter(${fill(template, args, over)}, lambda e: e IS NOT NULL), []::${sqlType(type)})`;
}

function countOf(args: readonly SqlArgument[], over: string): string {
  if (args.length === 0) return `count(*)${over}`;
  if (args.length === 1) return `count(${args[0]?.sql})${over}`;
  return `count(CASE WHEN ${args.map((arg) => `${arg.sql} IS NOT NULL`).join(" AND ")} THEN 1 END)${over}`;
}

/** Rows with a NULL among the arguments do not count. */
function countDistinctOf(args: readonly SqlArgument[], over: string): string {
  if (args.length === 1) return `count(DISTINCT ${args[0]?.sql})${over}`;
  const isWhole = args.map((arg) => `${arg.sql} IS NOT NULL`).join(" AND ");
  return `count(DISTINCT CASE WHEN ${isWhole} THEN row(${args.map((arg) => arg.sql).join(", ")}) END)${over}`;
}

/** Of the population; the engine has that of the sample. */
function skewness([arg]: readonly SqlArgument[], _: DataType, over: string): string {
  const n = `(count(${arg?.sql})${over})`;
  const sample = `(skewness(${arg?.sql})${over}) * (${n} - 2) / sqrt(${n} * (${n} - 1))`;
  return `CASE WHEN ${n} = 0 THEN NULL WHEN ${n} = 1 OR stddev_pop(${arg?.sql})${over} = 0 THEN 'NaN'::DOUBLE WHEN ${n} = 2 THEN 0.0::DOUBLE ELSE ${sample} END`;
}
