import {
  arrayOf,
  binaryType,
  booleanType,
  doubleType,
  intType,
  longType,
  stringType,
  type DataType,
} from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { sqlError, sqlText } from "./sql-type.ts";

const text = (name: string, params: string, sql: Parameters<typeof defineFunction>[1][2]): FunctionRow =>
  defineFunction(name, [params, stringType, sql]);

const number = (name: string, params: string, sql: Parameters<typeof defineFunction>[1][2]): FunctionRow =>
  defineFunction(name, [params, intType, sql]);

const test = (name: string, params: string, sql: Parameters<typeof defineFunction>[1][2]): FunctionRow =>
  defineFunction(name, [params, booleanType, sql]);

/** Characters from a place that counts from 1, from the end where negative; 0 is 1. A window that begins before the text is cut there. */
function substring([value, start, length]: readonly SqlArgument[]): string {
  if (isCount(start, 1) && (length === undefined || isCount(length, 0))) {
    return `substr(${[value, start, length].flatMap((arg) => arg?.sql ?? []).join(", ")})`;
  }
  const from = `CASE WHEN ${start?.sql} > 0 THEN ${start?.sql} WHEN ${start?.sql} = 0 THEN 1 ELSE length(${value?.sql}) + ${start?.sql} + 1 END`;
  if (length === undefined) return `substr(${value?.sql}, greatest(1, ${from}))`;
  const end = `(${from} + greatest(0, ${length.sql}))`;
  return `substr(${value?.sql}, greatest(1, ${from}), greatest(0, ${end} - greatest(1, ${from})))`;
}

/** Whether an argument is a literal number of at least so much. */
function isCount(arg: SqlArgument | undefined, least: number): boolean {
  return typeof arg?.literal === "number" && arg.literal >= least;
}

/** Pads or cuts; an empty pad cuts only. */
const pad =
  (name: "lpad" | "rpad"): FunctionRow["sql"] =>
  ([value, length, filler]) => {
    const fill = filler?.sql ?? "' '";
    return `CASE WHEN ${length?.sql} <= 0 THEN '' WHEN ${fill} = '' THEN left(${value?.sql}, ${length?.sql}) ELSE ${name}(${value?.sql}, ${length?.sql}, ${fill}) END`;
  };

/** Spark's default is a backslash before what is meant itself. */
const like =
  (operator: string): FunctionRow["sql"] =>
  ([value, pattern]) => {
    // The engine turns plain patterns into searches; with an escape it does not.
    const isPlain = typeof pattern?.literal === "string" && !pattern.literal.includes("\\");
    return `(${value?.sql} ${operator} ${pattern?.sql}${isPlain ? "" : " ESCAPE '\\'"})`;
  };

/** A group that does not exist is an error; one that matched nothing is the empty text. */
const extract: FunctionRow["sql"] = ([value, pattern, group]) =>
  `regexp_extract(${value?.sql}, ${pattern?.sql}, ${group?.sql ?? "1"})`;

/** Dollar groups of Java as the engine's backslash groups. */
function replacement(arg: SqlArgument | undefined): string {
  if (typeof arg?.literal !== "string") return `regexp_replace(${arg?.sql}, '\\$([0-9])', '\\\\\\1', 'g')`;
  return sqlText(arg.literal.replaceAll(/\$(\d)/g, String.raw`\$1`));
}

function split([value, pattern, limit]: readonly SqlArgument[]): string {
  const all = `regexp_split_to_array(${value?.sql}, ${pattern?.sql})`;
  if (limit === undefined) return all;
  return `tutti_split(${value?.sql}, ${pattern?.sql}, ${limit.sql})`;
}

const trimmed =
  (name: "trim" | "ltrim" | "rtrim"): FunctionRow["sql"] =>
  ([value, characters]) =>
    characters === undefined ? `${name}(${value?.sql}, ' ')` : `${name}(${value?.sql}, ${characters.sql})`;

const sameText = ([arg]: readonly Resolved[]): DataType => arg?.type ?? stringType;

