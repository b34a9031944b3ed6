import type { QueryOptions } from "./data-frame.ts";

/** What happens where the output exists already. Spark: save modes. */
export type SaveMode = "append" | "overwrite" | "ignore" | "errorIfExists";

/** What a write left behind. */
export interface WrittenFrame {
  readonly directory: string;
  readonly rowCount: number;
}

/** How files are written. */
export interface WriteOptions extends QueryOptions {
  /** Default: snappy for Parquet, none for others, which know gzip and zstd. */
  readonly compression?: "none" | "snappy" | "gzip" | "zstd";
  /** CSV: whether names come first. Default: true. */
  readonly header?: boolean;
  /** CSV: between values. Default: a comma. */
  readonly separator?: string;
}

/** Writes a frame into a directory, which appears whole or not at all. */
export interface FrameWriter {
  /** Default: errorIfExists. */
  mode(mode: SaveMode): FrameWriter;
  /** A directory `name=value` for each value of these columns. */
  partitionBy(...names: readonly string[]): FrameWriter;
  parquet(directory: string, options?: WriteOptions): Promise<WrittenFrame>;
  csv(directory: string, options?: WriteOptions): Promise<WrittenFrame>;
  /** One JSON object a line. */
  json(directory: string, options?: WriteOptions): Promise<WrittenFrame>;
  /** The only column, a text, one line for each row. */
  text(directory: string, options?: WriteOptions): Promise<WrittenFrame>;
}
