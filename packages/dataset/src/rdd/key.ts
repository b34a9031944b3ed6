import { DatasetError } from "../dataset-error.ts";

/**
 * What groups, joins and counts by: primitives, and arrays, plain objects and dates of them.
 *
 * Two keys are the same when their content is: `NaN` is `NaN`, `-0` is `0`, `1` is not `1n` and not `"1"`, and the
 * order of an object's properties does not matter.
 */
export type Key = PrimitiveKey | Date | readonly Key[] | { readonly [name: string]: Key };

/** Keys that a `Map` compares by content itself. */
export type PrimitiveKey = string | number | bigint | boolean | null | undefined;

/** True for keys that a `Map` would compare by identity. */
export function isComposite(key: unknown): key is object {
  return (typeof key === "object" && key !== null) || typeof key === "function" || typeof key === "symbol";
}

/**
 * A text that is equal exactly for equal keys. Strings carry their length in front, so that no content can be mistaken
 * for structure. Throws `unsupported-key` for what is no key.
 */
export function canonicalKey(key: unknown): string {
  switch (typeof key) {
    case "string":
      return `s${key.length}:${key}`;
    case "number":
      // `${-0}` is "0".
      return `n${key};`;
    case "bigint":
      return `i${key};`;
    case "boolean":
      return key ? "t" : "f";
    case "undefined":
      return "u";
    case "object":
      return key === null ? "0" : canonicalObject(key);
    case "function":
    case "symbol":
      throw unsupported(`a ${typeof key}`);
  }
}

function canonicalObject(key: object): string {
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype === Array.prototype) return `[${(key as readonly unknown[]).map(canonicalKey).join("")}]`;
  if (key instanceof Date && prototype === Date.prototype) return `d${key.getTime()};`;
  if (prototype !== Object.prototype && prototype !== null) {
    throw unsupported(`an instance of ${(key as { constructor?: { name?: string } }).constructor?.name ?? "a class"}`);
  }
  if (Object.getOwnPropertySymbols(key).length > 0) throw unsupported("an object with symbol keys");
  const entries = Object.entries(key).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, value]) => canonicalKey(name) + canonicalKey(value)).join("")}}`;
}

function unsupported(what: string): DatasetError {
  return new DatasetError(
    "unsupported-key",
    `${what} is no key; keys are strings, numbers, bigints, booleans, null, undefined, dates, and arrays or plain objects of them`,
  );
}

/**
 * A 32-bit hash that is the same in every process and version, for keys that {@link canonicalKey} finds equal.
 * FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, so that the low bits choose partitions evenly.
 */
export function hashKey(key: unknown): number {
  if (typeof key === "number" && Number.isInteger(key) && Math.abs(key) <= 0x7fffffff) return finalise(key | 0);
  const text = typeof key === "string" ? key : canonicalKey(key);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return finalise(hash);
}

function finalise(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
