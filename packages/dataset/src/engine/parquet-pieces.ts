import { open } from "node:fs/promises";
import path from "node:path";
import { sqlText } from "../plan/functions/sql-type.ts";

/** A block holds rows; a file of Parquet is some of them: pieces, the first of which says 0. */
export type Piece = readonly [index: number, bytes: Uint8Array];

/** How rows that change places are written: large dictionaries cost a third more than the bytes that they save. */
export const exchangeFormat = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1000";

/** Small enough for buffers, large enough that a file is few. */
const pieceBytesMax = 4 * 1024 * 1024;

export async function readPieces(file: string): Promise<Piece[]> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const pieces: Piece[] = [];
    for (let offset = 0; offset < size; offset += pieceBytesMax) {
      const bytes = new Uint8Array(Math.min(pieceBytesMax, size - offset));
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
        if (bytesRead === 0) throw new Error(`${file} became shorter while it was read`);
        filled += bytesRead;
      }
      pieces.push([pieces.length, bytes]);
    }
    return pieces;
  } finally {
    await handle.close();
  }
}

/** Makes files of pieces again, in their order. */
export async function writePieces(
  blocks: Iterable<readonly unknown[]>,
  { directory, name }: { readonly directory: string; readonly name: string },
): Promise<string[]> {
  const files: string[] = [];
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    for (const block of blocks) {
      for (const [index, bytes] of block as readonly Piece[]) {
        if (index === 0 || handle === undefined) {
          await handle?.close();
          const file = path.join(directory, `${name}-${files.length}.parquet`);
          files.push(file);
          handle = await open(file, "w");
        }
        await handle.writeFile(bytes);
      }
    }
  } finally {
    await handle?.close();
  }
  return files;
}

export function parquetOf(files: readonly string[]): string {
  return `read_parquet([${files.map(sqlText).join(", ")}], hive_partitioning = false)`;
}
