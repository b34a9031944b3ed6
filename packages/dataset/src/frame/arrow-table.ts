import type { Data, DataType as ArrowType, Field as ArrowField, RecordBatch, Table } from "apache-arrow";
import { DatasetError } from "../dataset-error.ts";
import { typeText, type DataType, type Field, type Schema } from "../plan/data-type.ts";
import type { ColumnBatch } from "./frame-engine.ts";
import type { Decimal, Interval, Timestamp } from "./values.ts";

type Arrow = typeof import("apache-arrow");
type Values = ArrayLike<unknown>;

/** Batches as a table of Arrow, one record batch for each. */
export async function arrowTable(schema: Schema, batches: AsyncIterable<ColumnBatch>): Promise<Table> {
  const arrow = await loadArrow();
  const fields = schema.map((field) => fieldOf(field, arrow));
  const header = new arrow.Schema(fields);
  const struct = new arrow.Struct(fields);
  const made: RecordBatch[] = [];
  for await (const { columns, rowCount } of batches) {
    const children = schema.map(({ type }, index) => dataOf(type, columns[index] ?? [], { arrow, rowCount }));
    made.push(
      new arrow.RecordBatch(header, arrow.makeData({ type: struct, length: rowCount, nullCount: 0, children })),
    );
  }
  return new arrow.Table(header, made);
}

async function loadArrow(): Promise<Arrow> {
  try {
    return await import("apache-arrow");
  } catch (thrown) {
    throw new DatasetError("invalid-argument", "toArrow needs the package apache-arrow: npm install apache-arrow", {
      cause: thrown,
    });
  }
}

function fieldOf({ name, type, nullable }: Field, arrow: Arrow): ArrowField {
  return new arrow.Field(name, arrowType(type, arrow), nullable);
}

function arrowType(type: DataType, arrow: Arrow): ArrowType {
  switch (type.kind) {
    case "null":
      return new arrow.Null();
    case "boolean":
      return new arrow.Bool();
    case "byte":
      return new arrow.Int8();
    case "short":
      return new arrow.Int16();
    case "int":
      return new arrow.Int32();
    case "long":
      return new arrow.Int64();
    case "float":
      return new arrow.Float32();
    case "double":
      return new arrow.Float64();
    case "string":
      return new arrow.Utf8();
    case "binary":
      return new arrow.Binary();
    case "date":
      return new arrow.DateDay();
    case "timestamp":
      return new arrow.TimestampMicrosecond("UTC");
    case "timestampNtz":
      return new arrow.TimestampMicrosecond();
    case "interval":
      return new arrow.IntervalMonthDayNano();
    case "decimal":
      return new arrow.Decimal(type.scale, type.precision, 128);
    case "array":
      return new arrow.List(new arrow.Field("item", arrowType(type.element, arrow), type.containsNull));
    case "struct":
      return new arrow.Struct(type.fields.map((field) => fieldOf(field, arrow)));
    case "map":
      return new arrow.Map_(new arrow.Field("entries", arrowType(entryOf(type), arrow) as never, false));
  }
}

/** A map is a list of these. */
function entryOf(type: Extract<DataType, { kind: "map" }>): Extract<DataType, { kind: "struct" }> {
  const fields = [
    { name: "key", type: type.key, nullable: false },
    { name: "value", type: type.value, nullable: type.valueContainsNull },
  ];
  return { kind: "struct", fields };
}

interface DataParts {
  readonly arrow: Arrow;
  readonly rowCount: number;
}

