const scratchBytes = 64 * 1024;
const textEncoder = new TextEncoder();

/** Room to write in, which a writer has while it writes, and leaves to the next one when it is finished. */
interface Scratch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

function createScratch(length: number): Scratch {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}

const nothing = createScratch(0);
let idle: Scratch | undefined;

/**
 * Appends jute primitives (big-endian, no tags, no padding) to one growing buffer.
 * Lone surrogates become U+FFFD and astral characters four bytes, which every ZooKeeper reader decodes.
 */
export class JuteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor() {
    const { bytes, view } = idle ?? createScratch(scratchBytes);
    idle = undefined;
    this.#bytes = bytes;
    this.#view = view;
  }

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

  /** What was written, as a copy of its own. Nothing is written after it. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    this.#release();
    return written;
  }

  /** What was written behind a four-byte length: one frame on the wire. Nothing is written after it. */
  finishFrame(): Uint8Array {
    const length = this.#length;
    const frame = new Uint8Array(length + 4);
    frame[0] = length >>> 24;
    frame[1] = length >>> 16;
    frame[2] = length >>> 8;
    frame[3] = length;
    frame.set(this.#bytes.subarray(0, length), 4);
    this.#release();
    return frame;
  }

  /** Large room is not kept: one large answer must not hold memory for ever. */
  #release(): void {
    if (this.#bytes.length === scratchBytes) idle = { bytes: this.#bytes, view: this.#view };
    this.#bytes = nothing.bytes;
    this.#view = nothing.view;
    this.#length = 0;
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
