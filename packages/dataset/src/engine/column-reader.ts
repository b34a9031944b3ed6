import type { DuckDBVector } from "@duckdb/node-api";

/** Reads one column of a chunk: an array, or a typed array as the engine holds it. */
export type ColumnReader = (vector: DuckDBVector, rowCount: number) => ArrayLike<unknown>;

interface RawVector {
  readonly items: ArrayLike<unknown>;
  readonly validity: { readonly data: unknown; itemValid(index: number): boolean };
}

/** Numbers as the engine holds them, without a copy, where the chunk has no NULL. */
export const readRaw: ColumnReader = (vector, count) => {
  const { items, validity } = vector as unknown as RawVector;
  return (validity.data ?? null) === null ? items : mapRaw(vector, count, (item) => item);
};

export const readItems: ColumnReader = (vector, count) => mapItems(vector, count, (item) => item);

export function mapItems(vector: DuckDBVector, count: number, convert: (item: unknown) => unknown): unknown[] {
  const values = new Array<unknown>(count);
  for (let row = 0; row < count; row += 1) {
    const item: unknown = vector.getItem(row);
    values[row] = item === null ? null : convert(item);
  }
  return values;
}

/** Over the engine's own storage, whose slots hold anything where the value is NULL. */
export function mapRaw(vector: DuckDBVector, count: number, convert: (item: unknown) => unknown): unknown[] {
  const { items, validity } = vector as unknown as RawVector;
  const hasNulls = (validity.data ?? null) !== null;
  const values = new Array<unknown>(count);
  for (let row = 0; row < count; row += 1) {
    values[row] = hasNulls && !validity.itemValid(row) ? null : convert(items[row]);
  }
  return values;
}
