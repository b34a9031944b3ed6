import { isIntegral, isNumeric, typeText, type DataType } from "../plan/data-type.ts";
import { sqlErrorAbout, sqlType } from "../plan/functions/sql-type.ts";

/** A cast with Spark's meaning in ANSI mode: what has no answer is an error, or NULL where it is only tried. */
export function compileCast(
  sql: string,
  { from, to, isTry }: { readonly from: DataType; readonly to: DataType; readonly isTry: boolean },
): string {
  const cast = isTry ? "TRY_CAST" : "CAST";
  const target = sqlType(to);
  const plain = `${cast}(${sql} AS ${target})`;
  if (from.kind === "string") return fromText(sql, to, isTry);
  if (to.kind === "string") return toText(sql, from);
  if (isIntegral(to)) {
    if (from.kind === "timestamp") return `${cast}(floor(epoch(${sql})) AS ${target})`;
    // The engine rounds, Spark cuts.
    return from.kind === "double" || from.kind === "float" || from.kind === "decimal"
      ? `${cast}(trunc(${sql}) AS ${target})`
      : plain;
  }
  if (to.kind === "boolean" && isNumeric(from)) return `(${sql} <> 0)`;
  if (to.kind === "timestamp" && isNumeric(from)) return `to_timestamp(${sql})`;
  if (from.kind === "timestamp" && isNumeric(to)) return `${cast}(epoch(${sql}) AS ${target})`;
  if (to.kind === "decimal" && from.kind === "boolean") return `${cast}(${sql}::INTEGER AS ${target})`;
  return plain;
}

/** Without errors where it is only tried: the engine's own TRY takes no expression that may raise one. */
function fromText(sql: string, to: DataType, isTry: boolean): string {
  const cast = isTry ? "TRY_CAST" : "CAST";
  const trimmed = `trim(${sql}, e' \\t\\n\\r\\f')`;
  const refuse = isTry ? "NULL" : sqlErrorAbout("invalid-cast", `this text is no ${typeText(to)}`, sql);
  const guarded = (pattern: string, value: string): string =>
    `CASE WHEN ${sql} IS NULL THEN NULL WHEN regexp_full_match(${trimmed}, '${pattern}') THEN ${value} ELSE ${refuse} END`;
  switch (to.kind) {
    case "byte":
    case "short":
    case "int":
    case "long":
      return guarded("[+-]?[0-9]+", `${cast}(${trimmed} AS ${sqlType(to)})`);
    case "decimal":
      return guarded("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?", `${cast}(${trimmed} AS ${sqlType(to)})`);
    case "float":
    case "double": {
      const number =
        "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?|[+-]?([iI][nN][fF]|[iI][nN][fF][iI][nN][iI][tT][yY])|[nN][aA][nN]";
      return guarded(
        number,
        `${cast}(rtrim(CASE WHEN ${trimmed} ILIKE '%inf%' THEN ${trimmed} ELSE rtrim(${trimmed}, 'dDfF') END) AS ${sqlType(to)})`,
      );
    }
    case "boolean":
      return `CASE WHEN ${sql} IS NULL THEN NULL WHEN lower(${trimmed}) IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN lower(${trimmed}) IN ('f', 'false', 'n', 'no', '0') THEN false ELSE ${refuse} END`;
    case "date":
      return guarded(
        "[+-]?[0-9]{4,7}(-[0-9]{1,2}(-[0-9]{1,2}([ T].*)?)?)?",
        `${cast}(regexp_extract(${trimmed}, '^[+-]?[0-9]+', 0) || '-' || coalesce(nullif(regexp_extract(${trimmed}, '^[+-]?[0-9]+-([0-9]+)', 1), ''), '01') || '-' || coalesce(nullif(regexp_extract(${trimmed}, '^[+-]?[0-9]+-[0-9]+-([0-9]+)', 1), ''), '01') AS DATE)`,
      );
    case "timestamp":
    case "timestampNtz":
      return guarded("[0-9]{4,6}(-[0-9]{1,2}(-[0-9]{1,2}([ T].*)?)?)?", timestampOf(trimmed, to, cast));
    case "binary":
      return `encode(${sql})`;
    case "interval":
      return `${cast}(${sql} AS INTERVAL)`;
    default:
      return sql;
  }
}

/** A year alone, or a year and a month, begin at their first moment. */
function timestampOf(text: string, to: DataType, cast: string): string {
  const whole = `CASE WHEN regexp_full_match(${text}, '[0-9]{4,6}') THEN ${text} || '-01-01' WHEN regexp_full_match(${text}, '[0-9]{4,6}-[0-9]{1,2}') THEN ${text} || '-01' ELSE ${text} END`;
  return `${cast}(${whole} AS ${sqlType(to)})`;
}

function toText(sql: string, from: DataType): string {
  switch (from.kind) {
    case "double":
    case "float":
      return `tutti_number_text(${sql}::VARCHAR, ${sql}::DOUBLE)`;
    case "timestamp":
      return `CAST(CAST(${sql} AS TIMESTAMP) AS VARCHAR)`;
    case "binary":
      return `decode(${sql})`;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}
