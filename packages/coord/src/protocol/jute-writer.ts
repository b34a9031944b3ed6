const bytesInitial = 256;
const textEncoder = new TextEncoder();

/**
 * Appends jute primitives (big-endian, no tags, no padding) to one growing buffer.
 * Lone surrogates become U+FFFD and astral characters four bytes, which every ZooKeeper reader decodes.
 */
export class JuteWriter {
  #bytes: Uint8Array = new Uint8Array(bytesInitial);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#view.setUint8(this.#length, value ? 1 : 0);
    this.#length += 1;
  }

  int(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  long(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value);
    this.#length += 8;
  }

  /** Null is written as length -1, which readers tell from empty. */
  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  ustring(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.#reserve(4 + value.length * 3);
    const start = this.#length + 4;
    const { written } = textEncoder.encodeInto(value, this.#bytes.subarray(start));
    this.#view.setInt32(this.#length, written);
    this.#length = start + written;
  }

  /** What was written, as a copy of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written behind a four-byte length: one frame on the wire. */
  finishFrame(): Uint8Array {
    const frame = new Uint8Array(this.#length + 4);
    new DataView(frame.buffer).setInt32(0, this.#length);
    frame.set(this.#bytes.subarray(0, this.#length), 4);
    return frame;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
