import type { TaskContext } from "@tutti/runtime";
import { hashKey } from "./key.ts";
import { createKeyedTable, type Combine, type KeyedTable } from "./keyed-table.ts";
import { rowBytes } from "./row-bytes.ts";

/** What was spilled is grouped in this many parts, one after another. */
const partCount = 16;

/** Values by key, in a table that goes to files when what it took is more than the task may hold. */
export interface Groups {
  readonly table: KeyedTable;
  /** After rows of a block were added: counts them, and spills. */
  readonly afterBlock: (block: readonly unknown[]) => void;
  /** `[key, combined]` for each key, in parts. */
  readonly pairs: () => Generator<readonly unknown[]>;
}

/**
 * `mergeCombiners` puts two combined values of one key together, the earlier first. What is counted is what came in: a
 * table of few keys is written small, and at most as often as its input fills the budget.
 */
export function createGroups({ memory }: TaskContext, mergeCombiners: Combine["merge"]): Groups {
  const table = createKeyedTable();
  /** By part: how to read what was spilled of it, in the order of time. */
  const spilled: (() => unknown[])[][] = Array.from({ length: partCount }, () => []);
  let bytes = 0;
  const spillTable = (): void => {
    const parts = Array.from({ length: partCount }, (): unknown[] => []);
    for (const pair of table.drain()) parts[partOf((pair as readonly unknown[])[0])]?.push(pair);
    parts.forEach((rows, part) => {
      if (memory !== undefined && rows.length > 0) spilled[part]?.push(memory.spill(rows));
    });
    bytes = 0;
  };
  return {
    table,
    afterBlock(block) {
      if (memory === undefined || block.length === 0) return;
      bytes += rowBytes(block);
      if (bytes > memory.bytesMax) spillTable();
    },
    *pairs() {
      if (spilled.every((runs) => runs.length === 0)) {
        yield table.drain();
        return;
      }
      spillTable();
      for (const runs of spilled) {
        const part = createKeyedTable();
        const combine: Combine = { create: undefined, merge: mergeCombiners };
        for (const read of runs) {
          for (const pair of read() as (readonly [unknown, unknown])[]) part.add(pair[0], pair[1], combine);
        }
        yield part.drain();
      }
    },
  };
}

/** By other bits than those that chose the slice: these are the same for all keys here. */
function partOf(key: unknown): number {
  return Math.floor((hashKey(key) / 2 ** 32) * partCount);
}
