import { canonicalKey, hashKey, isComposite } from "./key.ts";

/** A value for each key. Keys are the same when their content is; the first of them stays. */
export interface KeyedTable {
  /** Direct access for generated loops, which look primitives up themselves. */
  readonly primitives: Map<unknown, unknown>;
  /** Puts what `create` makes of the value (without it: the value), or what `merge` makes of the present one and it. */
  add(key: unknown, value: unknown, combine: Combine): void;
  /** All pairs, cut by the hash of their key. Primitive keys come first, each kind in order of first arrival. */
  slices(sliceCount: number): unknown[][];
}

/** How values of one key become one. */
export interface Combine {
  readonly create: ((value: unknown) => unknown) | undefined;
  readonly merge: (present: unknown, added: unknown) => unknown;
}

export function createKeyedTable(): KeyedTable {
  const primitives = new Map<unknown, unknown>();
  const composites = new Map<string, [key: unknown, value: unknown]>();
  return {
    primitives,
    add(key, value, { create, merge }) {
      if (isComposite(key)) {
        const name = canonicalKey(key);
        const entry = composites.get(name);
        if (entry === undefined) composites.set(name, [key, create === undefined ? value : create(value)]);
        else entry[1] = merge(entry[1], value);
        return;
      }
      const present = primitives.get(key);
      const isNew = present === undefined && !primitives.has(key);
      if (isNew) primitives.set(key, create === undefined ? value : create(value));
      else primitives.set(key, merge(present, value));
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
