import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import type { ColumnBatch } from "../frame/frame-engine.ts";
import type { Schema } from "../plan/data-type.ts";
import type { ColumnReader } from "./column-reader.ts";
import { readerOf } from "./value-reader.ts";

/** A stream of the engine whose first chunk has come. */
export interface OpenedResult {
  readonly result: DuckDBResult;
  readonly first: DuckDBDataChunk | null;
}

/** Its rows as batches of columns, one for each chunk. */
export async function* batchesOf(
  { result, first }: OpenedResult,
  schema: Schema,
  signal: AbortSignal | undefined,
): AsyncGenerator<ColumnBatch> {
  const readers = schema.map(readerOf);
  for (let chunk = first; ; chunk = await result.fetchChunk()) {
    throwIfAborted(signal);
    if (chunk === null || chunk.rowCount === 0) return;
    yield { columns: readChunk(chunk, readers), rowCount: chunk.rowCount };
  }
}

function readChunk(chunk: DuckDBDataChunk, readers: readonly ColumnReader[]): readonly ArrayLike<unknown>[] {
  return readers.map((read, index) => read(chunk.getColumnVector(index), chunk.rowCount));
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const isTimeout = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  throw new DatasetError(
    isTimeout ? "timeout" : "canceled",
    isTimeout ? "the query took longer than its timeout" : "the query was canceled",
    {
      cause: signal.reason,
    },
  );
}
