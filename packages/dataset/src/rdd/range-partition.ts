import type { AnyFunction } from "@tutti/runtime";
import { createPrng } from "@tutti/stdx";
import { elementError } from "./element-error.ts";
import { compareKeys } from "./sort-order.ts";

/** Keys that each partition gives for the choice of bounds. Twenty for each of fifty slices, as Spark samples. */
const sampledKeysMax = 1000;

export interface KeySampler {
  offer(rows: readonly unknown[]): void;
  keys(): readonly unknown[];
}

/** A uniform sample of the keys of a stream (Vitter's algorithm R). The same rows and seed give the same sample. */
export function createKeySampler(keyOf: AnyFunction, seed: number): KeySampler {
  const prng = createPrng(seed);
  const kept: unknown[] = [];
  let offered = 0;
  return {
    offer(rows) {
      for (const row of rows) {
        offered += 1;
        if (kept.length < sampledKeysMax) kept.push(keyFor(keyOf, row));
        else {
          const place = prng.nextBelow(offered);
          if (place < sampledKeysMax) kept[place] = keyFor(keyOf, row);
        }
      }
    },
    keys: () => kept,
  };
}

/** At most `sliceCount - 1` rising keys that cut the sample into parts of equal size. */
export function chooseBounds(sampledKeys: readonly unknown[], sliceCount: number): unknown[] {
  // Boxed: an array of bare keys would sort every undefined to the end, whatever the order says.
  const sorted = sampledKeys.map((key) => ({ key })).sort((left, right) => compareKeys(left.key, right.key));
  const bounds: unknown[] = [];
  for (let slice = 1; slice < sliceCount && sorted.length > 0; slice += 1) {
    const candidate = sorted[Math.min(sorted.length - 1, Math.floor((slice * sorted.length) / sliceCount))]?.key;
    // Equal bounds would leave slices between them empty.
    if (bounds.length === 0 || compareKeys(bounds.at(-1), candidate) < 0) bounds.push(candidate);
  }
  return bounds;
}

export interface BoundedSlices {
  readonly keyOf: AnyFunction;
  /** Rising. Slice `i` takes keys above bound `i - 1`, up to and with bound `i`. */
  readonly bounds: readonly unknown[];
  readonly slices: readonly unknown[][];
  readonly isAscending: boolean;
}

/** Puts each row into the slice of its key; the last slice first where the order falls. */
export function sliceByBounds(rows: readonly unknown[], { keyOf, bounds, slices, isAscending }: BoundedSlices): void {
  for (const row of rows) {
    const place = boundsBelow(bounds, keyFor(keyOf, row));
    slices[isAscending ? place : slices.length - 1 - place]?.push(row);
  }
}

/** How many bounds are below the key, by binary search. */
function boundsBelow(bounds: readonly unknown[], key: unknown): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(bounds[middle], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyFor(keyOf: AnyFunction, row: unknown): unknown {
  try {
    return (keyOf as (row: unknown) => unknown)(row);
  } catch (thrown) {
    throw elementError(thrown, row);
  }
}
