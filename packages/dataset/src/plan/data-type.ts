/** The types of columns: plain data, so that a plan can be written down and read elsewhere. Spark's names. */
export type DataType =
  | { readonly kind: SimpleKind }
  /** 64 bits. `asNumber`: rows carry it as a number, and values beyond 2^53 are refused. */
  | { readonly kind: "long"; readonly asNumber?: true }
  /** A day of the calendar. `plain`: rows carry it as text, `2001-02-03`. */
  | { readonly kind: "date"; readonly plain?: true }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "array"; readonly element: DataType; readonly containsNull: boolean }
  | { readonly kind: "map"; readonly key: DataType; readonly value: DataType; readonly valueContainsNull: boolean }
  | { readonly kind: "struct"; readonly fields: Schema };

export type SimpleKind =
  | "null"
  | "boolean"
  | "byte"
  | "short"
  | "int"
  | "float"
  | "double"
  | "string"
  | "binary"
  /** An instant: microseconds since 1970 in UTC. */
  | "timestamp"
  /** A date and a time of day, in no zone. */
  | "timestampNtz"
  | "interval";

export type TypeKind = DataType["kind"];

/** A column of a schema. */
export interface Field {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** The columns of a frame, in their order. */
export type Schema = readonly Field[];

export type DecimalType = Extract<DataType, { readonly kind: "decimal" }>;

const simple = <K extends SimpleKind | "long" | "date">(kind: K): { readonly kind: K } => Object.freeze({ kind });

export const nullType: DataType = simple("null");
export const booleanType: DataType = simple("boolean");
export const byteType: DataType = simple("byte");
export const shortType: DataType = simple("short");
export const intType: DataType = simple("int");
export const longType: DataType = simple("long");
export const floatType: DataType = simple("float");
export const doubleType: DataType = simple("double");
export const stringType: DataType = simple("string");
export const binaryType: DataType = simple("binary");
export const dateType: DataType = simple("date");
export const timestampType: DataType = simple("timestamp");
export const timestampNtzType: DataType = simple("timestampNtz");
export const intervalType: DataType = simple("interval");

export const decimalPrecisionMax = 38;

/** A decimal type whose precision is at most 38; integral digits win over digits after the point, of which 6 stay. */
export function boundedDecimal(precision: number, scale: number): DecimalType {
  if (precision <= decimalPrecisionMax) return { kind: "decimal", precision, scale };
  const integralDigits = precision - scale;
  const scaleMin = Math.min(scale, 6);
  return {
    kind: "decimal",
    precision: decimalPrecisionMax,
    scale: Math.max(decimalPrecisionMax - integralDigits, scaleMin),
  };
}

export function arrayOf(element: DataType, containsNull: boolean = true): DataType {
  return { kind: "array", element, containsNull };
}

export function mapOf(key: DataType, value: DataType, valueContainsNull: boolean = true): DataType {
  return { kind: "map", key, value, valueContainsNull };
}

const integralKinds: readonly TypeKind[] = ["byte", "short", "int", "long"];

export function isIntegral({ kind }: DataType): boolean {
  return integralKinds.includes(kind);
}

export function isNumeric(type: DataType): boolean {
  return isIntegral(type) || type.kind === "decimal" || type.kind === "float" || type.kind === "double";
}

/** The digits that every value of an integral type has room in. */
export function decimalOfIntegral({ kind }: DataType): DecimalType {
  const precision = { byte: 3, short: 5, int: 10, long: 20 }[kind as string] ?? decimalPrecisionMax;
  return { kind: "decimal", precision, scale: 0 };
}

/** Whether values are stored alike; how rows carry them, and what may be null inside, does not matter. */
export function isSameType(a: DataType, b: DataType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "decimal" && b.kind === "decimal") return a.precision === b.precision && a.scale === b.scale;
  if (a.kind === "array" && b.kind === "array") return isSameType(a.element, b.element);
  if (a.kind === "map" && b.kind === "map") return isSameType(a.key, b.key) && isSameType(a.value, b.value);
  if (a.kind !== "struct" || b.kind !== "struct") return true;
  const others = b.fields;
  return (
    a.fields.length === others.length &&
    a.fields.every((field, index) => {
      const other = others[index];
      return other !== undefined && field.name === other.name && isSameType(field.type, other.type);
    })
  );
}

/** The type as people read it, in Spark's words. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `array<${typeText(type.element)}>`;
    case "map":
      return `map<${typeText(type.key)},${typeText(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.name}:${typeText(field.type)}`).join(",")}>`;
    case "timestampNtz":
      return "timestamp_ntz";
    default:
      return type.kind;
  }
}
