import {
  boundedDecimal,
  decimalOfIntegral,
  doubleType,
  isIntegral,
  isNumeric,
  isSameType,
  nullType,
  timestampNtzType,
  timestampType,
  type DataType,
  type DecimalType,
  type TypeKind,
} from "./data-type.ts";
import type { Resolved } from "./resolved-plan.ts";

const integralWidth: readonly TypeKind[] = ["byte", "short", "int", "long"];

/**
 * The type that values of both have room in, or undefined where there is none. Spark 4 ANSI: integers widen, integers
 * and decimals meet in a decimal, floats win.
 */
export function commonType(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (isSameType(a, b)) return "asNumber" in b ? b : a;
  if (isNumeric(a) && isNumeric(b)) return commonNumeric(a, b);
  const kinds = [a.kind, b.kind];
  if (kinds.includes("date") && kinds.includes("timestamp")) return timestampType;
  if (kinds.includes("date") && kinds.includes("timestampNtz")) return timestampNtzType;
  if (kinds.includes("timestamp") && kinds.includes("timestampNtz")) return timestampType;
  if (a.kind === "array" && b.kind === "array") {
    const element = commonType(a.element, b.element);
    return element && { kind: "array", element, containsNull: a.containsNull || b.containsNull };
  }
  if (a.kind === "map" && b.kind === "map") {
    const key = commonType(a.key, b.key);
    const value = commonType(a.value, b.value);
    return key && value && { kind: "map", key, value, valueContainsNull: a.valueContainsNull || b.valueContainsNull };
  }
  return a.kind === "struct" && b.kind === "struct" ? commonStruct(a.fields, b.fields) : undefined;
}

function commonStruct(
  a: Extract<DataType, { kind: "struct" }>["fields"],
  b: Extract<DataType, { kind: "struct" }>["fields"],
): DataType | undefined {
  if (a.length !== b.length) return undefined;
  const fields = a.map((field, index) => {
    const other = b[index];
    const type = other?.name === field.name ? commonType(field.type, other.type) : undefined;
    return type && { name: field.name, type, nullable: field.nullable || other?.nullable === true };
  });
  const known = fields.filter((field) => field !== undefined);
  return known.length === fields.length ? { kind: "struct", fields: known } : undefined;
}

function commonNumeric(a: DataType, b: DataType): DataType {
  if (isIntegral(a) && isIntegral(b)) {
    if (a.kind === b.kind) return "asNumber" in a ? a : b;
    return integralWidth.indexOf(a.kind) >= integralWidth.indexOf(b.kind) ? a : b;
  }
  const decimals = [a, b].filter((type): type is DecimalType => type.kind === "decimal");
  if (decimals.length === 0) return a.kind === "float" && b.kind === "float" ? a : doubleType;
  if ([a, b].some(({ kind }) => kind === "float" || kind === "double")) return doubleType;
  return widerDecimal(asDecimal(a), asDecimal(b));
}

export function asDecimal(type: DataType): DecimalType {
  return type.kind === "decimal" ? type : decimalOfIntegral(type);
}

function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  return boundedDecimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

/** The common type of several, or undefined. */
export function commonTypeOf(types: readonly DataType[]): DataType | undefined {
  let common: DataType | undefined = nullType;
  for (const type of types) {
    if (common === undefined) return undefined;
    common = commonType(common, type);
  }
  return common;
}

/** Writes the cast out, where one is needed. */
export function castTo(input: Resolved, type: DataType): Resolved {
  if (isSameType(input.type, type)) return input;
  if (input.kind === "literal" && input.value === null) return { ...input, type };
  return { kind: "cast", input, isTry: false, type, nullable: input.nullable };
}

/**
 * The value as another type, where Spark converts without being asked and nothing is lost: wider numbers, dates as
 * timestamps, and text where it is a literal. undefined where the caller must say `cast`.
 */
export function implicitCast(input: Resolved, type: DataType): Resolved | undefined {
  if (isSameType(input.type, type)) return input;
  if (input.type.kind === "null") return castTo(input, type);
  if (input.kind === "literal") {
    const adapted = adaptLiteral(input, type);
    if (adapted !== undefined) return adapted;
  }
  if (isNumeric(input.type) && (type.kind === "double" || type.kind === "float")) return castTo(input, type);
  const common = commonType(input.type, type);
  return common !== undefined && isSameType(common, type) ? castTo(input, type) : undefined;
}

const ranges: Readonly<Partial<Record<TypeKind, number>>> = { byte: 2 ** 7, short: 2 ** 15, int: 2 ** 31 };

/** A literal takes the type of what it stands beside, where that keeps its value. */
export function adaptLiteral(literal: Resolved, type: DataType): Resolved | undefined {
  if (literal.kind !== "literal") return undefined;
  const { value } = literal;
  if (typeof value === "number" && Number.isInteger(value)) {
    const limit = ranges[type.kind];
    if (type.kind === "long" || (limit !== undefined && value >= -limit && value < limit)) return { ...literal, type };
    if (type.kind === "decimal") {
      const digits = Math.max(1, String(Math.abs(value)).length);
      return { ...literal, type: { kind: "decimal", precision: digits, scale: 0 } };
    }
  }
  if (typeof value === "number" && type.kind === "double") return { ...literal, type };
  const isText = typeof value === "string";
  const takesText: readonly TypeKind[] = [
    "date",
    "timestamp",
    "timestampNtz",
    "boolean",
    "decimal",
    "double",
    "long",
    "int",
  ];
  if (isText && takesText.includes(type.kind)) return castTo(literal, type);
  if (typeof value === "object" && value?.tag === "timestamp" && type.kind === "date") return dateOf(literal, type);
  if (typeof value === "object" && value?.tag === "bigint" && isWide(type)) return castTo(literal, type);
  return undefined;
}

/** Where a 64-bit integer has room, more or less: narrower types meet it in its own. */
function isWide({ kind }: DataType): boolean {
  return kind === "long" || kind === "decimal" || kind === "double";
}

const microsPerDay = 86_400_000_000n;

/** An instant at UTC midnight is a day. */
function dateOf(literal: Resolved, type: DataType): Resolved | undefined {
  if (literal.kind !== "literal" || typeof literal.value !== "object" || literal.value?.tag !== "timestamp")
    return undefined;
  const micros = BigInt(literal.value.micros);
  if (micros % microsPerDay !== 0n) return undefined;
  return { ...literal, type, value: { tag: "date", days: Number(micros / microsPerDay) } };
}
