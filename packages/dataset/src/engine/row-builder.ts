import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBType } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { mapItems, mapRaw, readItems, readRaw, type ColumnReader } from "./column-reader.ts";
import { objectBuilder } from "../object-builder.ts";

/** A column of a result, by the name that rows shall have. */
export interface ResultColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** Turns a chunk into one object for each row. */
export type RowBuilder = (chunk: DuckDBDataChunk) => Record<string, unknown>[];

/** A builder for results with these columns. Throws `unsupported-type` where a value would not arrive whole. */
export function createRowBuilder(columns: readonly ResultColumn[]): RowBuilder {
  const readers = columns.map(readerFor);
  const build = objectBuilder(columns.map((column) => column.name));
  return (chunk) => {
    const values = readers.map((read, index) => read(chunk.getColumnVector(index), chunk.rowCount));
    return build(values, chunk.rowCount);
  };
}

function readerFor({ name, type }: ResultColumn): ColumnReader {
  switch (type.typeId) {
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return readRaw;
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.SQLNULL:
      return readItems;
    case DuckDBTypeId.BLOB:
      return (vector, count) =>
        mapItems(vector, count, (item) => Uint8Array.from((item as { bytes: Uint8Array }).bytes));
    case DuckDBTypeId.DATE:
      return (vector, count) => mapRaw(vector, count, (days) => new Date(Number(days) * 86_400_000));
    case DuckDBTypeId.TIMESTAMP_S:
      return (vector, count) => mapRaw(vector, count, (seconds) => new Date(Number(seconds) * 1000));
    case DuckDBTypeId.TIMESTAMP_MS:
      return (vector, count) => mapRaw(vector, count, (milliseconds) => new Date(Number(milliseconds)));
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (vector, count) => mapRaw(vector, count, (microseconds) => dateOf(microseconds as bigint, name));
    default:
      throw new DatasetError(
        "unsupported-type",
        `the column ${name} has the type ${String(type)}, for which there is no JavaScript value yet; name the other columns`,
      );
  }
}

function dateOf(microseconds: bigint, column: string): Date {
  const milliseconds = Number(microseconds) / 1000;
  if (!Number.isInteger(milliseconds)) {
    throw new DatasetError(
      "unsupported-type",
      `the column ${column} has a timestamp of ${microseconds} microseconds, which a Date cannot hold`,
    );
  }
  return new Date(milliseconds);
}
