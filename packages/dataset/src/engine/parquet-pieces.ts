import path from "node:path";
import type { FileWriter } from "../files/file-access.ts";
import { localFiles } from "../files/local-files.ts";
import { sqlText } from "../plan/functions/sql-type.ts";

/** A block holds rows; a file of Parquet is some of them: pieces, the first of which says 0. */
export type Piece = readonly [index: number, bytes: Uint8Array];

/** How rows that change places are written: large dictionaries cost a third more than the bytes that they save. */
export const exchangeFormat = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1000";

/** Small enough for buffers, large enough that a file is few. */
const pieceBytesMax = 4 * 1024 * 1024;

export async function readPieces(file: string): Promise<Piece[]> {
  const size = (await localFiles.look(file))?.bytes ?? 0;
  const reader = await localFiles.openRead(file);
  try {
    const pieces: Piece[] = [];
    for (let offset = 0; offset < size; offset += pieceBytesMax) {
      const { buffer, byteOffset, length } = await reader.read(offset, Math.min(pieceBytesMax, size - offset));
      pieces.push([pieces.length, new Uint8Array(buffer, byteOffset, length)]);
    }
    return pieces;
  } finally {
    await reader.close();
  }
}

/** Makes files of pieces again, in their order. */
export async function writePieces(
  blocks: Iterable<readonly unknown[]>,
  { directory, name }: { readonly directory: string; readonly name: string },
): Promise<string[]> {
  const files: string[] = [];
  let writer: FileWriter | undefined;
  try {
    for (const block of blocks) {
      for (const [index, bytes] of block as readonly Piece[]) {
        if (index === 0 || writer === undefined) {
          await writer?.close();
          const file = path.join(directory, `${name}-${files.length}.parquet`);
          files.push(file);
          writer = await localFiles.openWrite(file);
        }
        await writer.append(bytes);
      }
    }
  } finally {
    await writer?.close();
  }
  return files;
}

export function parquetOf(files: readonly string[]): string {
  return `read_parquet([${files.map(sqlText).join(", ")}], hive_partitioning = false)`;
}
