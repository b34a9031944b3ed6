import type { DuckDBConnection } from "@duckdb/node-api";
import { DatasetError } from "../dataset-error.ts";
import { isSameType, type DataType, type Field, type Schema } from "../plan/data-type.ts";
import { checkCast } from "../plan/cast-rules.ts";
import { suggest } from "../plan/nearest-names.ts";
import { sqlError, sqlName, sqlText, sqlType } from "../plan/functions/sql-type.ts";
import type { ScanNode } from "../plan/plan-node.ts";
import { findFilesDeep } from "../sources/find-files.ts";
import { compileCast } from "./compile-cast.ts";
import { fromEngine } from "./engine-error.ts";
import { fromEngineType } from "./engine-type.ts";

/** What a scan reads, as it is on disk now. */
export interface FoundScan {
  readonly files: readonly string[];
  /** Of all files. */
  readonly bytes: number;
  /** The table function and its arguments. */
  readonly relation: string;
  /** Columns that the files have, in the engine's own types. */
  readonly columns: readonly FoundColumn[];
}

interface FoundColumn {
  readonly name: string;
  readonly type: DataType;
  /** Whether the engine's type is exactly `sqlType(type)`. */
  readonly isExact: boolean;
  /** Whether statistics of the files say that there is no NULL. */
  readonly hasNoNull: boolean;
}

/** Looks at the files of a scan: which there are, and what columns they have. Reads headers and footers only. */
export async function findScan(scan: ScanNode, engine: DuckDBConnection): Promise<FoundScan> {
  const found = await findFilesDeep(scan.paths);
  const files = found.map((file) => file.path);
  const bytes = found.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length === 0 && scan.schema === undefined) {
    throw new DatasetError(
      "not-found",
      `there is no file in ${scan.paths.join(", ")}; declare a schema to read nothing`,
    );
  }
  if (files.length === 0) return { files, bytes, relation: "", columns: [] };
  const relation = relationOf(scan, files);
  try {
    const statement = await engine.prepare(`SELECT * FROM ${relation}`);
    const filled = await columnsWithoutNull(scan, files, engine);
    const columns = Array.from({ length: statement.columnCount }, (_, index): FoundColumn => {
      const engineType = statement.columnType(index);
      const type = fromEngineType(engineType);
      const name = statement.columnName(index);
      return {
        name,
        type,
        isExact: String(engineType).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") === sqlType(type),
        hasNoNull: filled.has(name),
      };
    });
    return { files, bytes, relation, columns };
  } catch (thrown) {
    throw unreadable(scan, thrown);
  }
}

function unreadable(scan: ScanNode, thrown: unknown): DatasetError {
  const { code, message } = fromEngine(thrown);
  const text = message.replace(/^\[[a-z-]+\] /, "");
  return new DatasetError(code === "query-failed" ? "unreadable" : code, `${scan.paths.join(", ")}: ${text}`, {
    cause: thrown,
  });
}

/** The columns of the files, all of which may be NULL. */
export function schemaOfScan({ columns }: FoundScan): Schema {
  return columns.map(({ name, type }): Field => ({ name, type, nullable: true }));
}

/** A query for some columns of a scan, in the types that the plan says. */
export function scanSql(scan: ScanNode, found: FoundScan, fields: Schema): string {
  if (found.relation === "") {
    const columns = fields.map((field, index) => `CAST(NULL AS ${sqlType(field.type)}) AS c${index}`);
    return `SELECT ${columns.join(", ")} WHERE false`;
  }
  const columns = fields.map((field, index) => `${columnSql(scan, found, field)} AS c${index}`);
  return `SELECT ${columns.length === 0 ? "1" : columns.join(", ")} FROM ${found.relation}`;
}

function columnSql(scan: ScanNode, { columns }: FoundScan, field: Field): string {
  const column = columns.find((one) => one.name.toLowerCase() === field.name.toLowerCase());
  if (column === undefined) {
    const names = columns.map(({ name }) => name);
    throw new DatasetError(
      "schema-mismatch",
      `${scan.paths.join(", ")} has no column ${JSON.stringify(field.name)}; ${suggest(field.name, names)}`,
    );
  }
  const cast = castSql(scan, column, field);
  if (field.nullable || (column.hasNoNull && scan.options["mode"] !== "permissive")) return cast;
  const message = `the column ${JSON.stringify(field.name)} of ${scan.paths.join(", ")} is declared without NULL and holds one`;
  return `CASE WHEN ${cast} IS NULL THEN ${sqlError("schema-mismatch", message)} ELSE ${cast} END`;
}

function castSql(scan: ScanNode, column: FoundColumn, field: Field): string {
  const name = sqlName(column.name);
  const isPermissive = scan.options["mode"] === "permissive";
  if (isSameType(column.type, field.type)) return column.isExact ? name : `CAST(${name} AS ${sqlType(field.type)})`;
  try {
    checkCast(column.type, field.type);
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.message.replace(/^\[[a-z-]+\] /, "") : "";
    throw new DatasetError(
      "schema-mismatch",
      `the column ${JSON.stringify(field.name)} of ${scan.paths.join(", ")}: ${what}`,
      {
        cause: thrown,
      },
    );
  }
  return compileCast(name, { from: column.type, to: field.type, isTry: isPermissive });
}

