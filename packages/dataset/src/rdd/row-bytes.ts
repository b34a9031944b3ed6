import { encodeRows } from "@tutti/runtime";
import type { KeyedTable } from "./keyed-table.ts";

/** Enough rows that a few long ones among many short ones are seen. */
const sampledRows = 64;

/** About how many bytes rows are when encoded, from a sample of them. */
export function rowBytes(rows: readonly unknown[]): number {
  if (rows.length <= sampledRows) return encodeRows(rows).length;
  const step = rows.length / sampledRows;
  const sample = Array.from({ length: sampledRows }, (_, index) => rows[Math.floor(index * step)]);
  return (encodeRows(sample).length / sampledRows) * rows.length;
}

/** The same for a table that grows: looked at again whenever it has doubled. */
export function tableMeter(table: KeyedTable): () => number {
  let pairBytes = 0;
  let lookAgainAt = 1;
  return () => {
    const size = table.size();
    if (size >= lookAgainAt) {
      const pairs = table.some(sampledRows);
      pairBytes = rowBytes(pairs) / pairs.length;
      lookAgainAt = size * 2;
    }
    return size * pairBytes;
  };
}
