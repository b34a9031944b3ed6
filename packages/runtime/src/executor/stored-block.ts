import { closeSync, openSync, readSync, writeSync } from "node:fs";
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
}

/** Shared, not transferred: the driver may hand one block to several tasks, and again after a lost thread. */
export function shareRows(rows: readonly unknown[]): SharedBlock {
  return share(encodeRows(rows));
}

/** Keeps slices in memory while `memoryBytesLeft` lasts, and writes the rest to a file. Slices are encoded one by one. */
export function storeSlices(
  slices: readonly (readonly unknown[])[],
  { memoryBytesLeft, spillPath }: { readonly memoryBytesLeft: number; readonly spillPath: string },
): StoredBlock[] {
  let left = memoryBytesLeft;
  let file: number | undefined;
  let offset = 0;
  try {
    return slices.map((slice) => {
      const bytes = encodeRows(slice);
      left -= bytes.length;
      if (left >= 0) return share(bytes);
      file ??= openSync(spillPath, "w");
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      const block: SpilledBlock = { path: spillPath, offset, bytes: bytes.length };
      offset += bytes.length;
      return block;
    });
  } catch (thrown) {
    if (thrown instanceof RuntimeError) throw thrown;
    throw new RuntimeError("spill-failed", `${spillPath} cannot be written: ${String(thrown)}`, { cause: thrown });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The rows of a block, wherever it is. */
export function readBlock(block: StoredBlock): unknown[] {
  return decodeRows(block instanceof Uint8Array ? block : readSpilled(block));
}

function readSpilled({ path, offset, bytes }: SpilledBlock): Uint8Array {
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
  return buffer;
}

function share(bytes: Uint8Array): SharedBlock {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
