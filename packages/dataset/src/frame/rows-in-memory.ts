import { DatasetError } from "../dataset-error.ts";
import { commonType } from "../plan/coercion.ts";
import {
  arrayOf,
  mapOf,
  nullType,
  stringType,
  typeText,
  type DataType,
  type Field,
  type Schema,
} from "../plan/data-type.ts";
import { shorten } from "../shorten.ts";
import type { RowsInMemory } from "./frame-engine.ts";
import { isDecimal, isInterval, isTimestamp } from "./values.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/** Rows of a program, checked against a schema, or against the one that they show. */
export function rowsInMemory(rows: readonly AnyRow[], declared: Schema | undefined): RowsInMemory {
  const schema = declared ?? inferSchema(rows);
  const checks = schema.map(checkOf);
  const columns = schema.map(({ name }, index) => {
    const check = checks[index];
    return rows.map((row, at) => {
      const value = row[name] ?? null;
      check?.(value, at);
      return value;
    });
  });
  return { schema, rowCount: rows.length, columns };
}

function inferSchema(rows: readonly AnyRow[]): Schema {
  const fields = new Map<string, { type: DataType; present: number }>();
  rows.forEach((row, at) => {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new DatasetError("invalid-argument", `row ${at} is no object of columns: ${shorten(row)}`);
    }
    for (const [name, value] of Object.entries(row)) {
      const known = fields.get(name) ?? { type: nullType, present: 0 };
      const type = widen(known.type, typeOfValue(value, name), { name, at });
      fields.set(name, { type, present: known.present + (value === null || value === undefined ? 0 : 1) });
    }
  });
  if (fields.size === 0)
    throw new DatasetError("invalid-argument", "no row says what the columns are; give a struct as the schema");
  return Array.from(fields, ([name, { type, present }]): Field => ({
    name,
    type: type.kind === "null" ? stringType : type,
    nullable: present < rows.length,
  }));
}

function widen(a: DataType, b: DataType, { name, at }: { readonly name: string; readonly at: number }): DataType {
  const common = commonType(a, b);
  if (common !== undefined) return common;
  throw new DatasetError(
    "schema-mismatch",
    `row ${at} has a ${typeText(b)} in the column ${JSON.stringify(name)}, and rows before it have a ${typeText(a)}`,
  );
}

/** Numbers are doubles, dates are instants: what JavaScript means by them. */
function typeOfValue(value: unknown, name: string): DataType {
  switch (typeof value) {
    case "boolean":
    case "string":
      return { kind: typeof value === "string" ? "string" : "boolean" };
    case "number":
      return { kind: "double" };
    case "bigint":
      return { kind: "long" };
    case "undefined":
      return nullType;
    default:
      return typeOfObject(value, name);
  }
}

function typeOfObject(value: unknown, name: string): DataType {
  if (value === null) return nullType;
  if (value instanceof Date || isTimestamp(value)) return { kind: "timestamp" };
  if (isDecimal(value)) {
    return {
      kind: "decimal",
      precision: Math.max(String(value.unscaled).replace("-", "").length, value.scale, 1),
      scale: value.scale,
    };
  }
  if (isInterval(value)) return { kind: "interval" };
  if (value instanceof Uint8Array) return { kind: "binary" };
  if (Array.isArray(value)) {
    const element = value.map((one) => typeOfValue(one, name)).reduce((a, b) => widen(a, b, { name, at: 0 }), nullType);
    return arrayOf(element.kind === "null" ? stringType : element);
  }
  if (value instanceof Map) {
    const entries = [...value] as [unknown, unknown][];
    const typeOf = (values: readonly unknown[]): DataType =>
      values.map((one) => typeOfValue(one, name)).reduce((a, b) => widen(a, b, { name, at: 0 }), nullType);
    return mapOf(typeOf(entries.map(([key]) => key)), typeOf(entries.map(([, one]) => one)));
  }
  if (typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) {
    const fields = Object.entries(value).map(([field, one]): Field => ({
      name: field,
      type: typeOfValue(one, name),
      nullable: true,
    }));
    return { kind: "struct", fields };
  }
  throw new DatasetError(
    "unsupported-type",
    `the column ${JSON.stringify(name)} has ${shorten(value)}, for which there is no type`,
  );
}

const integralBits: Readonly<Record<string, number>> = { byte: 8, short: 16, int: 32 };

/** Refuses what the type has no room for, by column and row. */
function checkOf({ name, type, nullable }: Field): (value: unknown, at: number) => void {
  const fits = fitsType(type);
  return (value, at) => {
    if (value === null) {
      if (nullable) return;
      throw new DatasetError(
        "schema-mismatch",
        `row ${at} has no ${JSON.stringify(name)}, which is declared without NULL`,
      );
    }
    if (!fits(value)) {
      throw new DatasetError(
        "schema-mismatch",
        `row ${at} has ${shorten(value)} in the column ${JSON.stringify(name)}, which is no ${typeText(type)}`,
      );
    }
  };
}

/** Whether a value that is not NULL has room in a type. */
export function fitsType(type: DataType): (value: unknown) => boolean {
  switch (type.kind) {
    case "byte":
    case "short":
    case "int": {
      const limit = 2 ** ((integralBits[type.kind] ?? 32) - 1);
      return (value) => typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit;
    }
    case "long":
      return (value) =>
        (typeof value === "bigint" && BigInt.asIntN(64, value) === value) ||
        (typeof value === "number" && Number.isSafeInteger(value));
    case "float":
    case "double":
      return (value) => typeof value === "number";
    case "boolean":
    case "string":
      return (value) => typeof value === type.kind;
    case "binary":
      return (value) => value instanceof Uint8Array;
    case "date":
      return (value) =>
        type.plain === true
          ? typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
          : isDay(value);
    case "timestamp":
    case "timestampNtz":
      return (value) => isTimestamp(value) || (value instanceof Date && !Number.isNaN(value.getTime()));
    case "decimal":
      return (value) =>
        isDecimal(value) &&
        value.scale <= type.scale &&
        digitsOf(value.unscaled) - value.scale <= type.precision - type.scale;
    case "interval":
      return isInterval;
    case "array": {
      const element = orNull(fitsType(type.element));
      return (value) => Array.isArray(value) && value.every(element);
    }
    case "map": {
      const [key, held] = [fitsType(type.key), orNull(fitsType(type.value))];
      return (value) =>
        value instanceof Map && [...(value as Map<unknown, unknown>)].every(([one, other]) => key(one) && held(other));
    }
    case "struct": {
      const fields = type.fields.map((field) => [field.name, orNull(fitsType(field.type))] as const);
      return (value) =>
        typeof value === "object" && value !== null && fields.every(([name, fits]) => fits((value as AnyRow)[name]));
    }
    case "null":
      return () => false;
  }
}

function orNull(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === null || value === undefined || fits(value);
}

/** A `Date` with a time of day would lose it. */
function isDay(value: unknown): boolean {
  return value instanceof Date && value.getTime() % 86_400_000 === 0;
}

function digitsOf(value: bigint): number {
  return String(value).replace("-", "").length;
}
