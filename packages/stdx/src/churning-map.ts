/** So many deletions apart, a table is made anew: more often than a garbage collector takes a look. */
const deletedMax = 256;

/**
 * A map whose entries come and go by the thousand a second, in the order in which they came.
 *
 * V8 gives a `Map` another table every few entries, and the table that it leaves points to the next one. Once one such table
 * is of the old generation, all that follow stay with what was in them until the next full collection: each small collection
 * copies them, and its pause is a hundred times as long (measured with Node.js 24). So this takes a new `Map` from time to
 * time, to which nothing points. Who iterates while entries are deleted may see one that is gone.
 */
export class ChurningMap<Key, Value> {
  #map = new Map<Key, Value>();
  #deleted = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value);
  }

  delete(key: Key): boolean {
    if (!this.#map.delete(key)) return false;
    this.#deleted += 1;
    // Copying what is left costs no more than it cost to delete as many.
    if (this.#deleted < deletedMax || this.#deleted < this.#map.size) return true;
    this.#map = new Map(this.#map);
    this.#deleted = 0;
    return true;
  }

  clear(): void {
    this.#map = new Map();
    this.#deleted = 0;
  }

  keys(): IterableIterator<Key> {
    return this.#map.keys();
  }

  values(): IterableIterator<Value> {
    return this.#map.values();
  }

  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#map[Symbol.iterator]();
  }
}
