import {
  dateType,
  doubleType,
  intervalType,
  intType,
  longType,
  stringType,
  timestampNtzType,
  timestampType,
  type DataType,
} from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { enginePattern } from "./date-pattern.ts";
import { sqlErrorAbout, sqlText } from "./sql-type.ts";

const part = (name: string, sql: string): FunctionRow => defineFunction(name, ["moment", intType, `(${sql})::INTEGER`]);

const day = (name: string, params: string, sql: FunctionRow["sql"] | string): FunctionRow =>
  defineFunction(name, [params, dateType, sql]);

/** A pattern of Java's as the engine's, where it is a literal. */
function pattern(arg: SqlArgument | undefined): string {
  if (arg === undefined) return sqlText("%Y-%m-%d %H:%M:%S");
  return typeof arg.literal === "string" ? sqlText(enginePattern(arg.literal)) : arg.sql;
}

/** In the session's zone: what people read from a clock on the wall. */
function local(arg: SqlArgument | undefined): string {
  return arg?.type.kind === "timestamp" ? `(${arg.sql})::TIMESTAMP` : `${arg?.sql}::TIMESTAMP`;
}

/** Spark's names of units; NULL for what is none. */
function unitOf(unit: SqlArgument | undefined): string {
  return `tutti_unit(${unit?.sql})`;
}

const momentType = ([arg]: readonly Resolved[]): DataType =>
  arg?.type.kind === "timestampNtz" ? timestampNtzType : timestampType;

const parsed =
  (type: "DATE" | "TIMESTAMPTZ" | "TIMESTAMP", isTry: boolean): FunctionRow["sql"] =>
  ([value, format]) => {
    if (value?.type.kind !== "string") return `CAST(${value?.sql} AS ${type})`;
    if (format === undefined) return `TRY_CAST(${value.sql} AS ${type})`;
    return `${isTry ? "try_strptime" : "strptime"}(${value.sql}, ${pattern(format)})::${type}`;
  };

/** Without a pattern: the cast of a text, with its own error. */
const strict =
  (type: "DATE" | "TIMESTAMPTZ" | "TIMESTAMP"): FunctionRow["sql"] =>
  (args, of, over) => {
    const [value, format] = args;
    if (value?.type.kind !== "string" || format !== undefined) return parsed(type, false)(args, of, over);
    return `CASE WHEN ${value.sql} IS NULL THEN NULL WHEN TRY_CAST(trim(${value.sql}) AS ${type}) IS NULL THEN ${sqlErrorAbout("invalid-cast", `this text is no ${type.toLowerCase()}`, value.sql)} ELSE TRY_CAST(trim(${value.sql}) AS ${type}) END`;
  };

/** Cut towards zero, unlike unix_seconds. */
const seconds: FunctionRow["sql"] = (args, type, over) =>
  `CAST(trunc(epoch(${strict("TIMESTAMPTZ")(args, type, over)})) AS BIGINT)`;

