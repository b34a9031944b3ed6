import { canonicalKey, hashKey, isComposite } from "./key.ts";

/** A value for each key. Keys are the same when their content is; the first of them stays. */
export interface KeyedTable {
  /** Direct access for generated loops, which look primitives up themselves. */
  readonly primitives: Map<unknown, unknown>;
  /** Puts the value, or what `combine` makes of the present one and it. */
  add(key: unknown, value: unknown, combine: Combine): void;
  /** All pairs, cut by the hash of their key. Primitive keys come first, each kind in order of first arrival. */
  slices(sliceCount: number): unknown[][];
}

export type Combine = (present: unknown, added: unknown) => unknown;

export function createKeyedTable(): KeyedTable {
  const primitives = new Map<unknown, unknown>();
  const composites = new Map<string, [key: unknown, value: unknown]>();
  return {
    primitives,
    add(key, value, combine) {
      if (isComposite(key)) {
        const name = canonicalKey(key);
        const entry = composites.get(name);
        if (entry === undefined) composites.set(name, [key, value]);
        else entry[1] = combine(entry[1], value);
        return;
      }
      const present = primitives.get(key);
      const isNew = present === undefined && !primitives.has(key);
      primitives.set(key, isNew ? value : combine(present, value));
    },
    slices(sliceCount) {
      const slices = Array.from({ length: sliceCount }, (): unknown[] => []);
      const put = (pair: readonly unknown[]): void => {
        slices[sliceCount === 1 ? 0 : hashKey(pair[0]) % sliceCount]?.push(pair);
      };
      for (const pair of primitives) put(pair);
      for (const pair of composites.values()) put(pair);
      return slices;
    },
  };
}
