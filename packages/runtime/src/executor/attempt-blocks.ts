import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { constants, crc32, zstdCompressSync } from "node:zlib";
import type { TaskMemory } from "../core/task.ts";
import { RuntimeError } from "../runtime-error.ts";
import { encodeRows } from "../shuffle/rows-codec.ts";
import { readBlock, type BlockCodec, type SpilledBlock, type StoredBlock } from "./stored-block.ts";

/** Typed arrays are read in place where they begin at a multiple of this. */
const alignmentBytes = 8;

/** Where an attempt may leave its blocks. */
export interface AttemptPlace {
  /** What blocks in memory may take; those beyond it go to the file. */
  readonly memoryBytesLeft: number;
  readonly spillPath: string;
  /** What the task itself may hold at once. */
  readonly workBytesMax: number;
  /** How blocks in files are packed, where that makes them smaller. Default: not at all. */
  readonly codec?: BlockCodec | undefined;
  /** One word, 1 while memory is short: then it is an eighth of that. */
  readonly isTight?: Int32Array<SharedArrayBuffer>;
}

/** How much less a task holds while memory is short. */
const tightShare = 8;

/** The file of what a task could not hold. */
export function scratchPathOf(spillPath: string): string {
  return `${spillPath}.scratch`;
}

/** What one attempt writes, as it goes. */
export interface AttemptBlocks {
  readonly memory: TaskMemory;
  /** Adds the last slices. Each slice's blocks, in the order in which they were written. */
  finish(slices: readonly (readonly unknown[])[]): StoredBlock[][];
  /** Closes the files and removes the task's own. */
  close(): void;
}

export function openAttemptBlocks({
  memoryBytesLeft,
  spillPath,
  workBytesMax,
  codec,
  isTight,
}: AttemptPlace): AttemptBlocks {
  const output = lazyFile(spillPath);
  const scratch = lazyFile(scratchPathOf(spillPath));
  const blocksOfSlices: StoredBlock[][] = [];
  let left = memoryBytesLeft;

  const emit = (slices: readonly (readonly unknown[])[]): void => {
    // Slices without rows need no block, but keep their place.
    const encoded = slices.map((rows) => (rows.length === 0 ? undefined : encodeRows(rows)));
    const packed = pack(encoded);
    left -= packed.totalBytes;
    const blocks = left >= 0 ? shared(packed) : output.append(codec === undefined ? packed : smaller(encoded));
    slices.forEach((_, index) => {
      const own = (blocksOfSlices[index] ??= []);
      const block = blocks[index];
      if (block !== undefined) own.push(block);
    });
  };

  return {
    memory: {
      get bytesMax() {
        const isShort = isTight !== undefined && Atomics.load(isTight, 0) === 1;
        return isShort ? Math.ceil(workBytesMax / tightShare) : workBytesMax;
      },
      emit,
      spill(rows) {
        const [block] = scratch.append(pack([encodeRows(rows)]));
        return () => (block === undefined ? [] : readBlock(block));
      },
    },
    finish(slices) {
      emit(slices);
      return blocksOfSlices;
    },
    close() {
      output.close();
      scratch.close();
      rmSync(scratch.path, { force: true });
    },
  };
}

/** With less there is little to gain, and each takes some microseconds to begin. */
const smallBytes = 4 * 1024;

/** What stays larger than this share of itself costs more to read than it saves on its way. */
const worthShare = 0.9;

const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Each part as zstd, where it pays. */
function smaller(parts: readonly (Uint8Array | undefined)[]): Packed {
  const codecs: (BlockCodec | undefined)[] = [];
  const made = parts.map((part, index) => {
    if (part === undefined || part.length < smallBytes) return part;
    const compressed = zstdCompressSync(part, fast);
    if (compressed.length > worthShare * part.length) return part;
    codecs[index] = "zstd";
    return compressed;
  });
  return { ...pack(made), codecs };
}

interface Packed {
  /** Of parts that are not as they were. */
  readonly codecs?: readonly (BlockCodec | undefined)[];
  readonly parts: readonly (Uint8Array | undefined)[];
  readonly offsets: readonly number[];
  readonly totalBytes: number;
}

/** Parts one after another, each where it can be read in place. */
function pack(parts: readonly (Uint8Array | undefined)[]): Packed {
  let totalBytes = 0;
  const offsets = parts.map((part) => {
    const offset = totalBytes;
    totalBytes += Math.ceil((part?.length ?? 0) / alignmentBytes) * alignmentBytes;
    return offset;
  });
  return { parts, offsets, totalBytes };
}

/** One buffer for all: thousands of small ones would each take a page. */
function shared({ parts, offsets, totalBytes }: Packed): (StoredBlock | undefined)[] {
  const buffer = new SharedArrayBuffer(totalBytes);
  return parts.map((part, index) => {
    if (part === undefined) return undefined;
    const block = new Uint8Array(buffer, offsets[index] ?? 0, part.length);
    block.set(part);
    return block;
  });
}

interface LazyFile {
  readonly path: string;
  append(packed: Packed): (SpilledBlock | undefined)[];
  close(): void;
}

/** A file that exists once something is written. */
function lazyFile(path: string): LazyFile {
  let file: number | undefined;
  let length = 0;
  return {
    path,
    append({ parts, offsets, totalBytes, codecs = [] }) {
      const bytes = new Uint8Array(totalBytes);
      parts.forEach((part, index) => part !== undefined && bytes.set(part, offsets[index]));
      try {
        file ??= openSync(path, "w");
        for (let written = 0; written < totalBytes;) written += writeSync(file, bytes, written);
      } catch (thrown) {
        throw new RuntimeError("spill-failed", `${path} cannot be written: ${String(thrown)}`, { cause: thrown });
      }
      const start = length;
      length += totalBytes;
      return parts.map((part, index) => {
        if (part === undefined) return undefined;
        const codec = codecs[index];
        const place = { path, offset: start + (offsets[index] ?? 0), bytes: part.length, crc32: crc32(part) };
        return codec === undefined ? place : { ...place, codec };
      });
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
