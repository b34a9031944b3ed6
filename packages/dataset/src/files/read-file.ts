import type { FileReader } from "./file-access.ts";
import { locate } from "./location.ts";

const chunkBytes = 256 * 1024;

export async function openReader(name: string): Promise<FileReader> {
  const { files, path } = locate(name);
  return await files.openRead(path);
}

/** The bytes [start, end) of a file, as far as it goes. */
export async function* chunksOf(file: FileReader, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position < end;) {
    const chunk = await file.read(position, Math.min(chunkBytes, end - position));
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

/** All chunks of a file, which is closed after the last one and when the reader goes away. */
export async function* chunksOfWhole(name: string): AsyncGenerator<Buffer> {
  const file = await openReader(name);
  try {
    yield* chunksOf(file, 0, Infinity);
  } finally {
    await file.close();
  }
}
