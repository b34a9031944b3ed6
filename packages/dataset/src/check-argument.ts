import { DatasetError } from "./dataset-error.ts";
import { shorten } from "./shorten.ts";

const partitionCountMax = 100_000;

export function checkPartitionCount(operation: string, count: unknown): void {
  if (count === undefined) return;
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

/** An async function would give promises as elements, and a filter by promises lets everything through. */
export function checkFunction(operation: string, fn: unknown): void {
  if (typeof fn !== "function") {
    throw new DatasetError(
      "invalid-argument",
      `${operation} needs a function; it was given ${fn === null ? "null" : typeof fn}`,
    );
  }
  if (Object.prototype.toString.call(fn) === "[object AsyncFunction]") {
    throw new DatasetError("invalid-argument", `${operation} calls its function without waiting; it cannot be async`);
  }
}
