import { closeSync, openSync, readSync } from "node:fs";
import { crc32, zstdDecompressSync } from "node:zlib";
import { RuntimeError } from "../runtime-error.ts";
import { decodeRows, encodeRows } from "../shuffle/rows-codec.ts";

/** Rows as bytes, where every thread of this process can read them. */
export type StoredBlock = SharedBlock | SpilledBlock;

/** In memory, without a copy for each reader. */
export type SharedBlock = Uint8Array<SharedArrayBuffer>;

/** In a file that the executor removes. Several blocks share one. */
export interface SpilledBlock {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  readonly crc32: number;
  /** How the bytes are to be read. undefined: as they are. */
  readonly codec?: BlockCodec | undefined;
}

/** `zstd`: as `node:zlib` has it since Node.js 22.15. */
export type BlockCodec = "zstd";

/** Shared, not transferred: the driver may hand one block to several tasks, and again after a lost thread. */
export function shareRows(rows: readonly unknown[]): SharedBlock {
  const bytes = encodeRows(rows);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** The rows of a block, wherever it is. */
export function readBlock(block: StoredBlock): unknown[] {
  return decodeRows(block instanceof Uint8Array ? block : readSpilled(block));
}

/** The rows of blocks, read when an iteration comes to them. */
export function readingBlocks<Block>(
  blocks: readonly Block[],
  read: (block: Block) => readonly unknown[],
): Iterable<readonly unknown[]> {
  return {
    *[Symbol.iterator]() {
      for (const block of blocks) yield read(block);
    },
  };
}

/** What was written, of bytes as they lie in a file. */
export function unpackedBlock(bytes: Uint8Array, codec: BlockCodec | undefined): Uint8Array {
  return codec === undefined ? bytes : zstdDecompressSync(bytes);
}

function readSpilled({ path, offset, bytes, crc32: expected, codec }: SpilledBlock): Uint8Array {
  const buffer = new Uint8Array(bytes);
  try {
    const file = openSync(path, "r");
    try {
      for (let read = 0; read < bytes;) {
        const count = readSync(file, buffer, read, bytes - read, offset + read);
        if (count === 0) throw new RangeError(`it ends ${bytes - read} bytes early`);
        read += count;
      }
    } finally {
      closeSync(file);
    }
  } catch (thrown) {
    throw new RuntimeError("spill-failed", `${path} cannot be read: ${String(thrown)}`, { cause: thrown });
  }
  if (crc32(buffer) !== expected) {
    throw new RuntimeError("corrupt-block", `${path} is damaged between byte ${offset} and ${offset + bytes}`);
  }
  return unpackedBlock(buffer, codec);
}
