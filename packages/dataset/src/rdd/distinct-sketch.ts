import { hashKey } from "./key.ts";

/** 2^14 registers: a standard error of 0.8 %. */
const precision = 14;
const registerCount: number = 2 ** precision;
const alpha: number = 0.7213 / (1 + 1.079 / registerCount);

/** An empty sketch of how many distinct keys were seen (HyperLogLog, Flajolet et al. 2007). */
export function emptySketch(): Uint8Array {
  return new Uint8Array(registerCount);
}

/** Each register keeps the longest run of leading zeros among the hashes that it was given. */
export function addToSketch(sketch: Uint8Array, key: unknown): Uint8Array {
  // `true` and "t" share their hash, which partitions may and a count of distinct keys may not.
  const hash = hashKey(typeof key === "string" ? key : [key]);
  const register = hash >>> (32 - precision);
  const rank = Math.min(Math.clz32(hash << precision), 32 - precision) + 1;
  if (rank > (sketch[register] ?? 0)) sketch[register] = rank;
  return sketch;
}

export function mergeSketches(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((rank, register) => Math.max(rank, right[register] ?? 0));
}

/** The estimate, by linear counting while registers are empty, and corrected near the end of 32-bit hashes. */
export function estimateDistinct(sketch: Uint8Array): number {
  let sum = 0;
  let emptyCount = 0;
  for (const rank of sketch) {
    sum += 2 ** -rank;
    if (rank === 0) emptyCount += 1;
  }
  const raw = (alpha * registerCount * registerCount) / sum;
  if (raw <= 2.5 * registerCount && emptyCount > 0)
    return Math.round(registerCount * Math.log(registerCount / emptyCount));
  const hashSpace = 2 ** 32;
  return Math.round(raw <= hashSpace / 30 ? raw : -hashSpace * Math.log(1 - raw / hashSpace));
}
