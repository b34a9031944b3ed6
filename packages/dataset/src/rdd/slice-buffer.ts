import type { TaskContext } from "@tutti/runtime";
import { rowBytes } from "./row-bytes.ts";

/** Rows on their way out of a task, by slice. Within a budget they wait here, beyond it they are given out early. */
export interface SliceBuffer {
  /** To be pushed to. Only until the next `afterBatch`. */
  readonly slices: () => readonly unknown[][];
  /** Counts the rows of a batch that were put into slices, and gives out what has become too much. */
  readonly afterBatch: (batch: readonly unknown[]) => void;
  /** What is still here. */
  readonly rest: () => { readonly slices: readonly (readonly unknown[])[]; readonly rowCount: number };
}

export function createSliceBuffer({ memory }: TaskContext, sliceCount: number): SliceBuffer {
  let slices = emptySlices(sliceCount);
  let bytes = 0;
  let rowCount = 0;
  return {
    slices: () => slices,
    afterBatch(batch) {
      rowCount += batch.length;
      if (memory === undefined || batch.length === 0) return;
      bytes += rowBytes(batch);
      if (bytes <= memory.bytesMax) return;
      memory.emit(slices);
      slices = emptySlices(sliceCount);
      bytes = 0;
    },
    rest: () => ({ slices, rowCount }),
  };
}

function emptySlices(sliceCount: number): unknown[][] {
  return Array.from({ length: sliceCount }, () => []);
}
