import type { DuckDBConnection } from "@duckdb/node-api";
import { compileLiteral } from "./compile-expression.ts";
import { sqlText } from "./duckdb.ts";
import { exactRelation, isSplittable, relationOf, scanSql, type FoundScan } from "./scan.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";

type ScanPlan = Extract<ResolvedPlan, { kind: "scan" }>;
type RangePlan = Extract<ResolvedPlan, { kind: "range" }>;

export interface SplitOptions {
  readonly connection: DuckDBConnection;
  /** How many parts are wanted. */
  readonly count: number;
  /** Whether parts may begin inside a row group: more work, for tests on small files. */
  readonly isFine: boolean;
}

/** Queries that together read a scan, each row once, in the order of the files. */
export async function splitScan(plan: ScanPlan, found: FoundScan, options: SplitOptions): Promise<string[]> {
  const { scan, schema } = plan;
  const { files } = found;
  if (files.length === 0 || !isSplittable(scan)) return [scanSql(scan, found, schema)];
  const relations =
    scan.format === "parquet" && files.length < options.count
      ? (await rowRangesOf(files, options)).map(({ file, from, to }) => {
          const whole = exactRelation(scan, [file]);
          return `(SELECT * FROM ${whole} WHERE file_row_number >= ${from} AND file_row_number < ${to})`;
        })
      : evenly(files, options.count).map((own) => exactRelation(scan, own));
  // In a part of the files the engine might see other types in the names of directories.
  const columns = found.columns.map((column) => ({ ...column, isExact: false }));
  if (relations.length === 0) return [scanSql(scan, { ...found, relation: relationOf(scan, files) }, schema)];
  return relations.map((relation) => scanSql(scan, { ...found, columns, relation }, schema));
}

interface RowRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** Parts of files of about the same number of rows, at the borders of row groups where there are enough of them. */
async function rowRangesOf(files: readonly string[], { connection, count, isFine }: SplitOptions): Promise<RowRange[]> {
  const list = files.map(sqlText).join(", ");
  const result = await connection.runAndReadAll(
    `SELECT file_name, row_group_id, any_value(row_group_num_rows)::DOUBLE FROM parquet_metadata([${list}]) GROUP BY ALL ORDER BY ALL`,
  );
  const groups = result.getRowsJS() as [file: string, group: bigint, rows: number][];
  const total = groups.reduce((sum, [, , rows]) => sum + rows, 0);
  return files.flatMap((file) => {
    const sizes = groups.filter(([name]) => name === file).map(([, , rows]) => rows);
    const rows = sizes.reduce((sum, size) => sum + size, 0);
    const parts = Math.max(1, Math.round((count * rows) / Math.max(total, 1)));
    const borders = [...new Set(bordersOf(sizes, { parts, rows, isFine }))];
    return borders.slice(1).map((to, index) => ({ file, from: borders[index] ?? 0, to }));
  });
}

function bordersOf(
  sizes: readonly number[],
  { parts, rows, isFine }: { readonly parts: number; readonly rows: number; readonly isFine: boolean },
): number[] {
  const even = Array.from({ length: parts + 1 }, (_, index) => Math.floor((index * rows) / parts));
  if (isFine && sizes.length < parts) return even;
  const ends = sizes.reduce<number[]>((all, size) => [...all, (all.at(-1) ?? 0) + size], [0]);
  return even.map((wanted) => ends.find((end) => end >= wanted) ?? rows);
}

/** A range of numbers in parts. */
export function splitRange({ start, end, step }: RangePlan, count: number): string[] {
  const [from, to, by] = [BigInt(start), BigInt(end), BigInt(step)];
  const span = by > 0n ? to - from : from - to;
  const size = by > 0n ? by : -by;
  const length = span <= 0n ? 0n : (span + size - 1n) / size;
  const parts = length < BigInt(count) ? 1n : BigInt(count);
  return Array.from({ length: Number(parts) }, (_, index) => {
    const at = (part: bigint): bigint => from + ((part * length) / parts) * by;
    const last = BigInt(index + 1) === parts;
    const numbers = [at(BigInt(index)), last ? to : at(BigInt(index + 1)), by];
    const literals = numbers.map((one) => compileLiteral({ tag: "bigint", text: String(one) }, { kind: "long" }));
    return `SELECT range AS c0 FROM range(${literals.join(", ")})`;
  });
}

/** Lists of about the same length, none empty, in order. */
function evenly<T>(all: readonly T[], count: number): T[][] {
  const parts = Math.min(count, all.length);
  const cut = (index: number): number => Math.floor((index * all.length) / parts);
  return Array.from({ length: parts }, (_, index) => all.slice(cut(index), cut(index + 1)));
}
