import { arrayOf, mapOf, nullType, stringType, type DataType, type Field } from "../data-type.ts";
import { commonTypeOf } from "../coercion.ts";
import type { Resolved } from "../resolved-plan.ts";
import { defineFunction, type FunctionRow, type SqlArgument } from "./function-row.ts";
import { sqlError, sqlName, sqlType } from "./sql-type.ts";

const firstType = (args: readonly Resolved[]): DataType =>
  args.find(({ type }) => type.kind !== "null")?.type ?? nullType;

export const basicFunctions: readonly FunctionRow[] = [
  defineFunction("coalesce", ["same same*", firstType, "coalesce($*)"], { nulls: "all" }),
  defineFunction("nullif", ["same same", "first", "nullif($1, $2)"], { nulls: "always" }),
  defineFunction(
    "nvl2",
    ["any same same", (args) => args[1]?.type ?? nullType, "CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END"],
    {
      nulls: (args) => args.slice(1).some((arg) => arg.nullable),
    },
  ),
  defineFunction("nanvl", ["double double", "first", "CASE WHEN isnan($1) THEN $2 ELSE $1 END"]),
  defineFunction("nullifzero", ["numeric", "first", "nullif($1, 0)"], { nulls: "always" }),
  defineFunction("zeroifnull", ["numeric", "first", (args, type) => `coalesce(${args[0]?.sql}, 0::${sqlType(type)})`], {
    nulls: "never",
  }),
  defineFunction("isnan", ["double|float", { kind: "boolean" }, "coalesce(isnan($1), false)"], { nulls: "never" }),
  defineFunction("nan_to_null", ["double|float", "first", "nullif($1, 'NaN'::DOUBLE)"], { nulls: "always" }),
  defineFunction("assert_not_null", ["any string", "first", assertNotNull], { nulls: "never" }),
  defineFunction(
    "raise_error",
    ["string", nullType, ([message]) => `error('tutti:invalid-value:' || ${message?.sql})`],
    {
      nulls: "always",
    },
  ),
  defineFunction("named_struct", ["any*", structType, structOf], { nulls: "never" }),
  defineFunction("get_field", [
    "struct string",
    nullType,
    ([struct, name]) => `(${struct?.sql}).${sqlName(String(name?.literal))}`,
  ]),
  defineFunction(
    "array",
    [
      "same*",
      (args) =>
        arrayOf(
          commonTypeOf(args.map(({ type }) => type)) ?? nullType,
          args.some((arg) => arg.nullable),
        ),
      "[$*]",
    ],
    { nulls: "never" },
  ),
  defineFunction("create_map", ["any*", mapType, createMap], { nulls: "never" }),
  ...["explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer"].map((name) =>
    defineFunction(name, ["array|map", "first", "$1"], { kind: "generator" }),
  ),
];

function assertNotNull([value, name]: readonly SqlArgument[], type: DataType): string {
  const text = `the column ${JSON.stringify(name?.literal)} is declared without NULL and holds one`;
  return `CASE WHEN ${value?.sql} IS NULL THEN ${sqlError("schema-mismatch", text)}::${sqlType(type)} ELSE ${value?.sql} END`;
}

/** Names and values in turn. */
function structType(args: readonly Resolved[]): DataType {
  const fields: Field[] = [];
  for (let index = 0; index + 1 < args.length; index += 2) {
    const name = args[index];
    const value = args[index + 1];
    if (name?.kind !== "literal" || typeof name.value !== "string" || value === undefined) continue;
    fields.push({ name: name.value, type: value.type, nullable: value.nullable });
  }
  return { kind: "struct", fields };
}

function structOf(args: readonly SqlArgument[]): string {
  const fields: string[] = [];
  for (let index = 0; index + 1 < args.length; index += 2) {
    fields.push(`${sqlName(String(args[index]?.literal))} := ${args[index + 1]?.sql}`);
  }
  return `struct_pack(${fields.join(", ")})`;
}

function mapType(args: readonly Resolved[]): DataType {
  const keys = args.filter((_, index) => index % 2 === 0);
  const values = args.filter((_, index) => index % 2 === 1);
  return mapOf(
    commonTypeOf(keys.map(({ type }) => type)) ?? stringType,
    commonTypeOf(values.map(({ type }) => type)) ?? stringType,
    values.some(({ nullable }) => nullable),
  );
}

function createMap(args: readonly SqlArgument[], type: DataType): string {
  const keys = args.filter((_, index) => index % 2 === 0).map(({ sql }) => sql);
  const values = args.filter((_, index) => index % 2 === 1).map(({ sql }) => sql);
  return `map([${keys.join(", ")}], [${values.join(", ")}])::${sqlType(type)}`;
}
