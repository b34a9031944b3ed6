/** What `stats()` gives. Of nothing: count 0, and NaN for all else, but a sum of 0. */
export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  /** Of the population, as Spark's `variance`. */
  readonly variance: number;
  /** Of a sample: divided by one less. */
  readonly sampleVariance: number;
  readonly stdev: number;
  readonly min: number;
  readonly max: number;
}

/** Running moments. `m2` is the sum of squared distances from the mean. */
export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly m2: number;
  readonly min: number;
  readonly max: number;
}

export const noMoments: Moments = { count: 0, sum: 0, mean: 0, m2: 0, min: Infinity, max: -Infinity };

/** Welford's update: stable where the naive sum of squares cancels. */
export function addToMoments(moments: Moments, value: number): Moments {
  const count = moments.count + 1;
  const distance = value - moments.mean;
  const mean = moments.mean + distance / count;
  const m2 = moments.m2 + distance * (value - mean);
  return {
    count,
    sum: moments.sum + value,
    mean,
    m2,
    min: Math.min(moments.min, value),
    max: Math.max(moments.max, value),
  };
}

/** Chan, Golub and LeVeque's combination of two samples. */
export function mergeMoments(left: Moments, right: Moments): Moments {
  if (left.count === 0) return right;
  if (right.count === 0) return left;
  const count = left.count + right.count;
  const distance = right.mean - left.mean;
  return {
    count,
    sum: left.sum + right.sum,
    mean: left.mean + (distance * right.count) / count,
    m2: left.m2 + right.m2 + (distance * distance * left.count * right.count) / count,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
  };
}

export function statisticsOf({ count, sum, mean, m2, min, max }: Moments): Statistics {
  const variance = count === 0 ? NaN : m2 / count;
  const isEmpty = count === 0;
  return {
    count,
    sum,
    mean: isEmpty ? NaN : mean,
    variance,
    sampleVariance: count < 2 ? NaN : m2 / (count - 1),
    stdev: Math.sqrt(variance),
    min: isEmpty ? NaN : min,
    max: isEmpty ? NaN : max,
  };
}
