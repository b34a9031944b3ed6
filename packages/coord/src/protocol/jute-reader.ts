import { CoordError } from "../coord-error.ts";

// A byte order mark is an ordinary character of a path, hence ignoreBOM.
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function malformed(what: string): CoordError {
  return new CoordError("malformed-record", what);
}

/**
 * Reads jute primitives from one frame. Throws `malformed-record` when the frame ends early or a length is
 * impossible; never reads or allocates beyond the frame, whatever the lengths inside it claim.
 */
export class JuteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Any non-zero byte is true, as Java reads it. */
  bool(): boolean {
    return this.#view.getUint8(this.#take(1)) !== 0;
  }

  int(): number {
    return this.#view.getInt32(this.#take(4));
  }

  long(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /** A copy, so that a small value does not keep a whole socket chunk alive. */
  buffer(): Uint8Array | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw malformed(`a buffer has length ${length}`);
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  ustring(): string | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw malformed(`a string has length ${length}`);
    const start = this.#take(length);
    return textDecoder.decode(this.#bytes.subarray(start, start + length));
  }

  /** For the fields that a record cannot do without, a path above all. */
  text(): string {
    const value = this.ustring();
    if (value === null) throw malformed("a string that must be present is null");
    return value;
  }

  /**
   * Number of elements that follow; null vectors count 0. `elementBytesMin` bounds the count by what the frame
   * can still hold, so that a claimed count never decides about memory.
   */
  count(elementBytesMin: number): number {
    const count = this.int();
    if (count === -1) return 0;
    if (count < 0 || count * elementBytesMin > this.remaining) throw malformed(`a vector has ${count} elements`);
    return count;
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      throw malformed(`${length} bytes are wanted and ${this.#bytes.length - start} are left`);
    }
    this.#offset = start + length;
    return start;
  }
}
