import { canonicalKey, hashKey, isComposite } from "./key.ts";

/** A value for each key. Keys are the same when their content is; the first of them stays. */
export interface KeyedTable {
  /** Direct access for generated loops, which look primitives up themselves. */
  readonly primitives: Map<unknown, unknown>;
  /** Puts what `create` makes of the value (without it: the value), or what `merge` makes of the present one and it. */
  add(key: unknown, value: unknown, combine: Combine): void;
  readonly size: () => number;
  /** Some pairs, for a guess at the size of all. */
  some(countMax: number): unknown[];
  /** All pairs: primitive keys first, each kind in order of first arrival. The table is empty afterwards. */
  drain(): unknown[];
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
    size: () => primitives.size + composites.size,
    some(countMax) {
      const pairs: unknown[] = [];
      for (const pairsOfKind of [primitives, composites.values()]) {
        for (const pair of pairsOfKind) {
          if (pairs.length === countMax) return pairs;
          pairs.push(pair);
        }
      }
      return pairs;
    },
    drain() {
      const pairs: unknown[] = [...primitives];
      for (const pair of composites.values()) pairs.push(pair);
      primitives.clear();
      composites.clear();
      return pairs;
    },
  };
}

/** Pairs, cut by the hash of their key. */
export function cutByKey(pairs: readonly unknown[], sliceCount: number): unknown[][] {
  const slices = Array.from({ length: sliceCount }, (): unknown[] => []);
  for (const pair of pairs) slices[hashKey((pair as readonly unknown[])[0]) % sliceCount]?.push(pair);
  return slices;
}
