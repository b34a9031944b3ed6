import { DatasetError } from "../dataset-error.ts";

/** What can be sorted by. */
export type SortKey = string | number | bigint | boolean | Date | null | undefined | readonly SortKey[];

/** Ranks of kinds, so that any two keys have an order: mixed keys do not crash a job that is hours old. */
const ranks: Readonly<Record<string, number>> = { undefined: 0, boolean: 2, number: 3, bigint: 3, string: 5 };
const rankOfNull = 1;
const rankOfDate = 4;
const rankOfArray = 6;

/**
 * A total order: undefined, null, false, true, numbers and bigints by value with `NaN` last of them, dates, strings by
 * UTF-16 units, arrays element by element. `-0` equals `0`. Throws `unsupported-key` for anything else.
 */
export function compareKeys(left: unknown, right: unknown): number {
  const rank = rankOf(left);
  const difference = rank - rankOf(right);
  if (difference !== 0) return difference;
  if (rank === ranks["number"]) return compareNumbers(left as number | bigint, right as number | bigint);
  if (rank === rankOfDate) return compareNumbers((left as Date).getTime(), (right as Date).getTime());
  if (rank === rankOfArray) return compareArrays(left as readonly unknown[], right as readonly unknown[]);
  return (left as string) < (right as string) ? -1 : (left as string) > (right as string) ? 1 : 0;
}

function rankOf(key: unknown): number {
  if (key === null) return rankOfNull;
  if (typeof key !== "object") {
    const rank = ranks[typeof key];
    if (rank !== undefined) return rank;
  } else if (Array.isArray(key)) return rankOfArray;
  else if (key instanceof Date) return rankOfDate;
  throw new DatasetError(
    "unsupported-key",
    `a ${typeof key} has no place in an order; sort by strings, numbers, bigints, booleans, dates, null, or arrays of them`,
  );
}

function compareNumbers(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // Equal, or at least one is NaN.
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

function compareArrays(left: readonly unknown[], right: readonly unknown[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareKeys(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
