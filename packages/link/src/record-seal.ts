import { createCipheriv, timingSafeEqual, type CipherGCM } from "node:crypto";
import { crc32 } from "node:zlib";
import { LinkError } from "./link-error.ts";

/**
 * Puts a tag on each record of one direction of a link, and checks it: against damage by a checksum, or, with the key that
 * came out of the handshake, against forgery, repetition and reordering by AES-GMAC over a counter. TLS brings its own.
 */
export interface RecordSeal {
  readonly tagBytes: number;
  /** The tag of the next record, which comes in parts. */
  tag(parts: readonly Uint8Array[]): Uint8Array;
  /** Checks the next record, of so many bytes, piece by piece as it comes: what was just written is in the processor's cache. */
  open(tag: Uint8Array, length: number): RecordCheck;
}

export interface RecordCheck {
  take(part: Uint8Array): void;
  /** Throws `malformed` unless the tag belongs to what was taken. */
  end(): void;
}

/**
 * From here on a record's checksum is the beginning of an AES-GMAC under a key that everybody knows: as good as CRC-32 against
 * damage, and some times as fast on processors that multiply without carry. To begin one takes longer.
 */
const longRecordBytes = 32 * 1024;

const knownKey = Buffer.alloc(32);
const knownNonce = Buffer.alloc(12);
const checksumBytes = 4;

export function createChecksumSeal(): RecordSeal {
  return {
    tagBytes: checksumBytes,
    tag(parts) {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      const checksum = openChecksum(length);
      for (const part of parts) checksum.take(part);
      return checksum.end();
    },
    open(given, length) {
      const tag = Uint8Array.from(given);
      const checksum = openChecksum(length);
      return {
        take: checksum.take,
        end() {
          if (checksum.end().equals(tag)) return;
          throw new LinkError("malformed", "the checksum of a record does not hold");
        },
      };
    },
  };
}

interface Checksum {
  readonly take: (part: Uint8Array) => void;
  readonly end: () => Buffer;
}

function openChecksum(length: number): Checksum {
  if (length >= longRecordBytes) {
    const cipher = createCipheriv("aes-256-gcm", knownKey, knownNonce);
    return { take: (part) => void cipher.setAAD(part), end: () => tagOf(cipher).subarray(0, checksumBytes) };
  }
  let checksum = 0;
  return {
    take: (part) => void (checksum = crc32(part, checksum)),
    end() {
      const bytes = Buffer.allocUnsafe(checksumBytes);
      bytes.writeUInt32BE(checksum, 0);
      return bytes;
    },
  };
}

function tagOf(cipher: CipherGCM): Buffer {
  cipher.final();
  return cipher.getAuthTag();
}

export function createKeyedSeal(key: Uint8Array): RecordSeal {
  const nonce = Buffer.alloc(12);
  let count = 0n;
  const next = (): CipherGCM => {
    count += 1n;
    nonce.writeBigUInt64BE(count, 4);
    return createCipheriv("aes-256-gcm", key, nonce);
  };
  return {
    tagBytes: 16,
    tag(parts) {
      const cipher = next();
      for (const part of parts) cipher.setAAD(part);
      return tagOf(cipher);
    },
    open(given) {
      const tag = Uint8Array.from(given);
      const cipher = next();
      return {
        take: (part) => void cipher.setAAD(part),
        end() {
          if (timingSafeEqual(tagOf(cipher), tag)) return;
          throw new LinkError("malformed", "the tag of a record does not hold");
        },
      };
    },
  };
}
