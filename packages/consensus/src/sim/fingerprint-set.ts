/** A set of non-negative integers up to 2^53 - 1 in 8 bytes each and half as much room again: open addressing, grown by doubling. */
export class FingerprintSet {
  #slots: Float64Array = new Float64Array(1024).fill(-1);
  size = 0;

  /** False when it was there before. */
  add(fingerprint: number): boolean {
    if (!insert(this.#slots, fingerprint)) return false;
    this.size += 1;
    if (this.size * 3 < this.#slots.length * 2) return true;
    const larger = new Float64Array(this.#slots.length * 2).fill(-1);
    for (const known of this.#slots) if (known >= 0) insert(larger, known);
    this.#slots = larger;
    return true;
  }
}

function insert(slots: Float64Array, fingerprint: number): boolean {
  for (let at = fingerprint % slots.length; ; at = (at + 1) % slots.length) {
    const there = slots[at];
    if (there === fingerprint) return false;
    if (there !== -1) continue;
    slots[at] = fingerprint;
    return true;
  }
}
