import { ConsensusError } from "../consensus-error.ts";

/** Writes one message of known size. All integers are little-endian; counts below 2^53 are written as doubles. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
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
    return this.#bytes.subarray(0, this.#offset);
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
