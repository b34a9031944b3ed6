import type { TaskContext, TaskOutput } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { encodeBlock } from "../sinks/object-blocks.ts";
import { openPartFile, type PartFile } from "../sinks/output-directory.ts";
import { encodeLines } from "../sinks/text-lines.ts";
import { pairError, type LoopSink } from "./fuse.ts";
import { hashKey } from "./key.ts";
import { createKeyedTable, cutByKey, type Combine } from "./keyed-table.ts";
import type { Sink } from "./program.ts";
import { tableMeter } from "./row-bytes.ts";
import { createSliceBuffer } from "./slice-buffer.ts";
import { chooseBounds, createKeySampler, sliceByBounds } from "./range-partition.ts";
import { closureAt, rowsAt } from "./stage-access.ts";

/** A sink while its task runs. */
export interface OpenOutput {
  readonly loopSink: LoopSink;
  /** Takes what the loop left. Says when nothing more is wanted. */
  readonly afterBatch?: () => Promise<void> | "enough" | undefined;
  readonly finish: () => Promise<TaskOutput> | TaskOutput;
  /** Runs at the end, however that came about. */
  readonly release?: () => Promise<void>;
}

type PushSink = Extract<LoopSink, { kind: "push" }>;

export async function openOutput(sink: Sink, context: TaskContext): Promise<OpenOutput> {
  switch (sink.kind) {
    case "collect":
      return collectOutput(sink.rowsMax ?? Infinity, context);
    case "count": {
      const loopSink: LoopSink = { kind: "count", rowCount: 0 };
      return { loopSink, finish: () => ({ slices: [[loopSink.rowCount]], rowCount: loopSink.rowCount }) };
    }
    case "reduce":
      return reduceOutput(sink, context);
    case "file":
      return fileOutput(await openPartFile(sink.directory, context), sink.as === "text" ? encodeLines : encodeBlock);
    case "combine":
      return combineOutput(sink, context);
    case "exchange":
      return exchangeOutput(sink, context);
    case "sample":
      return sampleOutput(sink, context);
    case "bounds": {
      const loopSink: LoopSink = { kind: "push", rows: [] };
      return { loopSink, finish: () => oneSlice(chooseBounds(loopSink.rows, sink.sliceCount)) };
    }
    case "range":
      return rangeOutput(sink, context);
  }
}

/** The functions of a combination, by their positions. */
export function combineOf(
  { create, merge }: { readonly create: number | undefined; readonly merge: number },
  context: TaskContext,
): Combine {
  return {
    create: create === undefined ? undefined : (closureAt(context, create) as NonNullable<Combine["create"]>),
    merge: closureAt(context, merge) as Combine["merge"],
  };
}

function collectOutput(rowsMax: number, context: TaskContext): OpenOutput {
  if (rowsMax === Infinity) {
    const buffer = createSliceBuffer(context, 1);
    const fill = (rows: readonly unknown[]): void => {
      const slice = buffer.slices()[0] as unknown[];
      for (const row of rows) slice.push(row);
      buffer.afterBatch(rows);
    };
    return { ...draining(fill), finish: buffer.rest };
  }
  const loopSink: PushSink = { kind: "push", rows: [] };
  return {
    loopSink,
    afterBatch: () => (loopSink.rows.length >= rowsMax ? "enough" : undefined),
    finish: () => oneSlice(loopSink.rows.length > rowsMax ? loopSink.rows.slice(0, rowsMax) : loopSink.rows),
  };
}

/** A table that has become too much is given out as it is: whoever reads the slices combines them anyway. */
function combineOutput(sink: Extract<Sink, { kind: "combine" }>, context: TaskContext): OpenOutput {
  const { memory } = context;
  const table = createKeyedTable();
  const bytesOf = tableMeter(table);
  let emittedCount = 0;
  return {
    loopSink: { kind: "combine", combine: combineOf(sink, context), table },
    afterBatch() {
      if (memory === undefined || table.size() === 0 || bytesOf() <= memory.bytesMax) return undefined;
      emittedCount += table.size();
      memory.emit(cutByKey(table.drain(), sink.sliceCount));
      return undefined;
    },
    finish() {
      const rowCount = emittedCount + table.size();
      return { slices: cutByKey(table.drain(), sink.sliceCount), rowCount };
    },
  };
}

