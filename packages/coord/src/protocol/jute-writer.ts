const frameLengthBytes = 4;
const slabBytes = 64 * 1024;
/** A slab with less room than this is left to what was written into it. */
const roomBytesMin = 4 * 1024;
const textEncoder = new TextEncoder();

/**
 * Room that writers take one after the other, so that what they write needs no buffer of its own: thousands of small
 * buffers a second, many of them kept for a while in the log, are what a garbage collector is slowest with.
 */
interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Everything before belongs to somebody. */
  offset: number;
}

function createSlab(length: number): Slab {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer), offset: 0 };
}

const finished = createSlab(4);

/** The slab that the next writer continues; undefined while a writer has it. */
let idle: Slab | undefined;

/**
 * Appends jute primitives (big-endian, no tags, no padding) to one growing buffer.
 * Lone surrogates become U+FFFD and astral characters four bytes, which every ZooKeeper reader decodes.
 */
export class JuteWriter {
  #slab: Slab;
  #bytes: Uint8Array;
  #view: DataView;
  /** Where this writer began; room for the length of a frame is before it. */
  #start: number;
  #end: number;

  constructor() {
    const slab = idle ?? createSlab(slabBytes);
    idle = undefined;
    this.#slab = slab;
    this.#bytes = slab.bytes;
    this.#view = slab.view;
    this.#start = slab.offset + frameLengthBytes;
    this.#end = this.#start;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#end - this.#start;
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#view.setUint8(this.#end, value ? 1 : 0);
    this.#end += 1;
  }

  int(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#end, value);
    this.#end += 4;
  }

  long(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#end, value);
    this.#end += 8;
  }

  /** Null is written as length -1, which readers tell from empty. */
  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#end);
    this.#end += value.length;
  }

  ustring(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.#reserve(4 + value.length * 3);
    const start = this.#end + 4;
    const { written } = textEncoder.encodeInto(value, this.#bytes.subarray(start));
    this.#view.setInt32(this.#end, written);
    this.#end = start + written;
  }

  /** What was written. It shares its buffer with others, and nothing is written after it. */
  finish(): Uint8Array {
    return this.#take(this.#start);
  }

  /** What was written behind a four-byte length: one frame on the wire. Nothing is written after it. */
  finishFrame(): Uint8Array {
    this.#view.setInt32(this.#start - frameLengthBytes, this.length);
    return this.#take(this.#start - frameLengthBytes);
  }

  #take(from: number): Uint8Array {
    const taken = new Uint8Array(this.#bytes.buffer, from, this.#end - from);
    const slab = this.#slab;
    slab.offset = this.#end;
    if (slab.bytes.length - slab.offset >= roomBytesMin) idle = slab;
    this.#slab = finished;
    this.#bytes = finished.bytes;
    this.#view = finished.view;
    this.#start = frameLengthBytes;
    this.#end = frameLengthBytes;
    return taken;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    // A slab of its own, large enough; the shared one is left as it was.
    const length = this.length;
    const grown = createSlab(Math.max(slabBytes, (frameLengthBytes + length + more) * 2));
    grown.bytes.set(this.#bytes.subarray(this.#start, this.#end), frameLengthBytes);
    if (this.#slab.bytes.length - this.#slab.offset >= roomBytesMin) idle = this.#slab;
    this.#slab = grown;
    this.#bytes = grown.bytes;
    this.#view = grown.view;
    this.#start = frameLengthBytes;
    this.#end = frameLengthBytes + length;
  }
}
