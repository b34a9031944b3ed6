import { LinkError } from "./link-error.ts";
import type { RecordSeal } from "./record-seal.ts";

const lengthBytes = 4;

/** Cuts a stream of bytes into records whose tags hold. A record is `length, tag, bytes`. */
export class RecordReader {
  #seal: RecordSeal;
  #recordBytesMax: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;

  constructor(seal: RecordSeal, recordBytesMax: number) {
    this.#seal = seal;
    this.#recordBytesMax = recordBytesMax;
  }

  /** From the next record on. */
  become(seal: RecordSeal, recordBytesMax: number): void {
    this.#seal = seal;
    this.#recordBytesMax = recordBytesMax;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /** The length of the record that has begun and is not complete, if there is one. */
  get openBytes(): number | undefined {
    if (this.#buffered < lengthBytes) return undefined;
    const head = this.#front(lengthBytes);
    return new DataView(head.buffer, head.byteOffset, lengthBytes).getUint32(0);
  }

  /**
   * The next complete record, as a view that nobody else writes to, or undefined. Throws `malformed` and
   * `frame-too-large`; the stream is of no use then.
   */
  next(): Uint8Array | undefined {
    const headBytes = lengthBytes + this.#seal.tagBytes;
    if (this.#buffered < headBytes) return undefined;
    const head = this.#front(headBytes);
    const length = new DataView(head.buffer, head.byteOffset, lengthBytes).getUint32(0);
    if (length > this.#recordBytesMax) {
      throw new LinkError("frame-too-large", `a record of ${length} bytes is above ${this.#recordBytesMax}`);
    }
    if (this.#buffered < headBytes + length) return undefined;
    const bytes = this.#front(headBytes + length);
    this.#chunks[0] = bytes.subarray(headBytes + length);
    this.#buffered -= headBytes + length;
    const record = bytes.subarray(headBytes, headBytes + length);
    this.#seal.check(record, bytes.subarray(lengthBytes, headBytes));
    return record;
  }

  /** The first chunk, made at least `wanted` bytes long; so many are there. Each byte is copied at most twice. */
  #front(wanted: number): Uint8Array {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= wanted) return first;
    const joined = Buffer.concat(this.#chunks, this.#buffered);
    this.#chunks = [joined];
    return joined;
  }
}