function reduceOutput({ fn, initial }: Extract<Sink, { kind: "reduce" }>, context: TaskContext): OpenOutput {
  const hasValue = initial !== undefined;
  // Cloned: in process, tasks would share one, and functions that change their accumulator are common.
  const value: unknown = hasValue ? structuredClone(initial.value) : undefined;
  const loopSink: LoopSink = { kind: "reduce", fn: closureAt(context, fn), hasValue, value };
  return { loopSink, finish: () => oneSlice(loopSink.hasValue ? [loopSink.value] : []) };
}

function fileOutput(file: PartFile, encode: (rows: readonly unknown[]) => string | Uint8Array): OpenOutput {
  let rowCount = 0;
  return {
    ...draining(async (rows) => {
      rowCount += rows.length;
      if (rows.length > 0) await file.append(encode(rows));
    }),
    async finish() {
      return { slices: [[[await file.finish(), rowCount]]], rowCount };
    },
    release: () => file.close(),
  };
}

function exchangeOutput({ by, sliceCount }: Extract<Sink, { kind: "exchange" }>, context: TaskContext): OpenOutput {
  const buffer = createSliceBuffer(context, sliceCount);
  // Partitions begin with different slices, so that small partitions do not all fill the first ones.
  let turn = context.partition;
  const sliceOf = (row: unknown): number => {
    if (by === "turn") return turn++ % sliceCount;
    if (!Array.isArray(row)) throw pairError(row);
    return by === "key" ? hashKey(row[0]) % sliceCount : askSlice(closureAt(context, by), row[0], sliceCount);
  };
  return {
    ...draining((rows) => {
      const slices = buffer.slices();
      for (const row of rows) slices[sliceOf(row)]?.push(row);
      buffer.afterBatch(rows);
    }),
    finish: buffer.rest,
  };
}

function askSlice(fn: unknown, key: unknown, sliceCount: number): number {
  const slice = (fn as (key: unknown) => unknown)(key);
  if (Number.isSafeInteger(slice) && (slice as number) >= 0 && (slice as number) < sliceCount) return slice as number;
  throw new DatasetError(
    "invalid-argument",
    `a partitioner must give a whole number from 0 to ${sliceCount - 1}; it gave ${String(slice)}`,
  );
}

function sampleOutput({ key }: Extract<Sink, { kind: "sample" }>, context: TaskContext): OpenOutput {
  const sampler = createKeySampler(closureAt(context, key), context.partition);
  return { ...draining((rows) => sampler.offer(rows)), finish: () => oneSlice(sampler.keys()) };
}

function rangeOutput(sink: Extract<Sink, { kind: "range" }>, context: TaskContext): OpenOutput {
  const buffer = createSliceBuffer(context, sink.sliceCount);
  const cut = {
    keyOf: closureAt(context, sink.key),
    bounds: rowsAt(context, sink.bounds),
    isAscending: sink.isAscending,
  };
  const take = (rows: readonly unknown[]): void => {
    sliceByBounds(rows, { ...cut, slices: buffer.slices() });
    buffer.afterBatch(rows);
  };
  return { ...draining(take), finish: buffer.rest };
}

/** A loop that pushes, and a taker that empties it after each batch. */
function draining(
  take: (rows: unknown[]) => void | Promise<void>,
): Required<Pick<OpenOutput, "loopSink" | "afterBatch">> {
  const loopSink: PushSink = { kind: "push", rows: [] };
  return {
    loopSink,
    afterBatch() {
      const { rows } = loopSink;
      loopSink.rows = [];
      return take(rows) ?? undefined;
    },
  };
}

function oneSlice(rows: readonly unknown[]): TaskOutput {
  return { slices: [rows], rowCount: rows.length };
}
