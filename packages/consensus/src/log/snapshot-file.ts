import type { LoggedConfiguration } from "../core/configuration.ts";
import type { Snapshot } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";
import { configurationBytes, decodeConfiguration, encodeConfiguration } from "./configuration-codec.ts";
import { crc32 } from "./crc32.ts";

const snapshotMagic = 0x5354_5554; // "TUTS"
const headBytes = 4 + 4 + 8 + 8;
const chunkHeadBytes = 4;
const endBytes = 4 + 4;
/** Stands where the length of one more chunk would. */
const endMark = 0xffff_ffff;
/**
 * 1: the head also had the number of chunks, and no mark stood at the end. 2: written piece by piece, when nobody knows yet
 * how many there will be. 3: who takes part follows the head; written only where members have changed.
 */
const plainVersion = 2;
const configuredVersion = 3;

/** What a snapshot is called by before its chunks are there. */
export type SnapshotHead = Pick<Snapshot, "position" | "configuration">;

/** A snapshot as a file: a head, chunks with their lengths, a mark, and one checksum over everything before the mark. */
export function encodeSnapshotHead(node: number, { position, configuration }: SnapshotHead): Uint8Array {
  const changeBytes = configuration === undefined ? 0 : 8 + configurationBytes(configuration);
  const bytes = new Uint8Array(headBytes + changeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, snapshotMagic, true);
  view.setUint32(4, configuration === undefined ? plainVersion : configuredVersion, true);
  view.setBigUint64(8, BigInt(node), true);
  view.setBigUint64(16, position, true);
  if (configuration === undefined) return bytes;
  view.setBigUint64(headBytes, configuration.position, true);
  encodeConfiguration(view, headBytes + 8, configuration);
  return bytes;
}

function decodeLogged(view: DataView): LoggedConfiguration | undefined {
  const configuration = decodeConfiguration(view, headBytes + 8);
  return configuration === undefined ? undefined : { ...configuration, position: view.getBigUint64(headBytes, true) };
}

export function encodeChunk(chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(chunkHeadBytes + chunk.length);
  new DataView(bytes.buffer).setUint32(0, chunk.length, true);
  bytes.set(chunk, chunkHeadBytes);
  return bytes;
}

/** `crc`: of everything before. */
export function encodeSnapshotEnd(crc: number): Uint8Array {
  const bytes = new Uint8Array(endBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, endMark, true);
  view.setUint32(4, crc, true);
  return bytes;
}

/** The snapshot, or undefined when the file does not verify. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot | undefined {
  if (bytes.length < headBytes + chunkHeadBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== snapshotMagic) return undefined;
  const version = view.getUint32(4, true);
  const end = bytes.length - (version === 1 ? 4 : endBytes);
  if (version < 1 || version > configuredVersion) return undefined;
  if (version > 1 && view.getUint32(end, true) !== endMark) return undefined;
  if (view.getUint32(bytes.length - 4, true) !== crc32(bytes.subarray(0, end))) return undefined;
  const configuration = version === configuredVersion ? decodeLogged(view) : undefined;
  if (version === configuredVersion && configuration === undefined) return undefined;
  const changeBytes = configuration === undefined ? 0 : 8 + configurationBytes(configuration);
  const chunks: Uint8Array[] = [];
  for (let offset = headBytes + (version === 1 ? 4 : changeBytes); offset < end;) {
    const length = view.getUint32(offset, true);
    offset += chunkHeadBytes;
    chunks.push(bytes.slice(offset, offset + length));
    offset += length;
  }
  return { position: view.getBigUint64(16, true), chunks, ...(configuration === undefined ? {} : { configuration }) };
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
