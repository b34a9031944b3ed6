import type { AnyFunction, TaskContext, TaskOutput } from "@tutti/runtime";
import { assert } from "@tutti/stdx";
import { readParquetRows, type ParquetRange } from "../sources/parquet.ts";
import { readTextLines, type TextSplit } from "../sources/text.ts";
import { openPartFile, type PartFile } from "../sinks/text-directory.ts";
import { createLoop, type LoopSink } from "./fuse.ts";
import { createKeyedTable } from "./keyed-table.ts";
import type { Sink, Source, StageProgram } from "./program.ts";
import { chooseBounds, createKeySampler, sliceByBounds } from "./range-partition.ts";
import { compareKeys } from "./sort-order.ts";

/** Rows go through a stage this many at a time; from 256 to 4096 measure the same. */
const batchRows = 2048;

/** The task of every RDD stage: source → fused steps → sink. */
export async function runRddStage(context: TaskContext): Promise<TaskOutput> {
  const program = context.args as StageProgram;
  const output = await openOutput(program.sink, context);
  try {
    const loop = createLoop({ steps: program.steps, closures: context.closures, sink: output.loopSink });
    for await (const batch of batchesOf(program.source, context)) {
      await context.checkpoint();
      loop(batch);
      if ((await output.afterBatch?.()) === "enough") break;
    }
    return await output.finish();
  } finally {
    await output.release?.();
  }
}

/** A sink while its task runs. */
interface OpenOutput {
  readonly loopSink: LoopSink;
  readonly afterBatch?: () => Promise<void> | "enough" | undefined;
  readonly finish: () => Promise<TaskOutput> | TaskOutput;
  /** Runs at the end, however that came about. */
  readonly release?: () => Promise<void>;
}

async function openOutput(sink: Sink, context: TaskContext): Promise<OpenOutput> {
  switch (sink.kind) {
    case "collect":
      return collectOutput(sink.rowsMax ?? Infinity);
    case "count": {
      const loopSink: LoopSink = { kind: "count", rowCount: 0 };
      return { loopSink, finish: () => ({ slices: [[loopSink.rowCount]], rowCount: loopSink.rowCount }) };
    }
    case "reduce": {
      const loopSink: LoopSink = { kind: "reduce", fn: closureAt(context, sink.fn), hasValue: false, value: undefined };
      return { loopSink, finish: () => oneSlice(loopSink.hasValue ? [loopSink.value] : []) };
    }
    case "text":
      return textOutput(await openPartFile(sink.directory, context));
    case "combine": {
      const table = createKeyedTable();
      const loopSink: LoopSink = { kind: "combine", fn: closureAt(context, sink.combine), table };
      return { loopSink, finish: () => manySlices(table.slices(sink.sliceCount)) };
    }
    case "sample":
      return sampleOutput(closureAt(context, sink.key), context.partition);
    case "bounds": {
      const loopSink: LoopSink = { kind: "push", rows: [] };
      return { loopSink, finish: () => oneSlice(chooseBounds(loopSink.rows, sink.sliceCount)) };
    }
    case "range":
      return rangeOutput(sink, context);
  }
}

function collectOutput(rowsMax: number): OpenOutput {
  const loopSink: LoopSink = { kind: "push", rows: [] };
  return {
    loopSink,
    afterBatch: () => (loopSink.rows.length >= rowsMax ? "enough" : undefined),
    finish: () => oneSlice(loopSink.rows.length > rowsMax ? loopSink.rows.slice(0, rowsMax) : loopSink.rows),
  };
}

function textOutput(file: PartFile): OpenOutput {
  const loopSink: LoopSink = { kind: "push", rows: [] };
  let rowCount = 0;
  return {
    loopSink,
    async afterBatch() {
      rowCount += loopSink.rows.length;
      await file.write(loopSink.rows.splice(0));
    },
    async finish() {
      await file.commit();
      return { slices: [[rowCount]], rowCount };
    },
    release: () => file.close(),
  };
}

function sampleOutput(keyOf: AnyFunction, seed: number): OpenOutput {
  const loopSink: LoopSink = { kind: "push", rows: [] };
  const sampler = createKeySampler(keyOf, seed);
  return {
    loopSink,
    afterBatch() {
      sampler.offer(loopSink.rows.splice(0));
      return undefined;
    },
    finish: () => oneSlice(sampler.keys()),
  };
}

function rangeOutput(sink: Extract<Sink, { kind: "range" }>, context: TaskContext): OpenOutput {
  const loopSink: LoopSink = { kind: "push", rows: [] };
  const bounds = context.inputs[sink.bounds]?.flat() ?? [];
  const slices = Array.from({ length: sink.sliceCount }, (): unknown[] => []);
  const keyOf = closureAt(context, sink.key);
  return {
    loopSink,
    afterBatch() {
      sliceByBounds(loopSink.rows.splice(0), { keyOf, bounds, slices, isAscending: sink.isAscending });
      return undefined;
    },
    finish: () => manySlices(slices),
  };
}

async function* batchesOf(source: Source, context: TaskContext): AsyncGenerator<readonly unknown[]> {
  switch (source.kind) {
    case "rows":
      for (const block of inputAt(context, source.input)) yield* batchesOfArray(block);
      break;
    case "text":
      yield* readTextLines(context.partitionArgs as TextSplit);
      break;
    case "parquet":
      yield* readParquetRows(context.partitionArgs as ParquetRange);
      break;
    case "combined":
      yield* batchesOfArray(await mergePairs(source, context));
      break;
    case "sorted":
      yield* batchesOfArray(sortRows(source, context));
      break;
    default:
      source satisfies never;
  }
}

async function mergePairs(source: Extract<Source, { kind: "combined" }>, context: TaskContext): Promise<unknown[]> {
  const table = createKeyedTable();
  const loop = createLoop({
    steps: [],
    closures: [],
    sink: { kind: "combine", fn: closureAt(context, source.combine), table },
  });
  for (const block of inputAt(context, source.input)) {
    await context.checkpoint();
    loop(block);
  }
  return table.slices(1).flat();
}

function sortRows(source: Extract<Source, { kind: "sorted" }>, context: TaskContext): unknown[] {
  const keyOf = closureAt(context, source.key) as (row: unknown) => unknown;
  const direction = source.isAscending ? 1 : -1;
  const keyed = inputAt(context, source.input).flatMap((block) => block.map((row) => ({ key: keyOf(row), row })));
  keyed.sort((left, right) => direction * compareKeys(left.key, right.key));
  return keyed.map(({ row }) => row);
}

function* batchesOfArray(rows: readonly unknown[]): Generator<readonly unknown[]> {
  for (let start = 0; start < rows.length; start += batchRows) yield rows.slice(start, start + batchRows);
}

function closureAt(context: TaskContext, index: number): AnyFunction {
  const closure = context.closures[index];
  assert(closure !== undefined, "a program names closures that its stage has");
  return closure;
}

function inputAt(context: TaskContext, index: number): readonly (readonly unknown[])[] {
  const input = context.inputs[index];
  assert(input !== undefined, "a program names inputs that its stage has");
  return input;
}

function oneSlice(rows: readonly unknown[]): TaskOutput {
  return { slices: [rows], rowCount: rows.length };
}

function manySlices(slices: readonly (readonly unknown[])[]): TaskOutput {
  return { slices, rowCount: slices.reduce((sum, slice) => sum + slice.length, 0) };
}
