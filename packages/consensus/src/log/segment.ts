import type { Epochs } from "../core/effects.ts";
import type { Zxid } from "../core/zxid.ts";
import { crc32 } from "./crc32.ts";
import { decodeRecords, type LogRecord } from "./record-codec.ts";

/**
 * A segment is a header and batches, each aligned to 8 bytes. A batch is what one sync made durable, and one sync at a
 * time is under way: so a batch that is followed by another was durable.
 *
 * Every batch carries a checksum seeded with its segment's header, and the checksum of the batch before it. Bytes of
 * another segment, of another place or of an earlier life never verify.
 */
export interface SegmentHeader {
  readonly node: number;
  readonly number: number;
  /** The segment that this one goes on from, and how many of its bytes count; 0 when history begins here. */
  readonly previous: number;
  readonly previousBytes: number;
  /** Where the log ended when the segment was begun. */
  readonly base: Zxid;
  readonly epochs: Epochs;
}

export const segmentHeaderBytes = 64;
export const batchHeaderBytes = 24;
const headerMagic = 0x4c54_5554; // "TUTL"
const batchMagic = 0x4254_5554; // "TUTB"
const formatVersion = 1;

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, headerMagic, true);
  view.setUint32(4, formatVersion, true);
  view.setBigUint64(8, BigInt(header.node), true);
  view.setUint32(16, header.number, true);
  view.setUint32(20, header.previous, true);
  view.setUint32(24, header.previousBytes, true);
  view.setBigUint64(28, header.base, true);
  view.setUint32(36, header.epochs.accepted, true);
  view.setUint32(40, header.epochs.current, true);
  view.setUint32(44, header.epochs.voting ? 1 : 0, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** The header, or undefined when its checksum or version does not hold. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== headerMagic || view.getUint32(4, true) !== formatVersion) return undefined;
  if (view.getUint32(60, true) !== crc32(bytes.subarray(0, 60))) return undefined;
  return {
    node: Number(view.getBigUint64(8, true)),
    number: view.getUint32(16, true),
    previous: view.getUint32(20, true),
    previousBytes: view.getUint32(24, true),
    base: view.getBigUint64(28, true),
    epochs: {
      accepted: view.getUint32(36, true),
      current: view.getUint32(40, true),
      voting: view.getUint32(44, true) === 1,
    },
  };
}

/** The seed of all checksums in a segment: the checksum of its header. */
export function segmentSalt(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(60, true);
}

interface Batch {
  readonly sequence: number;
  readonly previousCrc: number;
  readonly crc: number;
  readonly payload: Uint8Array;
}

export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly crc: number;
}

export interface BatchPlace {
  readonly salt: number;
  readonly sequence: number;
  readonly previousCrc: number;
}

/** Rounded up to the alignment of batches. */
export function alignedBytes(length: number): number {
  return (length + 7) & ~7;
}

export function encodeBatch(payload: Uint8Array, place: BatchPlace): EncodedBatch {
  const bytes = new Uint8Array(alignedBytes(batchHeaderBytes + payload.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, batchMagic, true);
  view.setUint32(8, payload.length, true);
  view.setUint32(12, place.sequence, true);
  view.setUint32(16, place.previousCrc, true);
  bytes.set(payload, batchHeaderBytes);
  const crc = crc32(bytes.subarray(8, batchHeaderBytes + payload.length), place.salt);
  view.setUint32(4, crc, true);
  return { bytes, crc };
}

/** The batch at `offset`, or undefined when there is none whose checksum holds. */
function decodeBatch(bytes: Uint8Array, offset: number, salt: number): Batch | undefined {
  if (offset + batchHeaderBytes > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  if (view.getUint32(0, true) !== batchMagic) return undefined;
  const payloadBytes = view.getUint32(8, true);
  const end = offset + batchHeaderBytes + payloadBytes;
  if (end > bytes.length) return undefined;
  const crc = crc32(bytes.subarray(offset + 8, end), salt);
  if (crc !== view.getUint32(4, true)) return undefined;
  return {
    sequence: view.getUint32(12, true),
    previousCrc: view.getUint32(16, true),
    crc,
    payload: bytes.subarray(offset + batchHeaderBytes, end),
  };
}

export interface SegmentContent {
  readonly records: readonly LogRecord[];
  /** Where the last good batch begins; where it ends if there is none. */
  readonly lastBytes: number;
  /** Where the last good batch ends. */
  readonly endBytes: number;
  /** Bytes of an unfinished batch behind it; they were never acknowledged. */
  readonly tornBytes: number;
  /** True when something that was durable does not verify. */
  readonly damaged: boolean;
}

/**
 * Reads the batches of a segment. With `knownBytes`, from its successor's header, everything up to there must verify.
 * Without, the first bad batch is the torn tail of the last write, unless a good batch stands behind it: that one was
 * begun only after the bad one was durable.
 */
export function readSegment(bytes: Uint8Array, knownBytes: number | undefined): SegmentContent {
  const salt = segmentSalt(bytes);
  const records: LogRecord[] = [];
  const limit = knownBytes ?? bytes.length;
  let offset = segmentHeaderBytes;
  let lastBytes = offset;
  let sequence = 0;
  let previousCrc = salt;
  while (offset < limit) {
    const batch = decodeBatch(bytes, offset, salt);
    const inChain = batch !== undefined && batch.sequence === sequence + 1 && batch.previousCrc === previousCrc;
    const decoded = inChain ? decodeRecords(batch.payload) : undefined;
    if (batch === undefined || decoded === undefined) break;
    // An empty batch is a seal: proof that what precedes it was durable. The next batch takes its place.
    if (decoded.length === 0) {
      return { records, lastBytes, endBytes: offset, tornBytes: 0, damaged: knownBytes !== undefined };
    }
    records.push(...decoded);
    sequence = batch.sequence;
    previousCrc = batch.crc;
    lastBytes = offset;
    offset += alignedBytes(batchHeaderBytes + batch.payload.length);
  }
  if (knownBytes !== undefined) {
    return { records, lastBytes, endBytes: offset, tornBytes: 0, damaged: offset !== knownBytes };
  }
  const damaged = hasLaterBatch(bytes, offset, salt);
  return { records, lastBytes, endBytes: offset, tornBytes: damaged ? 0 : countTorn(bytes, offset), damaged };
}

function hasLaterBatch(bytes: Uint8Array, start: number, salt: number): boolean {
  for (let offset = start + 8; offset + batchHeaderBytes <= bytes.length; offset += 8) {
    // Nearly all of it is zeros: half a million places in a segment of 4 MiB.
    if (bytes[offset] === (batchMagic & 0xff) && decodeBatch(bytes, offset, salt) !== undefined) return true;
  }
  return false;
}

/** Segments are zero-filled, so whatever is not zero behind the last good batch is a piece of an unfinished one. */
function countTorn(bytes: Uint8Array, start: number): number {
  let end = bytes.length;
  while (end > start && bytes[end - 1] === 0) end -= 1;
  return end - start;
}
