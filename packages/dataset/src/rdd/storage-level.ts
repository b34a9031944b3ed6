import type { KeepPlace } from "@tutti/runtime";
import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";

/**
 * Where `persist` keeps the rows of an RDD, by Spark's names.
 *
 * - `MEMORY_AND_DISK`: in memory while the executor's budget lasts, in files beyond it. The default.
 * - `MEMORY_ONLY`: in memory, or not at all: an RDD that does not fit whole is not kept, and later jobs compute it anew.
 *   (Spark decides this for each partition.)
 * - `DISK_ONLY`: in files.
 * - `MEMORY_AND_DISK_SER`, `MEMORY_ONLY_SER`: the same as those without `_SER`. On threads rows are always kept as bytes, and
 *   in process always as live values.
 *
 * In process there is no budget. Spark's `_2` levels are refused: one machine has no second to keep a copy on.
 */
export type StorageLevel = "MEMORY_AND_DISK" | "MEMORY_AND_DISK_SER" | "MEMORY_ONLY" | "MEMORY_ONLY_SER" | "DISK_ONLY";

const places: Readonly<Record<StorageLevel, KeepPlace>> = {
  MEMORY_AND_DISK: "memory-and-disk",
  MEMORY_AND_DISK_SER: "memory-and-disk",
  MEMORY_ONLY: "memory",
  MEMORY_ONLY_SER: "memory",
  DISK_ONLY: "disk",
};

export function keepPlaceOf(level: StorageLevel): KeepPlace {
  if (Object.hasOwn(places, level)) return places[level];
  const levels = Object.keys(places).join(", ");
  throw new DatasetError("invalid-argument", `persist knows the levels ${levels}; it was given ${shorten(level)}`);
}
