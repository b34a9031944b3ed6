import type { TaskContext, TaskMemory } from "@tutti/runtime";
import { rowBytes } from "./row-bytes.ts";
import { compareKeys } from "./sort-order.ts";

/** Rows of a run that are read at once: one chunk of each run is in memory while runs are merged. */
const chunkRows = 1024;

/** A row beside its key, so that the key is asked for once. */
interface Keyed {
  readonly key: unknown;
  readonly row: unknown;
}

export interface SortOrder {
  readonly keyOf: (row: unknown) => unknown;
  readonly isAscending: boolean;
}

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
  let keyed: Keyed[] = [];
  let bytes = 0;
  for (const block of blocks) {
    await checkpoint();
    for (const row of block) keyed.push({ key: order.keyOf(row), row });
    if (memory === undefined) continue;
    bytes += rowBytes(block);
    if (bytes <= memory.bytesMax) continue;
    runs.push(spillRun(sortKeyed(keyed, order), memory));
    keyed = [];
    bytes = 0;
  }
  const last = heldRun(sortKeyed(keyed, order));
  keyed = [];
  yield* mergeRuns([...runs, last], order);
}

/** A sorted sequence, a chunk at a time; undefined after the last. */
type Run = () => readonly Keyed[] | undefined;

function heldRun(sorted: readonly Keyed[]): Run {
  let next = 0;
  return () => {
    if (next >= sorted.length) return undefined;
    const chunk = sorted.slice(next, next + chunkRows);
    next += chunkRows;
    return chunk;
  };
}

/** Keys are spilled with their rows: the function that gives them may be dear. */
function spillRun(sorted: readonly Keyed[], memory: TaskMemory): Run {
  const chunks: (() => unknown[])[] = [];
  for (let start = 0; start < sorted.length; start += chunkRows) {
    chunks.push(memory.spill(sorted.slice(start, start + chunkRows).map(({ key, row }) => [key, row])));
  }
  let next = 0;
  return () => {
    const chunk = chunks[next];
    next += 1;
    return (chunk?.() as [unknown, unknown][] | undefined)?.map(([key, row]) => ({ key, row }));
  };
}

interface Cursor {
  readonly run: Run;
  /** Earlier runs hold what arrived earlier. */
  readonly rank: number;
  chunk: readonly Keyed[];
  next: number;
}

/** A heap of the runs' first rows. */
function* mergeRuns(runs: readonly Run[], order: SortOrder): Generator<readonly unknown[]> {
  const compare = comparing(order);
  const heap: Cursor[] = [];
  const before = (left: Cursor, right: Cursor): boolean => {
    const byKey = compare(left.chunk[left.next] as Keyed, right.chunk[right.next] as Keyed);
    return byKey < 0 || (byKey === 0 && left.rank < right.rank);
  };
  for (const [rank, run] of runs.entries()) {
    const chunk = run();
    if (chunk !== undefined) heap.push({ run, rank, chunk, next: 0 });
  }
  for (let place = (heap.length >> 1) - 1; place >= 0; place -= 1) sink(heap, place, before);
  while (heap.length > 1) {
    const batch: unknown[] = [];
    while (batch.length < chunkRows && heap.length > 1) {
      const [least] = heap as [Cursor];
      batch.push(least.chunk[least.next]?.row);
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
  yield only.chunk.slice(only.next).map(({ row }) => row);
  for (let chunk = only.run(); chunk !== undefined; chunk = only.run()) yield chunk.map(({ row }) => row);
}

function advance(cursor: Cursor): boolean {
  cursor.next += 1;
  if (cursor.next < cursor.chunk.length) return true;
  const chunk = cursor.run();
  cursor.chunk = chunk ?? [];
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

function sortKeyed(keyed: Keyed[], order: SortOrder): Keyed[] {
  // Keys of one kind, which is nearly always, need no look at their kinds for each comparison.
  const direction = order.isAscending ? 1 : -1;
  if (keyed.every(({ key }) => typeof key === "string")) {
    const byText = (left: Keyed, right: Keyed): number =>
      (left.key as string) < (right.key as string) ? -direction : left.key === right.key ? 0 : direction;
    return keyed.sort(byText);
  }
  if (keyed.every(({ key }) => Number.isFinite(key))) {
    return keyed.sort((left, right) => direction * ((left.key as number) - (right.key as number)));
  }
  return keyed.sort(comparing(order));
}

function comparing({ isAscending }: SortOrder): (left: Keyed, right: Keyed) => number {
  return isAscending
    ? (left, right) => compareKeys(left.key, right.key)
    : (left, right) => compareKeys(right.key, left.key);
}
