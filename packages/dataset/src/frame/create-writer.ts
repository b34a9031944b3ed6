import { DatasetError } from "../dataset-error.ts";
import { indexOfName } from "../plan/scope.ts";
import { sqlName, sqlText, sqlType } from "../plan/functions/sql-type.ts";
import type { PlanNode } from "../plan/plan-node.ts";
import type { FileFormat } from "../plan/plan-node.ts";
import type { ResolvedPlan } from "../plan/resolved-plan.ts";
import { shorten } from "../shorten.ts";
import { signalOf } from "./frame-actions.ts";
import type { FileForm } from "./frame-engine.ts";
import type { FrameSession } from "./frame-host.ts";
import type { FrameWriter, SaveMode, WriteOptions, WrittenFrame } from "./frame-writer.ts";

interface WriterState {
  readonly mode: SaveMode;
  readonly partitionBy: readonly string[];
}

const modes: readonly SaveMode[] = ["append", "overwrite", "ignore", "errorIfExists"];

/** `frame.write`, behind its types. */
export function createFrameWriter(
  session: FrameSession,
  plan: PlanNode,
  state: WriterState = { mode: "errorIfExists", partitionBy: [] },
): FrameWriter {
  const write =
    (format: FileFormat) =>
    (directory: string, options: WriteOptions = {}): Promise<WrittenFrame> =>
      writeFrame({ session, plan, state, format }, directory, options);
  return {
    mode(mode) {
      if (!modes.includes(mode))
        throw new DatasetError("invalid-argument", `${shorten(mode)} is no save mode; there are ${modes.join(", ")}`);
      return createFrameWriter(session, plan, { ...state, mode });
    },
    partitionBy: (...names) => createFrameWriter(session, plan, { ...state, partitionBy: names }),
    parquet: write("parquet"),
    csv: write("csv"),
    json: write("json"),
    text: write("text"),
  };
}

interface WriteParts {
  readonly session: FrameSession;
  readonly plan: PlanNode;
  readonly state: WriterState;
  readonly format: FileFormat;
}

async function writeFrame(
  { session, plan, state, format }: WriteParts,
  directory: string,
  options: WriteOptions,
): Promise<WrittenFrame> {
  const resolved = await session.resolve(plan);
  const partitionBy = state.partitionBy.map(
    (name) => resolved.schema[indexOfName(resolved.schema, name)]?.name ?? name,
  );
  checkColumns(resolved, format, partitionBy);
  const signal = signalOf(options);
  const engine = await session.host.engine();
  await session.keep(resolved, signal);
  const run = { signal, onProgress: options.onProgress, local: session.rowsOf(resolved) };
  const rowCount = await engine.write(directory, state.mode, async (hidden) => {
    const ending = endingOf(format, options);
    const form: FileForm = {
      columns: namedColumns(resolved),
      clauses: [...formatOf(format, options), ...partitionOf(partitionBy, ending)],
      ending,
      isPartitioned: partitionBy.length > 0,
    };
    return await engine.copy(resolved, { form, directory: hidden }, run);
  });
  return { directory, rowCount };
}

const endings: Readonly<Record<FileFormat, string>> = { parquet: "parquet", csv: "csv", json: "json", text: "txt" };

/** Readers know by the ending how a file is packed; Parquet says it inside. */
function endingOf(format: FileFormat, { compression }: WriteOptions): string {
  const packed = compression === "gzip" ? ".gz" : compression === "zstd" ? ".zst" : "";
  return `${endings[format]}${format === "parquet" ? "" : packed}`;
}

function namedColumns({ schema }: ResolvedPlan): string {
  return schema.map(({ name, type }, index) => `CAST(c${index} AS ${sqlType(type)}) AS ${sqlName(name)}`).join(", ");
}

function checkColumns({ schema }: ResolvedPlan, format: FileFormat, partitionBy: readonly string[]): void {
  if (format === "text" && (schema.length !== 1 || schema[0]?.type.kind !== "string")) {
    throw new DatasetError(
      "schema-mismatch",
      `text has one column of type string; the frame has ${schema.length} columns`,
    );
  }
  if (partitionBy.length >= schema.length) {
    throw new DatasetError(
      "invalid-argument",
      "at least one column must not be partitioned by: it is what the files hold",
    );
  }
  const nested = schema.find(({ type }) => ["array", "map", "struct", "interval"].includes(type.kind));
  if (format === "csv" && nested !== undefined) {
    throw new DatasetError(
      "unsupported-type",
      `CSV has no form for the column ${JSON.stringify(nested.name)}; write JSON or Parquet`,
    );
  }
}

function partitionOf(names: readonly string[], ending: string): readonly string[] {
  if (names.length === 0) return [];
  return [
    `PARTITION_BY (${names.map(sqlName).join(", ")})`,
    "FILENAME_PATTERN 'part-{i}'",
    `FILE_EXTENSION '${ending}'`,
    "OVERWRITE_OR_IGNORE true",
  ];
}

function formatOf(
  format: FileFormat,
  { compression, header = true, separator = "," }: WriteOptions,
): readonly string[] {
  const packed = compression === undefined || compression === "none" ? [] : [`COMPRESSION ${compression}`];
  switch (format) {
    case "parquet":
      return ["FORMAT parquet", `COMPRESSION ${compression === "none" ? "uncompressed" : (compression ?? "snappy")}`];
    case "csv":
      return ["FORMAT csv", `HEADER ${header}`, `DELIMITER ${sqlText(separator)}`, ...packed];
    case "json":
      return ["FORMAT json", ...packed];
    case "text":
      return ["FORMAT csv", "HEADER false", "QUOTE ''", "ESCAPE ''", "DELIMITER '\x01'", ...packed];
  }
}
