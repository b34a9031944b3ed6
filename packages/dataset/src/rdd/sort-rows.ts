import { compareKeys } from "./sort-order.ts";

export interface SortOrder {
  readonly keyOf: (row: unknown) => unknown;
  readonly isAscending: boolean;
}

/** Positions of keys in order; equal keys keep their order. */
export function sortedPositions(keys: readonly unknown[], isAscending: boolean): Uint32Array {
  const positions = Uint32Array.from(keys, (_, index) => index);
  const direction = isAscending ? 1 : -1;
  // Keys of one kind, which is nearly always, need no look at their kinds for each comparison.
  if (keys.every((key) => typeof key === "string")) return sortTexts(keys, positions, direction);
  if (keys.every((key) => Number.isFinite(key))) {
    const numbers = Float64Array.from(keys as readonly number[]);
    return positions.sort((left, right) => direction * (at(numbers, left) - at(numbers, right)) || left - right);
  }
  return positions.sort((left, right) => direction * compareKeys(keys[left], keys[right]) || left - right);
}

/**
 * By a number that holds the characters after those that all texts begin with: most comparisons need no look at the
 * texts, which lie all over memory.
 */
function sortTexts(texts: readonly string[], positions: Uint32Array, direction: number): Uint32Array {
  const skip = commonPrefixLength(texts);
  const prefixes = prefixNumbers(texts, skip);
  return positions.sort((left, right) => {
    const byPrefix = at(prefixes, left) - at(prefixes, right);
    if (byPrefix !== 0) return direction * byPrefix;
    const leftText = texts[left] ?? "";
    const rightText = texts[right] ?? "";
    return leftText === rightText ? left - right : leftText < rightText ? -direction : direction;
  });
}

function commonPrefixLength(texts: readonly string[]): number {
  const first = texts[0] ?? "";
  let length = first.length;
  for (const text of texts) {
    let same = 0;
    while (same < length && text.charCodeAt(same) === first.charCodeAt(same)) same += 1;
    length = same;
    if (length === 0) break;
  }
  return length;
}

/** As many UTF-16 units as fit into the 53 bits of a number: six where all are Latin-1, else three. */
function prefixNumbers(texts: readonly string[], skip: number): Float64Array {
  const prefixes = new Float64Array(texts.length);
  for (const [unitCount, base] of [
    [6, 0x101],
    [3, 0x10001],
  ] as const) {
    if (fillPrefixes(prefixes, texts, { skip, unitCount, base })) break;
  }
  return prefixes;
}

interface PrefixShape {
  readonly skip: number;
  readonly unitCount: number;
  /** One more than there are units: the end of a text comes before all of them. */
  readonly base: number;
}

function fillPrefixes(
  prefixes: Float64Array,
  texts: readonly string[],
  { skip, unitCount, base }: PrefixShape,
): boolean {
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] ?? "";
    let prefix = 0;
    for (let place = skip; place < skip + unitCount; place += 1) {
      const digit = place < text.length ? text.charCodeAt(place) + 1 : 0;
      if (digit >= base) return false;
      prefix = prefix * base + digit;
    }
    prefixes[index] = prefix;
  }
  return true;
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] as number;
}
