import type { TaskContext, TaskMemory } from "@tutti/runtime";
import { rowBytes } from "./row-bytes.ts";
import { compareKeys } from "./sort-order.ts";
import { sortedPositions, type SortOrder } from "./sort-rows.ts";

/** Rows of a run that are read at once: one chunk of each run is in memory while runs are merged. */
const chunkRows = 1024;

/**
 * Rows in order; equal keys keep the order of arrival. What is more than the task may hold goes to files as sorted runs,
 * which are merged while they are read.
 */
export async function* sortBlocks(
  blocks: Iterable<readonly unknown[]>,
  order: SortOrder,
  { memory, checkpoint }: TaskContext,
): AsyncGenerator<readonly unknown[]> {
  const runs: Run[] = [];
  let rows: unknown[] = [];
  let bytes = 0;
  for (const block of blocks) {
    await checkpoint();
    for (const row of block) rows.push(row);
    if (memory === undefined) continue;
    bytes += rowBytes(block);
    if (bytes <= memory.bytesMax) continue;
    runs.push(spillRun(rows, order, memory));
    rows = [];
    bytes = 0;
  }
  runs.push(heldRun(rows, order));
  rows = [];
  yield* mergeRuns(runs, order.isAscending);
}

/** A sorted sequence, a chunk at a time; undefined after the last. */
type Run = () => Chunk | undefined;

interface Chunk {
  readonly keys: readonly unknown[];
  readonly rows: readonly unknown[];
}

function heldRun(rows: readonly unknown[], order: SortOrder): Run {
  const keys = rows.map((row) => order.keyOf(row));
  const positions = sortedPositions(keys, order.isAscending);
  let next = 0;
  return () => {
    if (next >= positions.length) return undefined;
    const chunk = [...positions.subarray(next, next + chunkRows)];
    next += chunkRows;
    return { keys: chunk.map((position) => keys[position]), rows: chunk.map((position) => rows[position]) };
  };
}

/** Keys are spilled beside their rows, since the function that gives them may be dear; unless rows are their own keys. */
function spillRun(rows: readonly unknown[], order: SortOrder, memory: TaskMemory): Run {
  const held = heldRun(rows, order);
  const chunks: (() => Chunk)[] = [];
  for (let chunk = held(); chunk !== undefined; chunk = held()) {
    const { keys } = chunk;
    const readRows = memory.spill(chunk.rows);
    const isOwnKey = chunk.rows.every((row, index) => row === keys[index]);
    const readKeys = isOwnKey ? undefined : memory.spill(keys);
    chunks.push(() => {
      const own = readRows();
      return { keys: readKeys?.() ?? own, rows: own };
    });
  }
  let next = 0;
  return () => chunks[next++]?.();
}

interface Cursor {
  readonly run: Run;
  /** Earlier runs hold what arrived earlier. */
  readonly rank: number;
  chunk: Chunk;
  next: number;
}

/** A heap of the runs' first rows. */
function* mergeRuns(runs: readonly Run[], isAscending: boolean): Generator<readonly unknown[]> {
  const direction = isAscending ? 1 : -1;
  const before = (left: Cursor, right: Cursor): boolean => {
    const byKey = direction * compareKeys(left.chunk.keys[left.next], right.chunk.keys[right.next]);
    return byKey < 0 || (byKey === 0 && left.rank < right.rank);
  };
  const heap: Cursor[] = [];
  for (const [rank, run] of runs.entries()) {
    const chunk = run();
    if (chunk !== undefined) heap.push({ run, rank, chunk, next: 0 });
  }
  for (let place = (heap.length >> 1) - 1; place >= 0; place -= 1) sink(heap, place, before);
  while (heap.length > 1) {
    const batch: unknown[] = [];
    while (batch.length < chunkRows && heap.length > 1) {
      const [least] = heap as [Cursor];
      batch.push(least.chunk.rows[least.next]);
      if (!advance(least)) {
        const moved = heap.pop() as Cursor;
        if (moved !== least) heap[0] = moved;
      }
      sink(heap, 0, before);
    }
    yield batch;
  }
  const [only] = heap;
  if (only === undefined) return;
  yield only.chunk.rows.slice(only.next);
  for (let chunk = only.run(); chunk !== undefined; chunk = only.run()) yield chunk.rows;
}

function advance(cursor: Cursor): boolean {
  cursor.next += 1;
  if (cursor.next < cursor.chunk.rows.length) return true;
  const chunk = cursor.run();
  cursor.chunk = chunk ?? { keys: [], rows: [] };
  cursor.next = 0;
  return chunk !== undefined;
}

function sink(heap: Cursor[], from: number, before: (left: Cursor, right: Cursor) => boolean): void {
  let place = from;
  for (;;) {
    let least = place;
    for (const child of [2 * place + 1, 2 * place + 2]) {
      if (child < heap.length && before(heap[child] as Cursor, heap[least] as Cursor)) least = child;
    }
    if (least === place) return;
    [heap[place], heap[least]] = [heap[least] as Cursor, heap[place] as Cursor];
    place = least;
  }
}
