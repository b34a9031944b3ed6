import type { TaskContext } from "@tutti/runtime";
import type { FrameSplit } from "../sources/frame-split.ts";
import type { ParquetRange } from "../sources/parquet.ts";
import { readObjectFile } from "../sources/object-file.ts";
import { readTextLines, type TextSplit } from "../sources/text.ts";
import { readWholeFile } from "../sources/whole-file.ts";
import { createLoop, pairError } from "./fuse.ts";
import { createGroups } from "./external-groups.ts";
import { sortBlocks } from "./external-sort.ts";
import type { Combine } from "./keyed-table.ts";
import { combineOf } from "./open-output.ts";
import type { Source } from "./program.ts";
import type { SortOrder } from "./sort-rows.ts";
import { blocksAt, closureAt } from "./stage-access.ts";

type CombinedSource = Extract<Source, { kind: "combined" }>;

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
    case "frame": {
      const { readFrameSplit } = await import("../sources/read-frame-split.ts");
      for await (const rows of readFrameSplit(context.partitionArgs as FrameSplit))
        yield source.as === "rows" ? rows : [rows];
      break;
    }
    case "combined":
      yield* combinePairs(source, context);
      break;
    case "cogrouped":
      yield* cogroupPairs(source.inputs, context);
      break;
    case "sorted":
      yield* sortBlocks(blocksAt(context, source.input), orderOf(source, context), context);
      break;
    default:
      source satisfies never;
  }
}

async function* combinePairs(source: CombinedSource, context: TaskContext): AsyncGenerator<readonly unknown[]> {
  const groups = createGroups(context, closureAt(context, source.mergeCombiners) as Combine["merge"]);
  const loop = createLoop({
    steps: [],
    closures: context.closures,
    sink: { kind: "combine", combine: combineOf(source, context), table: groups.table },
  });
  for (const block of blocksAt(context, source.input)) {
    await context.checkpoint();
    loop(block);
    groups.afterBlock(block);
  }
  for (const pairs of groups.pairs()) yield* cut(pairs);
}

type Lists = readonly unknown[][];

async function* cogroupPairs(inputs: readonly number[], context: TaskContext): AsyncGenerator<readonly unknown[]> {
  const groups = createGroups(context, (left, right) => {
    for (const [place, values] of (right as Lists).entries())
      for (const one of values) (left as Lists)[place]?.push(one);
    return left;
  });
  for (const [place, input] of inputs.entries()) {
    const merge: Combine["merge"] = (lists, value) => {
      (lists as Lists)[place]?.push(value);
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
        groups.table.add(pair[0], pair[1], { create, merge });
      }
      groups.afterBlock(block);
    }
  }
  for (const pairs of groups.pairs()) yield* cut(pairs);
}

function orderOf({ key, isAscending }: Extract<Source, { kind: "sorted" }>, context: TaskContext): SortOrder {
  return { keyOf: closureAt(context, key) as SortOrder["keyOf"], isAscending };
}

function* cut(rows: readonly unknown[]): Generator<readonly unknown[]> {
  if (rows.length <= batchRows) {
    yield rows;
    return;
  }
  for (let start = 0; start < rows.length; start += batchRows) yield rows.slice(start, start + batchRows);
}
