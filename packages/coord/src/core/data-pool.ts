const slabBytes = 4096;
/** Longer data has an array of its own. */
const pooledBytesMax = 512;
/** Slabs may be this much larger than what is alive in them before they are packed again. */
const wasteBytesMax = 16 * 1024 * 1024;

const nothing = new Uint8Array(0);

/**
 * Small data of many nodes side by side in few arrays: an array for each takes more memory than most data themselves.
 * A slab stays while any of its data lives, so it is for the owner to keep everything once more when `isWasteful`.
 */
export class DataPool {
  #slab = new Uint8Array(0);
  #used = 0;
  #slabBytes = 0;
  #liveBytes = 0;

  /** The same bytes, as the pool keeps them. They are never written to. */
  keep(data: Uint8Array | null): Uint8Array | null {
    if (data === null || data.length > pooledBytesMax) return data;
    if (data.length === 0) return nothing;
    if (this.#used + data.length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
      this.#slabBytes += slabBytes;
    }
    const kept = this.#slab.subarray(this.#used, this.#used + data.length);
    kept.set(data);
    this.#used += data.length;
    this.#liveBytes += data.length;
    return kept;
  }

  /** What `keep` gave is no longer needed. */
  release(data: Uint8Array | null): void {
    if (data !== null && data.length <= pooledBytesMax) this.#liveBytes -= data.length;
  }

  get isWasteful(): boolean {
    return this.#slabBytes > 2 * this.#liveBytes + wasteBytesMax;
  }

  /** From here on everything that lives is kept once more. */
  beginAnew(): void {
    this.#slab = new Uint8Array(0);
    this.#used = 0;
    this.#slabBytes = 0;
    this.#liveBytes = 0;
  }
}
