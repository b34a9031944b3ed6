import { SlotPool, placeInPage, slotsOfPage } from "./slot-pool.ts";

/** Longer data has an array of its own. */
const pooledBytesMax = 512;
/** Slots differ in length by this much, so that little of them is left empty. */
const stepBytes = 16;
const nothing = new Uint8Array(0);

/** Where the pool keeps some data. */
export interface DataPlace {
  readonly slot: number;
  /** -1 is null. */
  readonly length: number;
}

/** Small data of many nodes side by side: an array for each takes more memory than most data themselves. */
export class DataPool {
  /** One for each length of slots, the shortest first. */
  readonly #small: SlotPool<Uint8Array>[] = [];
  readonly #large = new SlotPool<Uint8Array[]>(() => []);

  constructor() {
    for (let bytes = stepBytes; bytes <= pooledBytesMax; bytes += stepBytes) {
      this.#small.push(new SlotPool(() => new Uint8Array(bytes * slotsOfPage)));
    }
  }

  keep(data: Uint8Array | null): DataPlace {
    if (data === null) return { slot: 0, length: -1 };
    const { length } = data;
    if (length === 0) return { slot: 0, length };
    const pool = this.#poolOf(length);
    if (pool === undefined) {
      const slot = this.#large.take();
      this.#large.pageOf(slot)[placeInPage(slot)] = data;
      return { slot, length };
    }
    const slot = pool.take();
    pool.pageOf(slot).set(data, placeInPage(slot) * roomFor(length));
    return { slot, length };
  }

  /** What is kept there, until it is released: after that others may write into the same bytes. */
  read({ slot, length }: DataPlace): Uint8Array | null {
    if (length < 0) return null;
    if (length === 0) return nothing;
    const pool = this.#poolOf(length);
    if (pool === undefined) return this.#large.pageOf(slot)[placeInPage(slot)] ?? null;
    const offset = placeInPage(slot) * roomFor(length);
    return pool.pageOf(slot).subarray(offset, offset + length);
  }

  release({ slot, length }: DataPlace): void {
    if (length <= 0) return;
    const pool = this.#poolOf(length);
    if (pool !== undefined) return pool.release(slot);
    this.#large.pageOf(slot)[placeInPage(slot)] = nothing;
    this.#large.release(slot);
  }

  #poolOf(length: number): SlotPool<Uint8Array> | undefined {
    return this.#small[Math.ceil(length / stepBytes) - 1];
  }
}

function roomFor(length: number): number {
  return Math.ceil(length / stepBytes) * stepBytes;
}
