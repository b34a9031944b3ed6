import { DatasetError } from "../dataset-error.ts";
import type { FileFormat } from "../plan/plan-node.ts";
import type { Schema } from "../plan/data-type.ts";
import { shorten } from "../shorten.ts";
import type { Row, Shape } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import { createFrame } from "./frame-handle.ts";
import type { FrameSession } from "./frame-host.ts";
import type { Struct } from "./schema.ts";

/** What to do with a row that is none. */
export type MalformedMode =
  /** An error. The default here, so that nothing is lost unseen; Spark's is `permissive`. */
  | "failFast"
  /** NULL in the place of what cannot be read. */
  | "permissive"
  /** Without the row. */
  | "dropMalformed";

/** How CSV files are read. */
export interface CsvReadOptions {
  /** Whether the first line has the names. Default: true (Spark: false). */
  readonly header?: boolean;
  /** Default: found out; a comma as a rule. */
  readonly separator?: string;
  readonly quote?: string;
  readonly escape?: string;
  /** The text that means NULL. Default: nothing between separators. */
  readonly nullValue?: string;
  /** Without a schema: whether to find out types. Default: true (Spark: false); else every column is text. */
  readonly inferSchema?: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly mode?: MalformedMode;
}

/** How JSON and JSON lines are read. */
export interface JsonReadOptions {
  readonly mode?: MalformedMode;
}

/** How Parquet files become a frame. */
export interface ParquetReadOptions {
  /** Columns of all files rather than of the first. Default: false. */
  readonly mergeSchema?: boolean;
}

type Paths = string | readonly string[];

/**
 * Reads files as frames: a file, a directory, a glob, or several of them; hidden files are left out. A directory of
 * `name=value` directories has those as columns, and files that a filter on them rules out are not opened. `.gz` and
 * `.zst` are unpacked. Nothing is opened before an action, or before a schema is asked for.
 */
export interface FrameReader<S extends Shape = Row> {
  /** What the files hold: types are then known when the program is compiled, and checked while rows are read. */
  schema<R extends Shape>(struct: Struct<R>): FrameReader<R>;
  parquet(paths: Paths, options?: ParquetReadOptions): DataFrame<S>;
  csv(paths: Paths, options?: CsvReadOptions): DataFrame<S>;
  /** One JSON object a line, or an array of them. */
  json(paths: Paths, options?: JsonReadOptions): DataFrame<S>;
  /** One row a line, in the column `value`. */
  text(paths: Paths): DataFrame<{ readonly value: string }>;
}

export function createFrameReader(session: FrameSession, schema?: Schema): FrameReader {
  const scan = <F>(format: FileFormat, paths: Paths, options: object = {}): F =>
    createFrame<F>(
      session,
      session.node({
        kind: "scan",
        format,
        paths: checkPaths(format, paths),
        options: checkOptions(format, options),
        ...(format === "text" ? { schema: textSchema } : schema === undefined ? {} : { schema }),
      }),
    );
  return {
    schema: <R extends Shape>(struct: Struct<R>) => {
      if (!Array.isArray(struct?.schema)) {
        throw new DatasetError("invalid-argument", `schema needs a struct({ … }); it was given ${shorten(struct)}`);
      }
      return createFrameReader(session, struct.schema) as unknown as FrameReader<R>;
    },
    parquet: (paths, options) => scan("parquet", paths, options),
    csv: (paths, options) => scan("csv", paths, options),
    json: (paths, options) => scan("json", paths, options),
    text: (paths) => scan("text", paths),
  };
}

const textSchema: Schema = [{ name: "value", type: { kind: "string" }, nullable: false }];

const knownOptions: Readonly<Record<FileFormat, readonly string[]>> = {
  parquet: ["mergeSchema"],
  csv: ["header", "separator", "quote", "escape", "nullValue", "inferSchema", "dateFormat", "timestampFormat", "mode"],
  json: ["mode"],
  text: [],
};

const modes: readonly unknown[] = ["failFast", "permissive", "dropMalformed"];

function checkPaths(format: FileFormat, paths: Paths): readonly string[] {
  const list = typeof paths === "string" ? [paths] : paths;
  if (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((one) => typeof one === "string" && one !== "" && !one.includes("\0"))
  )
    return list;
  throw new DatasetError("invalid-argument", `read.${format} needs a path or several; it was given ${shorten(paths)}`);
}

function checkOptions(format: FileFormat, options: object): Readonly<Record<string, string | number | boolean>> {
  const known = knownOptions[format];
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) {
      throw new DatasetError(
        "invalid-argument",
        `read.${format} has no option ${shorten(name)}; it has ${known.join(", ") || "none"}`,
      );
    }
    if (name === "mode" && !modes.includes(value)) {
      throw new DatasetError("invalid-argument", `${shorten(value)} is no mode; there are ${modes.join(", ")}`);
    }
  }
  return options as Readonly<Record<string, string | number | boolean>>;
}
