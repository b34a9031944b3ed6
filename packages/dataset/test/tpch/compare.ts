import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { connectEngine, sqlText } from "../../src/engine/duckdb.ts";
import { isDecimal, isTimestamp } from "../../src/frame/values.ts";
import { tableNames } from "./tables.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/** The engine with a view for each table of a directory. */
export async function openReference(directory: string): Promise<DuckDBConnection> {
  const engine = await connectEngine();
  for (const name of tableNames) {
    const file = sqlText(path.join(directory, `${name}.parquet`));
    await engine.run(`create or replace temp view ${name} as select * from read_parquet(${file})`);
  }
  return engine;
}

export async function runReference(engine: DuckDBConnection, sql: string): Promise<AnyRow[]> {
  return (await engine.runAndReadAll(sql)).getRowObjectsJS();
}

/** What differs first between two results: rows in order, numbers to one part in a thousand million. */
export function firstDifference(ours: readonly AnyRow[], theirs: readonly AnyRow[]): string | undefined {
  if (ours.length !== theirs.length) return `${ours.length} rows instead of ${theirs.length}`;
  const scales = scalesOf(ours);
  const [left, right] = [sorted(ours), sorted(theirs)];
  for (const [index, row] of left.entries()) {
    const other = right[index] ?? [];
    const wrong = row.findIndex((value, column) => !isClose(value, other[column], scales[column]));
    if (wrong !== -1) return `row ${index}: ${JSON.stringify(row)} instead of ${JSON.stringify(other)}`;
  }
  return undefined;
}

/** Ties are ordered by all columns. */
function sorted(rows: readonly AnyRow[]): (string | number | null)[][] {
  const plain = rows.map((row) => Object.values(row).map(plainValue));
  const key = (row: readonly unknown[]): string =>
    JSON.stringify(row.map((value) => (typeof value === "number" ? Number(value.toPrecision(10)) : value)));
  return plain.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function plainValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (isDecimal(value)) return value.toNumber();
  if (isTimestamp(value)) return value.toString();
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? Number(value) : (value as string | number);
}

/** Digits after the point of the columns that are decimals. */
function scalesOf(rows: readonly AnyRow[]): (number | undefined)[] {
  return Object.values(rows[0] ?? {}).map((value) => (isDecimal(value) ? value.scale : undefined));
}

/** The engine's own quotients are doubles; ours are decimals, rounded to their scale. */
function isClose(a: unknown, b: unknown, scale: number | undefined): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  const rounding = scale === undefined ? 0 : 0.500001 * 10 ** -scale;
  return Math.abs(a - b) <= rounding + 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}