/** Whether some of the files, read by themselves, have the columns and types that all of them have together. */
export function isSplittable({ format, options, schema }: ScanNode): boolean {
  if (format === "parquet") return options["mergeSchema"] !== true;
  return format === "text" || schema !== undefined;
}

/** Some files of a scan, with what the names of their directories say as text. */
export function exactRelation(scan: ScanNode, files: readonly string[]): string {
  const relation = relationOf(scan, files);
  return files.some(isPartition) && scan.format !== "text"
    ? relation.replace(/\)$/, ", hive_types_autocast = false)")
    : relation;
}

export function relationOf({ format, options, schema }: ScanNode, files: readonly string[]): string {
  const list = `[${files.map(sqlText).join(", ")}]`;
  const isPartitioned = files.some(isPartition);
  const hive = `hive_partitioning = ${isPartitioned}`;
  switch (format) {
    case "parquet":
      return `read_parquet(${list}, ${hive}, union_by_name = ${options["mergeSchema"] === true})`;
    case "csv":
      return `read_csv(${[list, hive, ...csvOptions(options, schema)].join(", ")})`;
    case "json":
      return `read_json(${[list, hive, ...jsonOptions(options, schema)].join(", ")})`;
    case "text":
      // A newline ends a line; it does not begin another.
      return `(SELECT unnest(CASE WHEN content = '' THEN [] ELSE regexp_split_to_array(regexp_replace(content, '\\r?\\n$', ''), '\\r?\\n') END) AS value FROM read_text(${list}))`;
  }
}

function csvOptions(options: ScanNode["options"], schema: Schema | undefined): string[] {
  const {
    header = true,
    separator,
    quote,
    escape,
    nullValue,
    dateFormat,
    timestampFormat,
    mode,
    inferSchema = true,
  } = options;
  const isPermissive = mode === "permissive";
  const text = (name: string, value: string | number | boolean | undefined): string[] =>
    value === undefined ? [] : [`${name} = ${sqlText(String(value))}`];
  const isDropping = mode === "dropMalformed" && schema !== undefined;
  const isHeaderless = header === false && schema !== undefined;
  const isText = isPermissive || inferSchema === false || schema !== undefined;
  return [
    `header = ${header === true}`,
    ...(isHeaderless ? [`names = [${schema.map((field) => sqlText(field.name)).join(", ")}]`] : []),
    ...text("delim", separator),
    ...text("quote", quote),
    ...text("escape", escape),
    ...text("nullstr", nullValue),
    ...text("dateformat", dateFormat),
    ...text("timestampformat", timestampFormat),
    // Rows are left out by the engine itself, so it must know the types.
    ...(isDropping
      ? [`types = {${schema.map((field) => `${sqlName(field.name)}: ${sqlText(sqlType(field.type))}`).join(", ")}}`]
      : isText
        ? ["all_varchar = true"]
        : []),
    ...(isPermissive ? ["null_padding = true", "strict_mode = false"] : []),
    ...(mode === "dropMalformed" ? ["ignore_errors = true"] : []),
  ];
}

function jsonOptions({ mode }: ScanNode["options"], schema: Schema | undefined): string[] {
  return [
    ...(schema === undefined
      ? []
      : [`columns = {${schema.map((field) => `${sqlName(field.name)}: ${sqlText(sqlType(field.type))}`).join(", ")}}`]),
    ...(mode === "dropMalformed" || mode === "permissive" ? ["ignore_errors = true"] : []),
  ];
}

/**
 * Columns of Parquet files whose statistics count no NULL in any row group. Of partitioned data only the columns of the
 * directories are known, since to look at each file would open what a filter may rule out.
 */
async function columnsWithoutNull(
  { format, schema }: ScanNode,
  files: readonly string[],
  engine: DuckDBConnection,
): Promise<ReadonlySet<string>> {
  if (format !== "parquet" || schema === undefined || schema.every((field) => field.nullable)) return new Set();
  if (files.some(isPartition)) return partitionColumns(files);
  const list = `[${files.map(sqlText).join(", ")}]`;
  const result = await engine.runAndReadAll(
    `SELECT path_in_schema FROM parquet_metadata(${list}) GROUP BY 1 HAVING bool_and(coalesce(stats_null_count = 0, false))`,
  );
  return new Set(result.getRowsJS().map(([name]) => name as string));
}

function isPartition(file: string): boolean {
  return /[/\\][^/\\]+=[^/\\]*[/\\]/.test(file);
}

/** Names of `name=value` directories that never say NULL. */
function partitionColumns(files: readonly string[]): ReadonlySet<string> {
  const pairs = files.flatMap((file) =>
    Array.from(
      file.matchAll(/[/\\]([^/\\=]+)=([^/\\]*)(?=[/\\])/g),
      ([, name = "", value = ""]) => [name, value] as const,
    ),
  );
  const missing = new Set(pairs.filter(([, value]) => value === "__HIVE_DEFAULT_PARTITION__").map(([name]) => name));
  return new Set(pairs.map(([name]) => name).filter((name) => !missing.has(name)));
}

/** Changes when a file of the scan does: a description of it is good as long as this stays. */
export async function scanVersion(scan: ScanNode): Promise<string> {
  const files = await findFilesDeep(scan.paths);
  return files.map((file) => `${file.path}:${file.bytes}:${file.modifiedMs}`).join("|");
}
