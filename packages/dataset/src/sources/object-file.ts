import { open, type FileHandle } from "node:fs/promises";
import { DatasetError } from "../dataset-error.ts";
import { blockBytesMax, blockHeaderBytes, decodeBlock, decodeHeader } from "../sinks/object-blocks.ts";

/** The rows of a part that `saveAsObjectFile` wrote, block by block. */
export async function* readObjectFile(path: string): AsyncGenerator<readonly unknown[]> {
  const file = await open(path, "r").catch((thrown: unknown) => {
    throw new DatasetError("unreadable", `${path} cannot be read: ${String(thrown)}`, { cause: thrown });
  });
  try {
    for (let position = 0; ;) {
      const head = await readAt(file, position, blockHeaderBytes);
      if (head.length === 0) return;
      const header = head.length < blockHeaderBytes ? undefined : decodeHeader(head);
      if (header === undefined || header.bytes > blockBytesMax) throw damaged(path, position);
      const rows = decodeBlock(header, await readAt(file, position + blockHeaderBytes, header.bytes));
      if (rows === undefined) throw damaged(path, position);
      yield rows;
      position += blockHeaderBytes + header.bytes;
    }
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafeSlow(length), position });
  return buffer.subarray(0, bytesRead);
}

function damaged(path: string, position: number): DatasetError {
  return new DatasetError(
    "unreadable",
    `${path} is damaged, or no object file: the block at byte ${position} is not whole`,
  );
}
