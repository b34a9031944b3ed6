import type { DuckDBConnection } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { connectEngine, sqlName, sqlText } from "../engine/duckdb.ts";
import { createRowBuilder, type ResultColumn } from "../engine/row-builder.ts";
import { findFiles } from "./find-files.ts";

/** Rows of one Parquet file, from `start` up to but not with `end`. */
export interface ParquetRange {
  readonly path: string;
  readonly columns: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Cuts Parquet files at row groups, into at least `partitionsMin` ranges where there are as many groups. */
export async function planParquetRanges(
  pattern: string,
  { columns, partitionsMin }: { readonly columns: readonly string[] | undefined; readonly partitionsMin: number },
): Promise<readonly ParquetRange[]> {
  const files = await findFiles(pattern);
  const engine = await connectEngine();
  try {
    const layouts = [];
    for (const file of files) layouts.push(await layoutOf(engine, file.path, columns));
    const rowCount = layouts.reduce((sum, layout) => sum + (layout.groupEnds.at(-1) ?? 0), 0);
    const rangeRows = Math.max(1, Math.ceil(rowCount / partitionsMin));
    return layouts.flatMap((layout) => rangesOf(layout, rangeRows));
  } finally {
    engine.closeSync();
  }
}

interface ParquetLayout {
  readonly path: string;
  readonly columns: readonly string[];
  /** Rows of the file up to the end of each row group. */
  readonly groupEnds: readonly number[];
}

async function layoutOf(
  engine: DuckDBConnection,
  path: string,
  wanted: readonly string[] | undefined,
): Promise<ParquetLayout> {
  const present = (await resultColumns(engine, `select * from read_parquet(${sqlText(path)})`, path)).map(
    (column) => column.name,
  );
  const columns = wanted ?? present;
  const missing = columns.find((column) => !present.includes(column));
  if (missing !== undefined) {
    throw new DatasetError("invalid-argument", `${path} has no column ${missing}; it has ${present.join(", ")}`);
  }
  // Types that have no value are refused here, before any task starts.
  createRowBuilder(await resultColumns(engine, selectRows(path, columns), path));
  const groups = await engine.runAndReadAll(
    `select row_group_num_rows::double from parquet_metadata(${sqlText(path)}) where column_id = 0 order by row_group_id`,
  );
  let end = 0;
  return { path, columns, groupEnds: groups.getRowsJS().map(([rows]) => (end += Number(rows))) };
}

function rangesOf({ path, columns, groupEnds }: ParquetLayout, rangeRows: number): ParquetRange[] {
  const ranges: ParquetRange[] = [];
  let start = 0;
  groupEnds.forEach((end, index) => {
    const isLast = index === groupEnds.length - 1;
    if (end - start < rangeRows && !isLast) return;
    if (end > start) ranges.push({ path, columns, start, end });
    start = end;
  });
  return ranges;
}

/** The rows of a range as objects, in batches, in the order of the file. */
export async function* readParquetRows({
  path,
  columns,
  start,
  end,
}: ParquetRange): AsyncGenerator<Record<string, unknown>[]> {
  const engine = await connectEngine();
  try {
    // Row groups outside the range are skipped without reading them.
    const range = `where file_row_number >= ${start} and file_row_number < ${end}`;
    const result = await engine.stream(`${selectRows(path, columns)} ${range}`);
    const build = createRowBuilder(
      columns.map((name, index): ResultColumn => ({ name, type: result.columnType(index) })),
    );
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield build(chunk);
    }
  } catch (thrown) {
    throw thrown instanceof DatasetError ? thrown : unreadable(path, thrown);
  } finally {
    engine.closeSync();
  }
}

function selectRows(path: string, columns: readonly string[]): string {
  return `select ${columns.map(sqlName).join(", ")} from read_parquet(${sqlText(path)}, file_row_number = true)`;
}

async function resultColumns(engine: DuckDBConnection, sql: string, path: string): Promise<ResultColumn[]> {
  try {
    const statement = await engine.prepare(sql);
    return Array.from({ length: statement.columnCount }, (_, index) => ({
      name: statement.columnName(index),
      type: statement.columnType(index),
    }));
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

function unreadable(path: string, thrown: unknown): DatasetError {
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  return new DatasetError("unreadable", `${path} cannot be read as Parquet: ${what}`, { cause: thrown });
}