export const dateFunctions: readonly FunctionRow[] = [
  day("current_date", "", "(now()::TIMESTAMP)::DATE"),
  defineFunction("current_timestamp", ["", timestampType, "now()"]),
  defineFunction("now", ["", timestampType, "now()"]),
  defineFunction("localtimestamp", ["", timestampNtzType, "now()::TIMESTAMP"]),
  defineFunction("current_timezone", ["", stringType, "current_setting('TimeZone')"]),
  part("year", "year($1)"),
  part("quarter", "quarter($1)"),
  part("month", "month($1)"),
  part("day", "day($1)"),
  part("dayofmonth", "day($1)"),
  part("dayofweek", "dayofweek($1) + 1"),
  part("weekday", "isodow($1) - 1"),
  part("dayofyear", "dayofyear($1)"),
  part("weekofyear", "week($1)"),
  part("hour", "hour($1)"),
  part("minute", "minute($1)"),
  part("second", "second($1)"),
  defineFunction("dayname", ["moment", stringType, "left(dayname($1), 3)"]),
  defineFunction("monthname", ["moment", stringType, "left(monthname($1), 3)"]),
  day("date_add", "date integral", "($1 + $2::INTEGER)::DATE"),
  day("dateadd", "date integral", "($1 + $2::INTEGER)::DATE"),
  day("date_sub", "date integral", "($1 - $2::INTEGER)::DATE"),
  defineFunction("datediff", ["date date", intType, "($1 - $2)::INTEGER"]),
  defineFunction("date_diff", ["date date", intType, "($1 - $2)::INTEGER"]),
  day("add_months", "date integral", "($1 + to_months($2::INTEGER))::DATE"),
  defineFunction("months_between", [
    "timestamp timestamp boolean?",
    doubleType,
    "tutti_months_between($1::TIMESTAMP, $2::TIMESTAMP)",
  ]),
  day("last_day", "date", "last_day($1)::DATE"),
  defineFunction("next_day", ["date string", dateType, "tutti_next_day($1, $2)"], { nulls: "always" }),
  defineFunction(
    "trunc",
    [
      "date string",
      dateType,
      ([value, unit]) =>
        `CASE WHEN ${unitOf(unit)} IN ('year', 'quarter', 'month', 'week') THEN date_trunc(${unitOf(unit)}, ${value?.sql})::DATE END`,
    ],
    { nulls: "always" },
  ),
  defineFunction(
    "date_trunc",
    [
      "string timestamp",
      timestampType,
      ([unit, value]) => `CASE WHEN ${unitOf(unit)} IS NOT NULL THEN date_trunc(${unitOf(unit)}, ${value?.sql}) END`,
    ],
    { nulls: "always" },
  ),
  defineFunction("date_format", [
    "moment string",
    stringType,
    ([value, format]) => `strftime(${local(value)}, ${pattern(format)})`,
  ]),
  defineFunction("to_date", ["string|date|timestamp string?", dateType, strict("DATE")]),
  defineFunction("try_to_date", ["string|date|timestamp string?", dateType, parsed("DATE", true)], { nulls: "always" }),
  defineFunction("to_timestamp", ["string|date|timestamp string?", timestampType, strict("TIMESTAMPTZ")]),
  defineFunction("try_to_timestamp", ["string|date|timestamp string?", timestampType, parsed("TIMESTAMPTZ", true)], {
    nulls: "always",
  }),
  defineFunction("to_timestamp_ntz", ["string|date|timestamp string?", timestampNtzType, strict("TIMESTAMP")]),
  defineFunction("unix_timestamp", ["string|date|timestamp string?", longType, seconds]),
  defineFunction("to_unix_timestamp", ["string|date|timestamp string?", longType, seconds]),
  defineFunction("from_unixtime", [
    "long string?",
    stringType,
    ([seconds, format]) => `strftime(to_timestamp(${seconds?.sql})::TIMESTAMP, ${pattern(format)})`,
  ]),
  defineFunction("unix_seconds", ["timestamp", longType, "CAST(floor(epoch($1)) AS BIGINT)"]),
  defineFunction("unix_millis", ["timestamp", longType, "CAST(floor(epoch_us($1) / 1000.0) AS BIGINT)"]),
  defineFunction("unix_micros", ["timestamp", longType, "epoch_us($1)"]),
  defineFunction("unix_date", ["date", intType, "($1 - DATE '1970-01-01')::INTEGER"]),
  day("date_from_unix_date", "integral", "(DATE '1970-01-01' + $1::INTEGER)::DATE"),
  defineFunction("timestamp_seconds", [
    "numeric",
    timestampType,
    "make_timestamptz(CAST($1 * 1000000::BIGINT AS BIGINT))",
  ]),
  defineFunction("timestamp_millis", ["integral", timestampType, "make_timestamptz($1::BIGINT * 1000)"]),
  defineFunction("timestamp_micros", ["integral", timestampType, "make_timestamptz($1::BIGINT)"]),
  day("make_date", "integral integral integral", "make_date($1::BIGINT, $2::BIGINT, $3::BIGINT)"),
  defineFunction("make_timestamp", [
    "integral integral integral integral integral numeric",
    timestampType,
    "make_timestamp($1::BIGINT, $2::BIGINT, $3::BIGINT, $4::BIGINT, $5::BIGINT, $6::DOUBLE)::TIMESTAMPTZ",
  ]),
  defineFunction("make_timestamp_ntz", [
    "integral integral integral integral integral numeric",
    timestampNtzType,
    "make_timestamp($1::BIGINT, $2::BIGINT, $3::BIGINT, $4::BIGINT, $5::BIGINT, $6::DOUBLE)",
  ]),
  defineFunction("make_interval", ["int? int? int? int? int? int? numeric?", intervalType, makeInterval]),
  defineFunction("to_utc_timestamp", [
    "timestamp string",
    timestampType,
    "(($1::TIMESTAMP AT TIME ZONE $2) AT TIME ZONE 'UTC')::TIMESTAMPTZ",
  ]),
  defineFunction("from_utc_timestamp", [
    "timestamp string",
    timestampType,
    "(($1::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE $2)::TIMESTAMPTZ",
  ]),
  defineFunction("date_part", ["string moment", intType, "date_part($1, $2)::INTEGER"]),
  defineFunction("window_start", ["timestamp interval", momentType, "time_bucket($2, $1)"]),
];

function makeInterval(args: readonly SqlArgument[]): string {
  const [years, months, weeks, days, hours, minutes, seconds] = Array.from(
    { length: 7 },
    (_, index) => args[index]?.sql ?? "0",
  );
  return `(to_months((${years} * 12 + ${months})::INTEGER) + to_days((${weeks} * 7 + ${days})::INTEGER) + to_microseconds(((${hours} * 3600 + ${minutes} * 60)::BIGINT * 1000000 + (${seconds} * 1000000)::BIGINT)))`;
}
