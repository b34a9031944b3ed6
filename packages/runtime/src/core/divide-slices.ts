import type { SliceDivision } from "./job.ts";

/** How the slice of one task is read by several. */
export interface DividedSlice {
  /** The input whose rows are divided; of the others each share reads the whole slice. */
  readonly input: number;
  /** The share `i` reads what the outputs from `cuts[i]` up to `cuts[i + 1]` have for the slice. */
  readonly cuts: readonly number[];
}

/** Rows by the partition that wrote them, by slice. */
export type SliceRows = readonly (readonly number[])[];

/** More than so many times the median is much. Spark: `spark.sql.adaptive.skewJoin.skewedPartitionFactor`, 5. */
const skewFactor = 2;

/**
 * A second look at slices, when all rows are there: those that have many more than the others are divided. It goes by rows and not
 * by bytes, because rows are the same whoever wrote them, and another master must come to the same shares. undefined: one task.
 */
export function divideSlices(
  rows: ReadonlyMap<number, SliceRows>,
  { sharesMax, rowsMin }: SliceDivision,
): readonly (DividedSlice | undefined)[] {
  const divided: (DividedSlice | undefined)[] = [];
  const most: number[] = [];
  for (const [input, outputs] of rows) {
    const sliceCount = Math.max(0, ...outputs.map((output) => output.length));
    const totals = Array.from({ length: sliceCount }, (_, slice) =>
      outputs.reduce((sum, output) => sum + (output[slice] ?? 0), 0),
    );
    const median = totals.toSorted((left, right) => left - right)[(sliceCount - 1) >> 1] ?? 0;
    for (const [slice, total] of totals.entries()) {
      divided[slice] ??= undefined;
      if (total <= rowsMin || total <= skewFactor * median || total <= (most[slice] ?? 0)) continue;
      const wanted = Math.min(sharesMax, Math.ceil(total / Math.max(1, median, rowsMin)));
      const cuts = cutEvenly(
        outputs.map((output) => output[slice] ?? 0),
        wanted,
      );
      // One output has it all.
      if (cuts.length < 3) continue;
      most[slice] = total;
      divided[slice] = { input, cuts };
    }
  }
  return divided;
}

/** Where to cut a list so that its parts, at most so many, weigh about the same. No part weighs nothing. */
function cutEvenly(weights: readonly number[], partsMax: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cuts = [0];
  let before = 0;
  for (const [place, weight] of weights.entries()) {
    const middle = before + weight / 2;
    // The first with rows that lies more than half behind the next border begins the next part.
    if (before > 0 && weight > 0 && middle > (cuts.length * total) / partsMax && cuts.length < partsMax)
      cuts.push(place);
    before += weight;
  }
  return [...cuts, weights.length];
}
