import { LinkError } from "./link-error.ts";

const lengthBytes = 4;
/** Frames are gathered into records up to about this size. A longer frame has a record to itself. */
const recordBytesAim = 64 * 1024;

/** What a frame takes in a record. */
export function framedBytes(frame: Uint8Array): number {
  return lengthBytes + frame.length;
}

/**
 * Joins frames into as few records as their sizes allow, in their order. A record comes in parts, so that a long frame need
 * not be copied.
 */
export function* recordsOf(frames: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (let first = 0; first < frames.length;) {
    let bytes = 0;
    let end = first;
    while (end < frames.length) {
      const next = framedBytes(frames[end] as Uint8Array);
      if (end > first && bytes + next > recordBytesAim) break;
      bytes += next;
      end += 1;
    }
    if (bytes > recordBytesAim) yield longRecord(frames[first] as Uint8Array);
    else yield [joined(frames.slice(first, end), bytes)];
    first = end;
  }
}

function longRecord(frame: Uint8Array): readonly Uint8Array[] {
  const head = Buffer.allocUnsafe(lengthBytes);
  head.writeUInt32BE(frame.length, 0);
  return [head, frame];
}

function joined(frames: readonly Uint8Array[], bytes: number): Buffer {
  const record = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for (const frame of frames) {
    record.writeUInt32BE(frame.length, offset);
    record.set(frame, offset + lengthBytes);
    offset += framedBytes(frame);
  }
  return record;
}

/** The frames of a record, as views, and never as a Buffer, whose `slice` does not copy. */
export function* framesOf(record: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  for (let offset = 0; offset < record.length;) {
    const start = offset + lengthBytes;
    const end = start <= record.length ? start + view.getUint32(offset) : Number.POSITIVE_INFINITY;
    if (end > record.length) throw new LinkError("malformed", "a frame reaches beyond its record");
    yield new Uint8Array(record.buffer, record.byteOffset + start, end - start);
    offset = end;
  }
}
