import { createCipheriv, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { LinkError } from "./link-error.ts";

/**
 * Puts a tag on each record of one direction of a link, and checks it: against damage by CRC-32, or, with the key that
 * came out of the handshake, against forgery, repetition and reordering by AES-GMAC over a counter. TLS brings its own.
 */
export interface RecordSeal {
  readonly tagBytes: number;
  /** The tag of the next record, which comes in parts. */
  tag(parts: readonly Uint8Array[]): Uint8Array;
  /** Throws `malformed` unless `tag` belongs to the next record. */
  check(record: Uint8Array, tag: Uint8Array): void;
}

export function createChecksumSeal(): RecordSeal {
  return {
    tagBytes: 4,
    tag: (parts) => {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt32BE(
        parts.reduce((checksum, part) => crc32(part, checksum), 0),
        0,
      );
      return bytes;
    },
    check: (record, tag) => {
      const expected = Buffer.from(tag.buffer, tag.byteOffset, 4).readUInt32BE(0);
      if (crc32(record) !== expected) throw new LinkError("malformed", "the checksum of a record does not hold");
    },
  };
}

export function createKeyedSeal(key: Uint8Array): RecordSeal {
  const nonce = Buffer.alloc(12);
  let count = 0n;
  const next = (parts: readonly Uint8Array[]): Buffer => {
    count += 1n;
    nonce.writeBigUInt64BE(count, 4);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    for (const part of parts) cipher.setAAD(part);
    cipher.final();
    return cipher.getAuthTag();
  };
  return {
    tagBytes: 16,
    tag: next,
    check: (record, tag) => {
      if (!timingSafeEqual(next([record]), tag)) throw new LinkError("malformed", "the tag of a record does not hold");
    },
  };
}
