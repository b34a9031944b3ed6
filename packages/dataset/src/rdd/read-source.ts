import type { TaskContext } from "@tutti/runtime";
import type { ParquetRange } from "../sources/parquet.ts";
import { readObjectFile } from "../sources/object-file.ts";
import { readTextLines, type TextSplit } from "../sources/text.ts";
import { readWholeFile } from "../sources/whole-file.ts";
import { createLoop, pairError } from "./fuse.ts";
import { createKeyedTable, type Combine } from "./keyed-table.ts";
import { combineOf } from "./open-output.ts";
import type { Source } from "./program.ts";
import { compareKeys } from "./sort-order.ts";
import { blocksAt, closureAt } from "./stage-access.ts";

/** Rows go through a stage this many at a time; from 256 to 4096 measure the same. */
const batchRows = 2048;

/** The rows of a source, for the partition of this task. */
export async function* batchesOf(source: Source, context: TaskContext): AsyncGenerator<readonly unknown[]> {
  switch (source.kind) {
    case "rows":
      for (const block of blocksAt(context, source.input)) yield* cut(block);
      break;
    case "text":
      yield* readTextLines(context.partitionArgs as TextSplit);
      break;
    case "objects":
      yield* readObjectFile(context.partitionArgs as string);
      break;
    case "files":
      yield [await readWholeFile(context.partitionArgs as string, source.as)];
      break;
    case "parquet": {
      // Loaded when needed: the engine behind it is 70 MB that other programs never touch.
      const { readParquetRows } = await import("../sources/parquet.ts");
      yield* readParquetRows(context.partitionArgs as ParquetRange);
      break;
    }
    case "combined":
      yield* cut(await combinePairs(source, context));
      break;
    case "cogrouped":
      yield* cut(await cogroupPairs(source.inputs, context));
      break;
    case "sorted":
      yield* cut(sortRows(source, context));
      break;
    default:
      source satisfies never;
  }
}

async function combinePairs(source: Extract<Source, { kind: "combined" }>, context: TaskContext): Promise<unknown[]> {
  const table = createKeyedTable();
  const loop = createLoop({
    steps: [],
    closures: context.closures,
    sink: { kind: "combine", combine: combineOf(source, context), table },
  });
  for (const block of blocksAt(context, source.input)) {
    await context.checkpoint();
    loop(block);
  }
  return table.slices(1).flat();
}

async function cogroupPairs(inputs: readonly number[], context: TaskContext): Promise<unknown[]> {
  const table = createKeyedTable();
  for (const [place, input] of inputs.entries()) {
    const merge: Combine["merge"] = (lists, value) => {
      (lists as unknown[][])[place]?.push(value);
      return lists;
    };
    const create = (value: unknown): unknown =>
      merge(
        inputs.map(() => []),
        value,
      );
    for (const block of blocksAt(context, input)) {
      await context.checkpoint();
      for (const pair of block) {
        if (!Array.isArray(pair)) throw pairError(pair);
        table.add(pair[0], pair[1], { create, merge });
      }
    }
  }
  return table.slices(1).flat();
}

function sortRows(source: Extract<Source, { kind: "sorted" }>, context: TaskContext): unknown[] {
  const keyOf = closureAt(context, source.key) as (row: unknown) => unknown;
  const direction = source.isAscending ? 1 : -1;
  const keyed = blocksAt(context, source.input).flatMap((block) => block.map((row) => ({ key: keyOf(row), row })));
  keyed.sort((left, right) => direction * compareKeys(left.key, right.key));
  return keyed.map(({ row }) => row);
}

function* cut(rows: readonly unknown[]): Generator<readonly unknown[]> {
  if (rows.length <= batchRows) {
    yield rows;
    return;
  }
  for (let start = 0; start < rows.length; start += batchRows) yield rows.slice(start, start + batchRows);
}
