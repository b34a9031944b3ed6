import type { Id } from "../protocol/records.ts";

/** The id that passes every check. */
export const fixedSuperId: Id = { scheme: "super", id: "" };

/** Ids of a connection are a set that only grows. */
export function mergeIds(ids: readonly Id[], more: readonly Id[]): readonly Id[] {
  const merged = [...ids];
  for (const one of more) {
    if (!merged.some((id) => id.scheme === one.scheme && id.id === one.id)) merged.push(one);
  }
  return merged;
}
