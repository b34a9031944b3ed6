import { DatasetError } from "../dataset-error.ts";
import {
  arrayOf,
  binaryType,
  booleanType,
  byteType,
  dateType,
  doubleType,
  floatType,
  intervalType,
  intType,
  longType,
  mapOf,
  shortType,
  stringType,
  timestampNtzType,
  timestampType,
  type DataType,
  type Schema,
} from "../plan/data-type.ts";
import { checkDistinct } from "../plan/column-names.ts";
import { shorten } from "../shorten.ts";
import type { Shape } from "./column-types.ts";
import type { Decimal, Interval, Timestamp } from "./values.ts";

declare const intBrand: unique symbol;
declare const typeValue: unique symbol;
declare const structShape: unique symbol;

/**
 * A whole number of at most 32 bits, which SQL tells from a double: sums of them are `bigint`, sums of doubles are not.
 * Rows carry it as a plain number.
 */
export type Int = number & { readonly [intBrand]: true };

/** The type of a column. `V`: what its values are in JavaScript. */
export interface Type<V> {
  readonly [typeValue]: V;
  readonly dataType: DataType;
  readonly isNullable: boolean;
  /** The same with NULL. */
  nullable(): Type<V | null>;
}

/** A 64-bit integer: a `bigint`, or a number where the caller says so. */
export interface LongType extends Type<bigint> {
  /** Rows carry a number, and a value beyond 2^53 is an error (`overflow`). */
  asNumber(): Type<number>;
}

/** The columns of a frame. */
export interface Struct<S> {
  readonly [structShape]: S;
  readonly schema: Schema;
}

/** The rows that a struct describes, in their column types. */
export type ShapeOf<T> = T extends Struct<infer S extends Shape> ? S : never;

export type ValueOfType<T> = T extends Type<infer V> ? V : never;

type FieldTypes = Readonly<Record<string, Type<unknown>>>;
type ShapeOfFields<F extends FieldTypes> = { readonly [K in keyof F]: ValueOfType<F[K]> };

/** `what` needs it. Callers without a type checker give names of types, as in Spark. */
export function dataTypeOf(type: unknown, what: string): DataType {
  const { dataType } = (type ?? {}) as { readonly dataType?: DataType };
  if (typeof dataType?.kind === "string") return dataType;
  throw new DatasetError("invalid-argument", `${what} needs a type such as t.string; it was given ${shorten(type)}`);
}

class TypeHandle {
  readonly dataType: DataType;
  readonly isNullable: boolean;

  constructor(dataType: DataType, isNullable: boolean = false) {
    this.dataType = dataType;
    this.isNullable = isNullable;
  }

  nullable(): TypeHandle {
    return new TypeHandle(this.dataType, true);
  }

  asNumber(): TypeHandle {
    return new TypeHandle({ kind: "long", asNumber: true }, this.isNullable);
  }
}

function typeOf<V>(dataType: DataType): Type<V> {
  return new TypeHandle(dataType) as unknown as Type<V>;
}

export interface Types {
  readonly boolean: Type<boolean>;
  /** 8, 16 and 32 bits. */
  readonly byte: Type<Int>;
  readonly short: Type<Int>;
  readonly int: Type<Int>;
  readonly long: LongType;
  readonly float: Type<number>;
  readonly double: Type<number>;
  readonly string: Type<string>;
  readonly binary: Type<Uint8Array>;
  /** A day: a `Date` at midnight in UTC. */
  readonly date: Type<Date>;
  /** A day as text: `2001-02-03`. */
  readonly plainDate: Type<string>;
  /** An instant, in microseconds. */
  readonly timestamp: Type<Timestamp>;
  /** Date and time of day in no zone. */
  readonly timestampNtz: Type<Timestamp>;
  readonly interval: Type<Interval>;
  /** Exact decimals of at most 38 digits. */
  decimal(precision: number, scale: number): Type<Decimal>;
  array<V>(element: Type<V>): Type<readonly V[]>;
  map<K, V>(key: Type<K>, value: Type<V>): Type<ReadonlyMap<K, V>>;
  struct<const F extends FieldTypes>(fields: F): Type<ShapeOfFields<F>>;
}

/** The types of columns, to describe what files hold. Columns have no NULL unless `.nullable()` says so. */
export const t: Types = {
  boolean: typeOf(booleanType),
  byte: typeOf(byteType),
  short: typeOf(shortType),
  int: typeOf(intType),
  long: typeOf(longType) as LongType,
  float: typeOf(floatType),
  double: typeOf(doubleType),
  string: typeOf(stringType),
  binary: typeOf(binaryType),
  date: typeOf(dateType),
  plainDate: typeOf({ kind: "date", plain: true }),
  timestamp: typeOf(timestampType),
  timestampNtz: typeOf(timestampNtzType),
  interval: typeOf(intervalType),
  decimal(precision, scale) {
    const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
    if (!isWhole || precision < 1 || precision > 38 || scale < 0 || scale > precision) {
      throw new DatasetError(
        "invalid-argument",
        `decimal(${shorten(precision)}, ${shorten(scale)}): a precision is 1 to 38, a scale 0 to the precision`,
      );
    }
    return typeOf({ kind: "decimal", precision, scale });
  },
  array: (element) => typeOf(arrayOf(element.dataType, element.isNullable)),
  map: (key, value) => typeOf(mapOf(key.dataType, value.dataType, value.isNullable)),
  struct: (fields) => typeOf({ kind: "struct", fields: schemaOf(fields) }),
};

/**
 * What a frame's columns are, in order.
 *
 * ```ts
 * import { struct, t } from "@tutti/dataset";
 *
 * const Flights = struct({ origin: t.string, delay: t.long.nullable(), distance: t.long });
 * console.log(Flights.schema.length); // => 3
 * ```
 */
export function struct<const F extends FieldTypes>(fields: F): Struct<ShapeOfFields<F>> {
  return { schema: schemaOf(fields) } as unknown as Struct<ShapeOfFields<F>>;
}

function schemaOf(fields: FieldTypes): Schema {
  const names = Object.keys(fields);
  if (names.length === 0) throw new DatasetError("invalid-argument", "a struct has at least one field");
  checkDistinct(names);
  return Object.entries(fields).map(([name, given]) => {
    const type = dataTypeOf(given, `the field ${JSON.stringify(name)}`);
    return { name, type, nullable: given.isNullable };
  });
}
