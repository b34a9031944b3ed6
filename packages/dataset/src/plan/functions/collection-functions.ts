import { commonType } from "../coercion.ts";
import { arrayOf, booleanType, intType, longType, mapOf, nullType, stringType, type DataType } from "../data-type.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { sqlError, sqlType } from "./sql-type.ts";

const elementType = ([arg]: readonly Resolved[]): DataType =>
  arg?.type.kind === "array" ? arg.type.element : nullType;
const keyType = (arg: Resolved | undefined): DataType => (arg?.type.kind === "map" ? arg.type.key : nullType);
const valueType = (arg: Resolved | undefined): DataType => (arg?.type.kind === "map" ? arg.type.value : nullType);

const entries = ([arg]: readonly Resolved[]): DataType =>
  arrayOf(
    {
      kind: "struct",
      fields: [
        { name: "key", type: keyType(arg), nullable: false },
        { name: "value", type: valueType(arg), nullable: true },
      ],
    },
    false,
  );

const outside = sqlError("invalid-value", "the index is outside of the array; tryElementAt and get give NULL there");

/** Of arrays the element at a place that counts from 1, or backwards from -1; of maps the value of a key. */
const elementAt =
  (isTry: boolean): FunctionRow["sql"] =>
  ([holder, key]) => {
    if (holder?.type.kind === "map") return `map_extract_value(${holder.sql}, ${key?.sql})`;
    const zero = sqlError("invalid-value", "elementAt counts from 1, or from -1 backwards; it was given 0");
    const beyond = isTry ? "NULL" : `WHEN abs(${key?.sql}) > len(${holder?.sql}) THEN ${outside}`;
    return `CASE WHEN ${key?.sql} = 0 THEN ${zero} ${isTry ? "" : beyond} ELSE list_extract(${holder?.sql}, ${key?.sql}) END`;
  };

/** From 0; outside is an error. */
const getItem: FunctionRow["sql"] = ([holder, key]) => {
  if (holder?.type.kind === "map") return `map_extract_value(${holder.sql}, ${key?.sql})`;
  return `CASE WHEN ${key?.sql} < 0 OR ${key?.sql} >= len(${holder?.sql}) THEN ${outside} ELSE list_extract(${holder?.sql}, ${key?.sql} + 1) END`;
};

const held = ([holder]: readonly Resolved[]): DataType =>
  holder?.type.kind === "map" ? holder.type.value : elementType(holder === undefined ? [] : [holder]);

const sameArrays = (args: readonly Resolved[]): DataType =>
  args.reduce<DataType>((type, arg) => commonType(type, arg.type) ?? type, nullType);

const whole = (name: string, sql: string): FunctionRow => defineFunction(name, ["array", "first", sql]);

