import { RuntimeError } from "../runtime-error.ts";

const alignmentBytes = 8;

type NumericArray = Int32Array | Uint32Array | Float64Array | BigInt64Array;
type NumericArrayClass<A extends NumericArray> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
};

/** Appends to a buffer that doubles as it fills. */
export interface ByteWriter {
  u8(value: number): void;
  u32(value: number): void;
  raw(bytes: Uint8Array): void;
  /** Writes the elements so that they can be read as a typed array in place. */
  aligned(values: NumericArray): void;
  /** What was written. The writer must not be used afterwards. */
  bytes(): Uint8Array;
}

export function createByteWriter(): ByteWriter {
  let buffer = new Uint8Array(1024);
  let length = 0;
  /** May replace `buffer`: call it in a statement of its own. */
  const reserve = (count: number): number => {
    const start = length;
    length += count;
    if (length > buffer.length) {
      const grown = new Uint8Array(Math.max(length, buffer.length * 2));
      grown.set(buffer);
      buffer = grown;
    }
    return start;
  };
  const raw = (bytes: Uint8Array): void => {
    const start = reserve(bytes.length);
    buffer.set(bytes, start);
  };
  return {
    u8(value) {
      const start = reserve(1);
      buffer[start] = value;
    },
    u32(value) {
      const start = reserve(4);
      new DataView(buffer.buffer).setUint32(start, value, true);
    },
    raw,
    aligned(values) {
      reserve(paddingAt(length));
      raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/** Reads what a {@link ByteWriter} wrote. Throws `corrupt-block` instead of reading past the end. */
export interface ByteReader {
  u8(): number;
  u32(): number;
  /** A view, not a copy. */
  take(count: number): Uint8Array;
  /** A view, not a copy. */
  aligned<A extends NumericArray>(type: NumericArrayClass<A>, count: number): A;
}

export function createByteReader(bytes: Uint8Array): ByteReader {
  // Typed arrays need aligned offsets in their buffer, so a block that starts elsewhere moves once.
  const source = bytes.byteOffset % alignmentBytes === 0 ? bytes : Uint8Array.from(bytes);
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let offset = 0;
  const advance = (count: number): number => {
    const start = offset;
    offset += count;
    if (offset > source.length) {
      throw new RuntimeError("corrupt-block", `${offset} bytes are needed, the block has ${source.length}`);
    }
    return start;
  };
  return {
    u8: () => view.getUint8(advance(1)),
    u32: () => view.getUint32(advance(4), true),
    take(count) {
      const start = advance(count);
      return source.subarray(start, start + count);
    },
    aligned(type, count) {
      advance(paddingAt(offset));
      const start = advance(count * type.BYTES_PER_ELEMENT);
      return new type(source.buffer, source.byteOffset + start, count);
    },
  };
}

function paddingAt(length: number): number {
  return (alignmentBytes - (length % alignmentBytes)) % alignmentBytes;
}
