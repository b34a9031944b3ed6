import { DatasetError } from "../dataset-error.ts";
import { openReader } from "../files/read-file.ts";
import { blockBytesMax, blockHeaderBytes, decodeBlock, decodeHeader } from "../sinks/object-blocks.ts";

/** The rows of a part that `saveAsObjectFile` wrote, block by block. */
export async function* readObjectFile(path: string): AsyncGenerator<readonly unknown[]> {
  const file = await openReader(path);
  try {
    for (let position = 0; ;) {
      const head = await file.read(position, blockHeaderBytes);
      if (head.length === 0) return;
      const header = head.length < blockHeaderBytes ? undefined : decodeHeader(head);
      if (header === undefined || header.bytes > blockBytesMax) throw damaged(path, position);
      const rows = decodeBlock(header, await file.read(position + blockHeaderBytes, header.bytes));
      if (rows === undefined) throw damaged(path, position);
      yield rows;
      position += blockHeaderBytes + header.bytes;
    }
  } finally {
    await file.close();
  }
}

function damaged(path: string, position: number): DatasetError {
  return new DatasetError(
    "unreadable",
    `${path} is damaged, or no object file: the block at byte ${position} is not whole`,
  );
}