export const stringFunctions: readonly FunctionRow[] = [
  text("upper", "string", "upper($1)"),
  text("ucase", "string", "upper($1)"),
  text("lower", "string", "lower($1)"),
  text("lcase", "string", "lower($1)"),
  text("initcap", "string", "tutti_initcap($1)"),
  text("trim", "string string?", trimmed("trim")),
  text("btrim", "string string?", trimmed("trim")),
  text("ltrim", "string string?", trimmed("ltrim")),
  text("rtrim", "string string?", trimmed("rtrim")),
  text("concat_ws", "string string*", (args) =>
    args.length === 1 ? `left(${args[0]?.sql}, 0)` : `concat_ws(${args.map((arg) => arg.sql).join(", ")})`,
  ),
  defineFunction("concat", [
    "string|binary|array string|binary|array*",
    sameText,
    (args) => `(${args.map((arg) => arg.sql).join(" || ")})`,
  ]),
  text("substring", "string int int?", substring),
  text("substr", "string int int?", substring),
  text("left", "string int", "left($1, greatest(0, $2))"),
  text("right", "string int", "right($1, greatest(0, $2))"),
  text("lpad", "string int string?", pad("lpad")),
  text("rpad", "string int string?", pad("rpad")),
  text("repeat", "string int", "repeat($1, greatest(0, $2))"),
  text(
    "replace",
    "string string string?",
    ([value, from, to]) =>
      `CASE WHEN ${from?.sql} = '' THEN ${value?.sql} ELSE replace(${value?.sql}, ${from?.sql}, ${to?.sql ?? "''"}) END`,
  ),
  text("translate", "string string string", "translate($1, $2, $3)"),
  text(
    "overlay",
    "string string int int?",
    ([value, by, start, length]) =>
      `(substr(${value?.sql}, 1, ${start?.sql} - 1) || ${by?.sql} || substr(${value?.sql}, ${start?.sql} + ${length === undefined ? `length(${by?.sql})` : `CASE WHEN ${length.sql} < 0 THEN length(${by?.sql}) ELSE ${length.sql} END`}))`,
  ),
  text("substring_index", "string string int", "tutti_substring_index($1, $2, $3)"),
  text(
    "split_part",
    "string string int",
    ([value, by, part]) =>
      `CASE WHEN ${part?.sql} = 0 THEN ${sqlError("invalid-value", "splitPart counts from 1, or from -1 backwards; it was given 0")} ELSE split_part(${value?.sql}, ${by?.sql}, ${part?.sql}) END`,
  ),
  text(
    "regexp_replace",
    "string string string",
    ([value, pattern, by]) => `regexp_replace(${value?.sql}, ${pattern?.sql}, ${replacement(by)}, 'g')`,
  ),
  text("regexp_extract", "string string int?", extract),
  defineFunction(
    "regexp_substr",
    ["string string", stringType, "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, 0) END"],
    { nulls: "always" },
  ),
  defineFunction("regexp_extract_all", [
    "string string int?",
    arrayOf(stringType, false),
    ([value, pattern, group]) => `regexp_extract_all(${value?.sql}, ${pattern?.sql}, ${group?.sql ?? "1"})`,
  ]),
  number("regexp_count", "string string", "len(regexp_extract_all($1, $2, 0))::INTEGER"),
  number(
    "regexp_instr",
    "string string",
    "CASE WHEN regexp_matches($1, $2) THEN instr($1, regexp_extract($1, $2, 0))::INTEGER ELSE 0 END",
  ),
  text("soundex", "string", "tutti_soundex($1)"),
  text("md5", "string|binary", "md5($1)"),
  text("sha1", "string|binary", "sha1($1)"),
  text("sha", "string|binary", "sha1($1)"),
  defineFunction(
    "sha2",
    [
      "string|binary int",
      stringType,
      ([value, bits]) =>
        `CASE WHEN ${bits?.sql} IN (0, 256) THEN sha256(${value?.sql}) WHEN ${bits?.sql} IN (224, 384, 512) THEN ${sqlError("invalid-value", "sha2 knows 0 and 256 bits here")} END`,
    ],
    { nulls: "always" },
  ),
  text(
    "base64",
    "binary|string",
    ([value]) => `to_base64(${value?.type.kind === "string" ? `encode(${value.sql})` : value?.sql})`,
  ),
  defineFunction("unbase64", ["string", binaryType, "from_base64($1)"]),
  defineFunction("encode", [
    "string string",
    binaryType,
    "CASE WHEN lower($2) IN ('utf-8', 'utf8') THEN encode($1) ELSE error('tutti:invalid-value:encode knows UTF-8') END",
  ]),
  text(
    "decode",
    "binary string",
    "CASE WHEN lower($2) IN ('utf-8', 'utf8') THEN decode($1) ELSE error('tutti:invalid-value:decode knows UTF-8') END",
  ),
  text("chr", "long", "CASE WHEN $1 < 0 THEN '' ELSE chr(($1 % 256)::INTEGER) END"),
  text("char", "long", "CASE WHEN $1 < 0 THEN '' ELSE chr(($1 % 256)::INTEGER) END"),
  text("format_number", "numeric int", "format('{:,.' || $2 || 'f}', round($1, $2)::DOUBLE)"),
  text("format_string", "string any*", "printf($*)"),
  text("printf", "string any*", "printf($*)"),
  text("space", "int", "repeat(' ', greatest(0, $1))"),
  text(
    "mask",
    "string",
    "regexp_replace(regexp_replace(regexp_replace($1, '\\p{Lu}', 'X', 'g'), '\\p{Ll}', 'x', 'g'), '[0-9]', 'n', 'g')",
  ),
  text("url_encode", "string", "replace(replace(url_encode($1), '%20', '+'), '%2A', '*')"),
  text("url_decode", "string", "url_decode(replace($1, '+', ' '))"),
  text(
    "elt",
    "int string string*",
    ([index, ...values]) =>
      `CASE WHEN ${index?.sql} < 1 OR ${index?.sql} > ${values.length} THEN ${sqlError("invalid-value", `elt has the values 1 to ${values.length}`)} ELSE list_extract([${values.map((value) => value.sql).join(", ")}], ${index?.sql}) END`,
  ),
  text("quote", "string", String.raw`('''' || replace($1, '''', '\''') || '''')`),
  number(
    "length",
    "string|binary",
    ([value]) => `${value?.type.kind === "binary" ? "octet_length" : "length"}(${value?.sql})::INTEGER`,
  ),
  number(
    "character_length",
    "string|binary",
    ([value]) => `${value?.type.kind === "binary" ? "octet_length" : "length"}(${value?.sql})::INTEGER`,
  ),
  number(
    "char_length",
    "string|binary",
    ([value]) => `${value?.type.kind === "binary" ? "octet_length" : "length"}(${value?.sql})::INTEGER`,
  ),
  number(
    "octet_length",
    "string|binary",
    ([value]) => `${value?.type.kind === "binary" ? "octet_length" : "strlen"}(${value?.sql})::INTEGER`,
  ),
  number(
    "bit_length",
    "string|binary",
    ([value]) => `(8 * ${value?.type.kind === "binary" ? "octet_length" : "strlen"}(${value?.sql}))::INTEGER`,
  ),
  number("ascii", "string", "CASE WHEN $1 = '' THEN 0 ELSE unicode($1)::INTEGER END"),
  number("instr", "string string", "instr($1, $2)::INTEGER"),
  number("locate", "string string int?", locate),
  number("position", "string string int?", locate),
  number("levenshtein", "string string", "levenshtein($1, $2)::INTEGER"),
  number(
    "find_in_set",
    "string string",
    "CASE WHEN contains($1, ',') THEN 0 ELSE coalesce(list_position(string_split($2, ','), $1), 0)::INTEGER END",
  ),
  defineFunction("jaro_winkler_similarity", ["string string", doubleType, "jaro_winkler_similarity($1, $2)"]),
  defineFunction("hash", ["any any*", intType, "((hash($*) % 4294967296)::BIGINT - 2147483648)::INTEGER"], {
    nulls: "never",
  }),
  defineFunction("xxhash64", ["any any*", longType, "(hash($*)::HUGEINT - 9223372036854775808::HUGEINT)::BIGINT"], {
    nulls: "never",
  }),
  defineFunction("split", ["string string int?", arrayOf(stringType, false), split]),
  test("like", "string string", like("LIKE")),
  test("ilike", "string string", like("ILIKE")),
  test("rlike", "string string", "regexp_matches($1, $2)"),
  test("regexp_like", "string string", "regexp_matches($1, $2)"),
  test("contains", "string string", "contains($1, $2)"),
  test("startswith", "string string", "starts_with($1, $2)"),
  test("endswith", "string string", "ends_with($1, $2)"),
];

/** Counts from 1; 0 where it is not there. An empty part is found where the search begins. */
function locate([part, value, start]: readonly SqlArgument[]): string {
  if (start === undefined) return `instr(${value?.sql}, ${part?.sql})::INTEGER`;
  const found = `instr(substr(${value?.sql}, ${start.sql}), ${part?.sql})`;
  return `CASE WHEN ${start.sql} < 1 OR ${found} = 0 THEN 0 ELSE (${found} + ${start.sql} - 1)::INTEGER END`;
}
