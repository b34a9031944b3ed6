import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";
import type { Statistics } from "./statistics.ts";

const bucketsMax = 1_000_000;

/** Bounds of equal buckets from the smallest to the largest. Where all are equal there is one bucket, as in Spark. */
export function boundsOf({ min, max }: Statistics, bucketCount: number): number[] {
  if (!Number.isSafeInteger(bucketCount) || bucketCount < 1 || bucketCount > bucketsMax) {
    throw new DatasetError(
      "invalid-argument",
      `histogram was asked for ${bucketCount} buckets; it takes 1 to ${bucketsMax}`,
    );
  }
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new DatasetError("invalid-argument", `histogram needs finite numbers; these go from ${min} to ${max}`);
  }
  if (min === max) return [min, max];
  const width = (max - min) / bucketCount;
  return [...Array.from({ length: bucketCount }, (_, bucket) => min + bucket * width), max];
}

export function checkBounds(bounds: readonly number[]): readonly number[] {
  const isRising = bounds.every((bound, index) => index === 0 || (bounds[index - 1] ?? NaN) < bound);
  if (bounds.length >= 2 && isRising && bounds.every((bound) => typeof bound === "number" && !Number.isNaN(bound)))
    return bounds;
  throw new DatasetError(
    "invalid-argument",
    `histogram needs two or more rising bounds; it was given ${shorten(bounds)}`,
  );
}

/** The bucket of a value, or undefined outside of all. Only the last bucket includes the bound at its end. */
export function binOf(bounds: readonly number[], value: number): number | undefined {
  const last = bounds.length - 1;
  if (!(value >= (bounds[0] ?? NaN) && value <= (bounds[last] ?? NaN))) return undefined;
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((bounds[middle] ?? NaN) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