export const collectionFunctions: readonly FunctionRow[] = [
  defineFunction("size", [
    "array|map",
    intType,
    ([arg]) => (arg?.type.kind === "map" ? `cardinality(${arg.sql})::INTEGER` : `len(${arg?.sql})::INTEGER`),
  ]),
  defineFunction("cardinality", [
    "array|map",
    intType,
    ([arg]) => (arg?.type.kind === "map" ? `cardinality(${arg.sql})::INTEGER` : `len(${arg?.sql})::INTEGER`),
  ]),
  defineFunction("array_size", ["array", intType, "len($1)::INTEGER"]),
  defineFunction("get_item", ["array|map any", held, getItem], { nulls: "always" }),
  defineFunction("element_at", ["array|map any", held, elementAt(false)], { nulls: "always" }),
  defineFunction("try_element_at", ["array|map any", held, elementAt(true)], { nulls: "always" }),
  defineFunction("get", ["array int", elementType, "CASE WHEN $2 >= 0 THEN list_extract($1, $2 + 1) END"], {
    nulls: "always",
  }),
  defineFunction(
    "array_contains",
    [
      "array any",
      booleanType,
      "CASE WHEN $2 IS NULL THEN NULL WHEN list_contains($1, $2) THEN true WHEN len(list_filter($1, lambda e: e IS NULL)) > 0 THEN NULL ELSE false END",
    ],
    { nulls: "always" },
  ),
  defineFunction(
    "array_position",
    [
      "array any",
      longType,
      "coalesce(list_position($1, $2), 0)::BIGINT + CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL ELSE 0 END",
    ],
    { nulls: "any" },
  ),
  whole("array_distinct", "tutti_distinct($1)"),
  defineFunction("array_union", [
    "array array",
    sameArrays,
    "tutti_distinct(list_concat($1, $2)) || CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL ELSE [] END",
  ]),
  defineFunction("array_intersect", [
    "array array",
    "first",
    "list_filter(tutti_distinct($1), lambda e: tutti_holds($2, e))",
  ]),
  defineFunction("array_except", [
    "array array",
    "first",
    "list_filter(tutti_distinct($1), lambda e: NOT tutti_holds($2, e))",
  ]),
  defineFunction("array_join", [
    "array string string?",
    stringType,
    ([list, separator, missing]) =>
      missing === undefined
        ? `coalesce(array_to_string(${list?.sql}, ${separator?.sql}), CASE WHEN ${list?.sql} IS NULL THEN NULL ELSE '' END)`
        : `array_to_string(list_transform(${list?.sql}, lambda e: coalesce(e, ${missing.sql})), ${separator?.sql})`,
  ]),
  defineFunction("array_max", ["array", elementType, "list_max($1)"], { nulls: "always" }),
  defineFunction("array_min", ["array", elementType, "list_min($1)"], { nulls: "always" }),
  defineFunction("array_remove", [
    "array any",
    "first",
    "CASE WHEN $2 IS NULL THEN NULL ELSE list_filter($1, lambda e: e IS DISTINCT FROM $2) END",
  ]),
  defineFunction(
    "array_append",
    [
      "array any",
      "first",
      ([list, value], type) =>
        `list_append(${list?.sql}, ${value?.sql})::${sqlType(type)} || CASE WHEN ${list?.sql} IS NULL THEN NULL ELSE [] END`,
    ],
    { nulls: (args) => args[0]?.nullable === true },
  ),
  defineFunction(
    "array_prepend",
    [
      "array any",
      "first",
      ([list, value], type) =>
        `list_prepend(${value?.sql}, ${list?.sql})::${sqlType(type)} || CASE WHEN ${list?.sql} IS NULL THEN NULL ELSE [] END`,
    ],
    { nulls: (args) => args[0]?.nullable === true },
  ),
  defineFunction("array_insert", ["array int any", "first", "tutti_array_insert($1, $2, $3)"], { nulls: "always" }),
  whole("array_compact", "list_filter($1, lambda e: e IS NOT NULL)"),
  defineFunction(
    "array_repeat",
    [
      "any int",
      ([arg]) => arrayOf(arg?.type ?? nullType, arg?.nullable === true),
      "list_transform(range(greatest(0, $2)), lambda i: $1)",
    ],
    { nulls: (args) => args[1]?.nullable === true },
  ),
  defineFunction("arrays_overlap", ["array array", booleanType, overlap], { nulls: "always" }),
  defineFunction(
    "flatten",
    ["array", elementType, "CASE WHEN len(list_filter($1, lambda e: e IS NULL)) > 0 THEN NULL ELSE flatten($1) END"],
    { nulls: "always" },
  ),
  defineFunction("reverse", [
    "array|string",
    "first",
    ([arg]) => (arg?.type.kind === "array" ? `list_reverse(${arg.sql})` : `reverse(${arg?.sql})`),
  ]),
  defineFunction("slice", ["array int int", "first", "tutti_slice($1, $2, $3)"]),
  defineFunction("sort_array", [
    "array boolean?",
    "first",
    ([list, upwards]) =>
      upwards?.literal === false
        ? `list_sort(${list?.sql}, 'DESC', 'NULLS LAST')`
        : `list_sort(${list?.sql}, 'ASC', 'NULLS FIRST')`,
  ]),
  whole("array_sort", "list_sort($1, 'ASC', 'NULLS LAST')"),
  whole("shuffle", "list_sort($1)"),
  defineFunction("sequence", ["same same any?", ([arg]) => arrayOf(arg?.type ?? longType, false), sequence]),
  defineFunction("arrays_zip", ["array array*", zipType, zip]),
  defineFunction("map_keys", ["map", ([arg]) => arrayOf(keyType(arg), false), "map_keys($1)"]),
  defineFunction("map_values", ["map", ([arg]) => arrayOf(valueType(arg), true), "map_values($1)"]),
  defineFunction("map_entries", ["map", entries, "map_entries($1)"]),
  defineFunction("map_contains_key", ["map any", booleanType, "map_contains($1, $2)"]),
  defineFunction("map_concat", [
    "map map*",
    "first",
    (args) =>
      `CASE WHEN len(list_distinct(${joinKeys(args)})) < len(${joinKeys(args)}) THEN ${sqlError("invalid-value", "mapConcat has a key twice")} ELSE map_concat(${args.map((arg) => arg.sql).join(", ")}) END`,
  ]),
  defineFunction("map_from_arrays", [
    "array array",
    ([keys, values]) =>
      mapOf(elementType(keys === undefined ? [] : [keys]), elementType(values === undefined ? [] : [values])),
    "map($1, $2)",
  ]),
  defineFunction("map_from_entries", ["array", mapFromEntries, "map_from_entries($1)"]),
  defineFunction("str_to_map", [
    "string string? string?",
    mapOf(stringType, stringType),
    ([value, pairs, between]) => `tutti_text_map(${value?.sql}, ${pairs?.sql ?? "','"}, ${between?.sql ?? "':'"})`,
  ]),
  defineFunction(
    "get_json_object",
    ["string string", stringType, "CASE WHEN json_valid($1) THEN json_extract_string($1, $2) END"],
    { nulls: "always" },
  ),
  defineFunction(
    "json_array_length",
    ["string", intType, "CASE WHEN json_valid($1) AND json_type($1) = 'ARRAY' THEN json_array_length($1)::INTEGER END"],
    { nulls: "always" },
  ),
  defineFunction(
    "json_object_keys",
    [
      "string",
      arrayOf(stringType, false),
      "CASE WHEN json_valid($1) AND json_type($1) = 'OBJECT' THEN json_keys($1) END",
    ],
    { nulls: "always" },
  ),
  defineFunction("to_json", ["struct|map|array", stringType, "to_json($1)::VARCHAR"]),
  defineFunction("typeof", ["any", stringType, ([arg]) => `'${arg === undefined ? "" : arg.type.kind}'`], {
    nulls: "never",
  }),
  // Those of lambdas: see lambdas.ts for their types.
  defineFunction("transform", ["array lambda", nullType, transform]),
  defineFunction("filter", ["array lambda", nullType, "list_filter($1, $2)"]),
  defineFunction("exists", ["array lambda", booleanType, "tutti_any(list_transform($1, $2))"]),
  defineFunction("forall", ["array lambda", booleanType, "tutti_all(list_transform($1, $2))"]),
  defineFunction("aggregate", ["array any lambda", nullType, "list_reduce($1, $3, $2)"]),
  defineFunction("zip_with", ["array array lambda", nullType, zipWith]),
  defineFunction("map_filter", [
    "map lambda",
    nullType,
    ([map, lambda]) =>
      `map_from_entries(list_filter(map_entries(${map?.sql}), lambda kv: ${lambda?.body?.(["kv.key", "kv.value"])}))`,
  ]),
  defineFunction("transform_keys", [
    "map lambda",
    nullType,
    ([map, lambda]) =>
      `map(list_transform(map_entries(${map?.sql}), lambda kv: ${lambda?.body?.(["kv.key", "kv.value"])}), map_values(${map?.sql}))`,
  ]),
  defineFunction("transform_values", [
    "map lambda",
    nullType,
    ([map, lambda]) =>
      `map(map_keys(${map?.sql}), list_transform(map_entries(${map?.sql}), lambda kv: ${lambda?.body?.(["kv.key", "kv.value"])}))`,
  ]),
];

