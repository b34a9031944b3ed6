import { DatasetError } from "./dataset-error.ts";
import { RddBase } from "./rdd/rdd-base.ts";
import { shorten } from "./shorten.ts";

const partitionCountMax = 100_000;

export function checkPartitionCount(
  operation: string,
  count: unknown,
  { isNeeded = false }: { isNeeded?: boolean } = {},
): void {
  if (count === undefined && !isNeeded) return;
  if (!Number.isSafeInteger(count) || (count as number) < 1 || (count as number) > partitionCountMax) {
    throw new DatasetError(
      "invalid-argument",
      `${operation} was asked for ${shorten(count)} partitions; it takes a whole number from 1 to ${partitionCountMax}`,
    );
  }
}

export function checkCount(operation: string, count: unknown): void {
  if (!Number.isSafeInteger(count) || (count as number) < 0) {
    throw new DatasetError(
      "invalid-argument",
      `${operation} was asked for ${shorten(count)} elements; it takes a whole number from 0`,
    );
  }
}

export function checkFraction(operation: string, fraction: unknown, max: number): void {
  if (typeof fraction === "number" && fraction >= 0 && fraction <= max && fraction < Infinity) return;
  const limit = max === Infinity ? "from 0" : `from 0 to ${max}`;
  throw new DatasetError(
    "invalid-argument",
    `${operation} was given ${shorten(fraction)} where it takes a number ${limit}`,
  );
}

export function checkSeed(operation: string, seed: unknown): void {
  if (Number.isSafeInteger(seed)) return;
  throw new DatasetError(
    "invalid-argument",
    `${operation} was given the seed ${shorten(seed)}; it takes a whole number`,
  );
}

/** Initial values are cloned for each task, which only plain data survives. */
export function checkPlainData(operation: string, value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol") throw notPlain(operation, value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  const prototypes: unknown[] = [null, Object.prototype, Array.prototype, Map.prototype, Set.prototype, Date.prototype];
  if (!prototypes.includes(Object.getPrototypeOf(value))) throw notPlain(operation, value);
}

function notPlain(operation: string, value: unknown): DatasetError {
  const what = "numbers, texts, arrays, plain objects, Map, Set, Date or typed arrays";
  return new DatasetError(
    "invalid-argument",
    `${operation} needs plain data to begin with (${what}); it was given ${shorten(value)}`,
  );
}

/** Whether something is an RDD of this package: it has a lineage. */
export function checkRdd(operation: string, other: unknown): RddBase {
  if (other instanceof RddBase) return other;
  throw new DatasetError("invalid-argument", `${operation} needs another RDD; it was given ${shorten(other)}`);
}

/** An async function would give promises as elements, and a filter by promises lets everything through. */
export function checkFunction(
  operation: string,
  fn: unknown,
  { mayBeAsync = false }: { mayBeAsync?: boolean } = {},
): void {
  if (typeof fn !== "function") {
    throw new DatasetError(
      "invalid-argument",
      `${operation} needs a function; it was given ${fn === null ? "null" : typeof fn}`,
    );
  }
  if (!mayBeAsync && Object.prototype.toString.call(fn) === "[object AsyncFunction]") {
    throw new DatasetError("invalid-argument", `${operation} calls its function without waiting; it cannot be async`);
  }
}
