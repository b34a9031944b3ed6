/** What a decoder has next: a payload, nothing yet, or the end because a length was impossible. */
export type FrameStep =
  | { readonly kind: "frame"; readonly payload: Uint8Array }
  | { readonly kind: "partial" }
  | { readonly kind: "illegal-length"; readonly length: number };

const partial: FrameStep = { kind: "partial" };
const lengthBytes = 4;
const none = new Uint8Array(0);

/**
 * Cuts a byte stream into length-prefixed frames, however it arrives.
 *
 * Bound: holds at most one frame and one chunk (`frameBytesMax` + 4 + the chunk), and makes room for a frame only
 * as its bytes arrive, so that a claimed length costs nothing. A payload is a view that stays valid until the next
 * `push`; whoever keeps it copies.
 */
export class FrameDecoder {
  readonly #frameBytesMax: number;
  #bytes: Uint8Array = none;
  /** False while the bytes are the caller's chunk, into which nothing may be written. */
  #owned = false;
  #start = 0;
  #end = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes that have come and are not part of a frame handed out yet. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.pendingBytes === 0) {
      this.#bytes = chunk;
      this.#owned = false;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (!this.#owned || this.#bytes.length - this.#end < chunk.length) this.#moveToOwn(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Four of the next bytes as a number, without taking them; undefined while there are fewer. */
  peekInt(offset: number = 0): number | undefined {
    if (this.pendingBytes < offset + lengthBytes) return undefined;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#start + offset, lengthBytes).getInt32(0);
  }

  next(): FrameStep {
    const length = this.peekInt();
    if (length === undefined) return partial;
    if (length < 0 || length > this.#frameBytesMax) return { kind: "illegal-length", length };
    if (this.pendingBytes < lengthBytes + length) return partial;
    const start = this.#start + lengthBytes;
    this.#start = start + length;
    return { kind: "frame", payload: this.#bytes.subarray(start, start + length) };
  }

  /** Doubling keeps a frame that arrives byte by byte linear. */
  #moveToOwn(more: number): void {
    const pending = this.pendingBytes;
    const grown = new Uint8Array(Math.max(pending + more, Math.min(pending * 2, this.#frameBytesMax + lengthBytes)));
    grown.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = grown;
    this.#owned = true;
    this.#start = 0;
    this.#end = pending;
  }
}
