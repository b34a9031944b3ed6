import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CoordError } from "../coord-error.ts";

/** What a zstd frame begins with (RFC 8878). No chunk of ours does. */
const zstdMagic = 0xfd2f_b528;
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Chunks of a snapshot as they are kept: on the disk, on their way to another server, and in the memory of a replica, which
 * holds the newest for those that come from far behind. A tree is mostly paths that begin alike.
 */
export function* packedChunks(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) yield zstdCompressSync(chunk, options);
}

/** Takes chunks that were never packed, too. */
export function* unpackedChunks(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    const isPacked = chunk.length >= 4 && new DataView(chunk.buffer, chunk.byteOffset).getUint32(0, true) === zstdMagic;
    yield isPacked ? unpacked(chunk) : chunk;
  }
}

function unpacked(chunk: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(chunk);
  } catch (thrown) {
    throw CoordError.from(thrown, "malformed-record");
  }
}
