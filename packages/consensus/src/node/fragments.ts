import { malformed } from "../wire/byte-cursor.ts";

const marks = { whole: 0, more: 1, last: 2 } as const;
/** Small against a link's largest frame, large against its overhead. */
const fragmentBytesMax = 1024 * 1024;

/** A message as the frames in which it travels: one, unless it is a large chunk of a snapshot. */
export function* fragmentsOf(message: Uint8Array): Generator<Uint8Array> {
  if (message.length <= fragmentBytesMax) {
    yield marked(marks.whole, message);
    return;
  }
  for (let start = 0; start < message.length; start += fragmentBytesMax) {
    const end = Math.min(start + fragmentBytesMax, message.length);
    yield marked(end === message.length ? marks.last : marks.more, message.subarray(start, end));
  }
}

function marked(mark: number, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + bytes.length);
  frame[0] = mark;
  frame.set(bytes, 1);
  return frame;
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
    if (mark === marks.whole && this.#parts.length === 0) return part;
    if (mark !== marks.more && (mark !== marks.last || this.#parts.length === 0)) {
      throw malformed(`a fragment with mark ${mark} behind ${this.#parts.length} others`);
    }
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > this.#messageBytesMax) {
      throw malformed(`a message of more than ${this.#messageBytesMax} bytes`);
    }
    if (mark === marks.more) return undefined;
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