/** A column in Arrow's own storage. Its builders would round timestamps and know no decimals, so the bytes are made here. */
function dataOf(type: DataType, values: Values, { arrow, rowCount }: DataParts): Data {
  const length = rowCount;
  const isNull = (row: number): boolean => values[row] === null || values[row] === undefined;
  const parts = { type: arrowType(type, arrow) as never, length, ...nullsOf(isNull, length) };
  const flat = (data: ArrayBufferView): Data => arrow.makeData({ ...parts, data: data as never }) as Data;
  const each = <T>(convert: (value: T) => number): Float64Array =>
    Float64Array.from({ length }, (_, row) => (isNull(row) ? 0 : convert(values[row] as T)));
  const each64 = <T>(convert: (value: T) => bigint): BigInt64Array =>
    BigInt64Array.from({ length }, (_, row) => (isNull(row) ? 0n : convert(values[row] as T)));
  switch (type.kind) {
    case "null":
      return arrow.makeData({ type: new arrow.Null(), length }) as Data;
    case "boolean":
      return flat(bitsOf((row) => values[row] === true, length));
    case "byte":
      return flat(Int8Array.from(each(Number)));
    case "short":
      return flat(Int16Array.from(each(Number)));
    case "int":
      return flat(Int32Array.from(each(Number)));
    case "float":
      return flat(Float32Array.from(each(Number)));
    case "double":
      return flat(each(Number));
    case "long":
      return flat(each64((value: number | bigint) => BigInt(value)));
    case "date":
      return flat(Int32Array.from(each((value: Date | string) => daysOf(value))));
    case "timestamp":
    case "timestampNtz":
      return flat(each64((value: Timestamp) => value.epochMicros));
    case "decimal":
      return flat(wordsOf(length, (row) => (isNull(row) ? 0n : digitsOf(values[row] as Decimal, type.scale))));
    case "interval":
      return flat(intervalsOf(length, (row) => (isNull(row) ? undefined : (values[row] as Interval))));
    case "string":
    case "binary": {
      const encode = (row: number): Uint8Array =>
        isNull(row)
          ? new Uint8Array()
          : type.kind === "string"
            ? Buffer.from(values[row] as string)
            : (values[row] as Uint8Array);
      const texts = Array.from({ length }, (_, row) => encode(row));
      return arrow.makeData({ ...parts, valueOffsets: offsetsOf(texts), data: Buffer.concat(texts) } as never) as Data;
    }
    case "array":
    case "map": {
      const lists = Array.from({ length }, (_, row) => (isNull(row) ? [] : elementsOf(values[row])));
      const inner = lists.flat();
      const element = type.kind === "array" ? type.element : entryOf(type);
      const child = dataOf(element, inner, { arrow, rowCount: inner.length });
      return arrow.makeData({ ...parts, valueOffsets: offsetsOf(lists), child } as never) as Data;
    }
    case "struct": {
      const children = type.fields.map((field) => {
        const column = Array.from({ length }, (_, row) =>
          isNull(row) ? null : (values[row] as Readonly<Record<string, unknown>>)[field.name],
        );
        return dataOf(field.type, column, { arrow, rowCount });
      });
      return arrow.makeData({ ...parts, children } as never) as Data;
    }
  }
}

/** Lists as they are; maps as lists of entries. */
function elementsOf(value: unknown): readonly unknown[] {
  return value instanceof Map
    ? Array.from(value, ([key, one]) => ({ key: key as unknown, value: one as unknown }))
    : (value as unknown[]);
}

function nullsOf(
  isNull: (row: number) => boolean,
  length: number,
): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
  let nullCount = 0;
  for (let row = 0; row < length; row += 1) nullCount += isNull(row) ? 1 : 0;
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitsOf((row) => !isNull(row), length) };
}

/** One bit for each row, the lowest first. */
function bitsOf(test: (row: number) => boolean, length: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 64) * 8);
  for (let row = 0; row < length; row += 1) if (test(row)) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  return bits;
}

function offsetsOf(parts: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, index) => (offsets[index + 1] = (offsets[index] ?? 0) + part.length));
  return offsets;
}

/** 128-bit integers, the lowest word first. */
function wordsOf(length: number, digits: (row: number) => bigint): Uint32Array {
  const pairs = new BigInt64Array(length * 2);
  for (let row = 0; row < length; row += 1) {
    pairs[row * 2] = BigInt.asIntN(64, digits(row));
    pairs[row * 2 + 1] = digits(row) >> 64n;
  }
  return new Uint32Array(pairs.buffer);
}

function digitsOf({ unscaled, scale }: Decimal, wanted: number): bigint {
  if (scale > wanted)
    throw new DatasetError(
      "unsupported-type",
      `a decimal of ${scale} digits is in a column of ${typeText({ kind: "decimal", precision: 38, scale: wanted })}`,
    );
  return unscaled * 10n ** BigInt(wanted - scale);
}

/** Months, days and nanoseconds. */
function intervalsOf(length: number, at: (row: number) => Interval | undefined): Int32Array {
  const words = new Int32Array(length * 4);
  const nanos = new BigInt64Array(words.buffer);
  for (let row = 0; row < length; row += 1) {
    const { months = 0, days = 0, micros = 0n } = at(row) ?? {};
    words[row * 4] = months;
    words[row * 4 + 1] = days;
    nanos[row * 2 + 1] = micros * 1000n;
  }
  return words;
}

function daysOf(value: Date | string): number {
  return Math.floor((typeof value === "string" ? Date.parse(value) : value.getTime()) / 86_400_000);
}
