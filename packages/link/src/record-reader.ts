import { LinkError } from "./link-error.ts";
import type { RecordCheck, RecordSeal } from "./record-seal.ts";

const lengthBytes = 4;

/** A record that has begun to come. */
interface Arriving {
  /** A view of the chunk that has it whole, or memory of its own. */
  readonly bytes: Uint8Array;
  readonly check: RecordCheck;
  filledBytes: number;
}

/** Cuts a stream of bytes into records whose tags hold. A record is `length, tag, bytes`. */
export class RecordReader {
  #seal: RecordSeal;
  #recordBytesMax: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #arriving: Arriving | undefined;

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
    return this.#arriving?.bytes.length;
  }

  /**
   * The next complete record, as a view that nobody else writes to, or undefined. Throws `malformed` and
   * `frame-too-large`; the stream is of no use then.
   */
  next(): Uint8Array | undefined {
    this.#arriving ??= this.#begin();
    const arriving = this.#arriving;
    if (arriving === undefined) return undefined;
    this.#fill(arriving);
    if (arriving.filledBytes < arriving.bytes.length) return undefined;
    this.#arriving = undefined;
    arriving.check.end();
    return arriving.bytes;
  }

  #begin(): Arriving | undefined {
    const headBytes = lengthBytes + this.#seal.tagBytes;
    if (this.#buffered < headBytes) return undefined;
    const head = this.#take(headBytes);
    const length = new DataView(head.buffer, head.byteOffset, lengthBytes).getUint32(0);
    if (length > this.#recordBytesMax) {
      throw new LinkError("frame-too-large", `a record of ${length} bytes is above ${this.#recordBytesMax}`);
    }
    const check = this.#seal.open(head.subarray(lengthBytes), length);
    const isWhole = (this.#chunks[0]?.length ?? 0) >= length;
    if (!isWhole) return { bytes: Buffer.allocUnsafe(length), check, filledBytes: 0 };
    const bytes = this.#take(length);
    check.take(bytes);
    return { bytes, check, filledBytes: length };
  }

  /** Each byte is copied once, and checked while it is near. */
  #fill(arriving: Arriving): void {
    const { bytes, check } = arriving;
    while (arriving.filledBytes < bytes.length) {
      const [first] = this.#chunks;
      if (first === undefined) return;
      const part = this.#take(Math.min(first.length, bytes.length - arriving.filledBytes));
      bytes.set(part, arriving.filledBytes);
      check.take(part);
      arriving.filledBytes += part.length;
    }
  }

  /** So many bytes are there. A view where they are in one chunk. */
  #take(wanted: number): Uint8Array {
    let [first] = this.#chunks;
    if (first === undefined || first.length < wanted) {
      first = Buffer.concat(this.#chunks, this.#buffered);
      this.#chunks = [first];
    }
    if (first.length === wanted) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(wanted);
    this.#buffered -= wanted;
    return first.subarray(0, wanted);
  }
}
