import { ConsensusError } from "../consensus-error.ts";

const slabBytes = 64 * 1024;

/** Room that messages take one after the other, so that a small one needs no buffer of its own. */
interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  offset: number;
}

function createSlab(length: number): Slab {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer), offset: 0 };
}

let shared: Slab = createSlab(slabBytes);

/** Room for `length` bytes. What is not written of it goes to the next one. */
function slabFor(length: number): Slab {
  if (length > slabBytes / 4) return createSlab(length);
  if (shared.offset + length > slabBytes) shared = createSlab(slabBytes);
  return shared;
}

/**
 * Writes one message of at most the given size; one writer at a time. All integers are little-endian; counts below
 * 2^53 are written as doubles.
 */
export class ByteWriter {
  readonly #slab: Slab;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  #offset: number;

  constructor(lengthMax: number) {
    const slab = slabFor(lengthMax);
    this.#slab = slab;
    this.#bytes = slab.bytes;
    this.#view = slab.view;
    this.#start = slab.offset;
    this.#offset = slab.offset;
  }

  byte(value: number): void {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  count(value: number): void {
    this.#view.setFloat64(this.#offset, value, true);
    this.#offset += 8;
  }

  long(value: bigint): void {
    this.#view.setBigUint64(this.#offset, value, true);
    this.#offset += 8;
  }

  /** Everything to the end of the message: a message has at most one, as its last part. */
  rest(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  finish(): Uint8Array {
    this.#slab.offset = this.#offset;
    return this.#bytes.subarray(this.#start, this.#offset);
  }
}

/** Reads one message, and throws `malformed-message` where it ends early or has too much. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  flag(): boolean {
    return this.byte() === 1;
  }

  count(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    if (!Number.isSafeInteger(value)) throw malformed(`${value} is not a count`);
    return value;
  }

  long(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A copy, so that an entry that is kept does not keep all that came with it. */
  rest(): Uint8Array {
    const bytes = this.#bytes.slice(this.#offset);
    this.#offset = this.#bytes.length;
    return bytes;
  }

  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw malformed(`${left} bytes follow the end`);
  }

  #take(length: number): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw malformed("the message ends early");
    this.#offset = start + length;
    return start;
  }
}

export function malformed(what: string): ConsensusError {
  return new ConsensusError("malformed-message", what);
}
