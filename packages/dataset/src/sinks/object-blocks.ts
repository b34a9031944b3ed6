import { crc32 } from "node:zlib";
import { decodeRows, encodeRows } from "@tutti/runtime";

/**
 * The format of `saveAsObjectFile`: blocks one after another, each its length and the CRC-32 of its bytes (u32, little
 * endian), then rows as the runtime's codec writes them. An empty partition is an empty file.
 */
export const blockHeaderBytes = 8;
/** A longer block was not written by us. */
export const blockBytesMax: number = 1024 * 1024 * 1024;

export interface BlockHeader {
  readonly bytes: number;
  readonly crc: number;
}

export function encodeBlock(rows: readonly unknown[]): Uint8Array {
  const body = encodeRows(rows);
  const block = Buffer.allocUnsafe(blockHeaderBytes + body.length);
  block.writeUInt32LE(body.length, 0);
  block.writeUInt32LE(crc32(body), 4);
  block.set(body, blockHeaderBytes);
  return block;
}

export function decodeHeader(bytes: Buffer): BlockHeader {
  return { bytes: bytes.readUInt32LE(0), crc: bytes.readUInt32LE(4) };
}

/** The rows of a block, or undefined where it is not what was written. */
export function decodeBlock(header: BlockHeader, body: Uint8Array): readonly unknown[] | undefined {
  return body.length === header.bytes && crc32(body) === header.crc ? decodeRows(body) : undefined;
}