function joinKeys(maps: readonly SqlArgument[]): string {
  return `(${maps.map((map) => `map_keys(${map.sql})`).join(" || ")})`;
}

function mapFromEntries([arg]: readonly Resolved[]): DataType {
  const element = arg?.type.kind === "array" ? arg.type.element : nullType;
  const [key, value] = element.kind === "struct" ? element.fields : [];
  return mapOf(key?.type ?? nullType, value?.type ?? nullType);
}

function sequence([start, end, step]: readonly SqlArgument[], type: DataType): string {
  const [from, to] = [start?.sql, end?.sql];
  const isMoment = start?.type.kind === "date" || start?.type.kind === "timestamp";
  const by =
    step?.sql ??
    (isMoment
      ? `CASE WHEN ${from} <= ${to} THEN to_days(1) ELSE to_days(-1) END`
      : `CASE WHEN ${from} <= ${to} THEN 1 ELSE -1 END`);
  return `generate_series(${from}, ${to}, ${by})::${sqlType(type)}`;
}

function zipType(args: readonly Resolved[]): DataType {
  const fields = args.map((arg, index) => ({ name: String(index), type: elementType([arg]), nullable: true }));
  return arrayOf({ kind: "struct", fields }, false);
}

function zip(args: readonly SqlArgument[], type: DataType): string {
  return `list_zip(${args.map((arg) => arg.sql).join(", ")})::${sqlType(type)}`;
}

/** Both lists side by side, the shorter one with NULLs, and the parameters as the two of a pair. */
function zipWith([left, right, lambda]: readonly SqlArgument[]): string {
  return `list_transform(list_zip(${left?.sql}, ${right?.sql}), lambda tutti_pair: ${lambda?.body?.(["tutti_pair[1]", "tutti_pair[2]"])})`;
}

/** The engine counts from 1. */
function transform([list, lambda]: readonly SqlArgument[]): string {
  return `list_transform(${list?.sql}, lambda tutti_e, tutti_i: ${lambda?.body?.(["tutti_e", "(tutti_i - 1)::INTEGER"])})`;
}

/** NULL where nothing is shared but a NULL might have been. */
function overlap([a, b]: readonly SqlArgument[]): string {
  const isGap = (list: SqlArgument | undefined): string => `len(list_filter(${list?.sql}, lambda e: e IS NULL)) > 0`;
  return `CASE WHEN ${a?.sql} IS NULL OR ${b?.sql} IS NULL THEN NULL WHEN len(list_filter(${a?.sql}, lambda e: e IS NOT NULL AND list_contains(${b?.sql}, e))) > 0 THEN true WHEN len(${a?.sql}) > 0 AND len(${b?.sql}) > 0 AND (${isGap(a)} OR ${isGap(b)}) THEN NULL ELSE false END`;
}
