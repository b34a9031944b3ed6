import { malformed } from "../wire/byte-cursor.ts";

/** The first byte of every frame: whether it is a message, or a part of one. */
export const wholeMark = 0;
const moreMark = 1;
const lastMark = 2;
/** Small against a link's largest frame, large against its overhead. */
const fragmentBytesMax = 1024 * 1024;

/** A message behind `wholeMark` as the frames in which it travels: itself, unless it is a large chunk of a snapshot. */
export function* fragmentsOf(marked: Uint8Array): Generator<Uint8Array> {
  if (marked.length <= fragmentBytesMax) {
    yield marked;
    return;
  }
  for (let start = 1; start < marked.length; start += fragmentBytesMax) {
    const end = Math.min(start + fragmentBytesMax, marked.length);
    const frame = new Uint8Array(1 + end - start);
    frame[0] = end === marked.length ? lastMark : moreMark;
    frame.set(marked.subarray(start, end), 1);
    yield frame;
  }
}

/** Puts the fragments of one link together again. */
export class FragmentJoiner {
  readonly #messageBytesMax: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** The message that this frame completes, if it does. Throws `malformed-message`. */
  add(frame: Uint8Array): Uint8Array | undefined {
    const [mark] = frame;
    const part = frame.subarray(1);
    if (mark === wholeMark && this.#parts.length === 0) return part;
    if (mark !== moreMark && (mark !== lastMark || this.#parts.length === 0)) {
      throw malformed(`a fragment with mark ${mark} behind ${this.#parts.length} others`);
    }
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > this.#messageBytesMax) {
      throw malformed(`a message of more than ${this.#messageBytesMax} bytes`);
    }
    if (mark === moreMark) return undefined;
    const message = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const one of this.#parts) {
      message.set(one, offset);
      offset += one.length;
    }
    this.#parts = [];
    this.#bytes = 0;
    return message;
  }
}
