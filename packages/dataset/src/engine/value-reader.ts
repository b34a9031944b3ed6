import type {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBVector,
} from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { createDecimal, createInterval, createTimestamp } from "../frame/values.ts";
import type { DataType, Field } from "../plan/data-type.ts";
import { mapItems, mapRaw, readRaw, type ColumnReader } from "./column-reader.ts";

/** How the values of a column become JavaScript's: by the analyzer's type, not by what the engine happens to hold. */
export function readerOf({ name, type }: Field): ColumnReader {
  switch (type.kind) {
    case "byte":
    case "short":
    case "int":
    case "float":
    case "double":
      return readRaw;
    case "long":
      return type.asNumber === true
        ? (vector, count) => mapRaw(vector, count, (value) => safeNumber(value as bigint, name))
        : readRaw;
    case "date":
      return type.plain === true
        ? (vector, count) => mapRaw(vector, count, (days) => plainDate(days as number))
        : (vector, count) => mapRaw(vector, count, (days) => new Date((days as number) * 86_400_000));
    case "timestamp":
    case "timestampNtz":
      return (vector, count) => mapRaw(vector, count, (micros) => createTimestamp(micros as bigint));
    case "boolean":
    case "string":
    case "null":
      return (vector, count) => mapItems(vector, count, (item) => item);
    default: {
      const convert = itemReader(type, name);
      return (vector: DuckDBVector, count: number) => mapItems(vector, count, convert);
    }
  }
}

/** The same for a value inside of another. */
function itemReader(type: DataType, name: string): (item: unknown) => unknown {
  switch (type.kind) {
    case "decimal":
      return (item) => createDecimal((item as DuckDBDecimalValue).value, (item as DuckDBDecimalValue).scale);
    case "binary":
      return (item) => Uint8Array.from((item as DuckDBBlobValue).bytes);
    case "date":
      return type.plain === true
        ? (item) => plainDate((item as DuckDBDateValue).days)
        : (item) => new Date((item as DuckDBDateValue).days * 86_400_000);
    case "timestamp":
    case "timestampNtz":
      return (item) => createTimestamp((item as DuckDBTimestampTZValue).micros);
    case "interval":
      return (item) => {
        const { months, days, micros } = item as DuckDBIntervalValue;
        return createInterval({ months, days, micros });
      };
    case "long":
      return type.asNumber === true ? (item) => safeNumber(item as bigint, name) : (item) => item;
    case "array": {
      const element = orNull(itemReader(type.element, name));
      return (item) => (item as DuckDBListValue).items.map(element);
    }
    case "map": {
      const key = orNull(itemReader(type.key, name));
      const value = orNull(itemReader(type.value, name));
      return (item) => new Map((item as DuckDBMapValue).entries.map((entry) => [key(entry.key), value(entry.value)]));
    }
    case "struct": {
      const fields = type.fields.map((field) => ({ name: field.name, read: orNull(itemReader(field.type, name)) }));
      return (item) => {
        const { entries } = item as DuckDBStructValue;
        return Object.fromEntries(fields.map((field) => [field.name, field.read(entries[field.name])]));
      };
    }
    default:
      return (item) => item;
  }
}

function orNull(read: (item: unknown) => unknown): (item: unknown) => unknown {
  return (item) => (item === null || item === undefined ? null : read(item));
}

function safeNumber(value: bigint, column: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DatasetError(
    "overflow",
    `${value} in the column ${JSON.stringify(column)} is beyond 2^53; read it as a bigint`,
  );
}

function plainDate(days: number): string {
  return new Date(days * 86_400_000).toISOString().replace(/T.*$/, "");
}
