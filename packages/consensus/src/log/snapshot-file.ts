import type { Snapshot } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";
import { crc32 } from "./crc32.ts";

const snapshotMagic = 0x5354_5554; // "TUTS"
const headerBytes = 4 + 4 + 8 + 8 + 4;

/** A snapshot as a file: header, chunks with their lengths, and one checksum over everything. */
export function encodeSnapshot(node: number, snapshot: Snapshot): Uint8Array {
  const length = snapshot.chunks.reduce((sum, chunk) => sum + 4 + chunk.length, headerBytes + 4);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, snapshotMagic, true);
  view.setUint32(4, 1, true);
  view.setBigUint64(8, BigInt(node), true);
  view.setBigUint64(16, snapshot.position, true);
  view.setUint32(24, snapshot.chunks.length, true);
  let offset = headerBytes;
  for (const chunk of snapshot.chunks) {
    view.setUint32(offset, chunk.length, true);
    bytes.set(chunk, offset + 4);
    offset += 4 + chunk.length;
  }
  view.setUint32(offset, crc32(bytes.subarray(0, offset)), true);
  return bytes;
}

/** The snapshot, or undefined when the file does not verify. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot | undefined {
  if (bytes.length < headerBytes + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 4;
  if (view.getUint32(0, true) !== snapshotMagic || view.getUint32(4, true) !== 1) return undefined;
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) return undefined;
  const chunks: Uint8Array[] = [];
  let offset = headerBytes;
  for (let left = view.getUint32(24, true); left > 0; left -= 1) {
    const chunkBytes = view.getUint32(offset, true);
    chunks.push(bytes.slice(offset + 4, offset + 4 + chunkBytes));
    offset += 4 + chunkBytes;
  }
  return { position: view.getBigUint64(16, true), chunks };
}

/** File names sort by position. */
export function snapshotName(position: Zxid): string {
  return `snapshot-${position.toString(16).padStart(16, "0")}`;
}

/** The position in a snapshot's name, or undefined for another file. */
export function parseSnapshotName(name: string): Zxid | undefined {
  const match = /^snapshot-([0-9a-f]{16})$/.exec(name);
  return match?.[1] === undefined ? undefined : BigInt(`0x${match[1]}`);
}
