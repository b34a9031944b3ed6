import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DatasetError } from "../dataset-error.ts";
import type { FileReader } from "../files/file-access.ts";
import { chunksOf, chunksOfWhole, openReader } from "../files/read-file.ts";
import { findFiles, type FoundFile } from "./find-files.ts";

/** A part of a text file: the lines that start in [start, end). */
export interface TextSplit {
  readonly path: string;
  readonly start: number;
  /** undefined: a compressed file, which is read whole. */
  readonly end: number | undefined;
}

const splitBytesMax = 32 * 1024 * 1024;
/** A line that is longer is a file without lines, and would fill the memory. */
const lineBytesMax = 256 * 1024 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;
const compressedEnding = /\.(gz|zst)$/;

/** Cuts files into splits of at most 32 MiB, and into at least `partitionsMin` where the bytes allow. */
export async function planTextSplits(pattern: string, partitionsMin: number): Promise<readonly TextSplit[]> {
  const files = await findFiles(pattern);
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const splitBytes = Math.max(1, Math.min(splitBytesMax, Math.ceil(totalBytes / partitionsMin)));
  return files.flatMap((file) => splitsOf(file, splitBytes));
}

function splitsOf(file: FoundFile, splitBytes: number): TextSplit[] {
  if (compressedEnding.test(file.path)) return [{ path: file.path, start: 0, end: undefined }];
  const splits: TextSplit[] = [];
  for (let start = 0; start < file.bytes; start += splitBytes) {
    splits.push({ path: file.path, start, end: Math.min(file.bytes, start + splitBytes) });
  }
  return splits;
}

/**
 * The lines of a split, in batches, without their line ends (`\n` or `\r\n`). Invalid UTF-8 is replaced, as in Spark.
 *
 * A line belongs to the split in which it starts: a split that starts inside a line skips to the next one, and reads
 * past its end to finish the last. Only whole lines are decoded, so no character is ever cut.
 */
export async function* readTextLines({ path, start, end }: TextSplit): AsyncGenerator<string[]> {
  if (end === undefined) {
    yield* linesOf(decompressed(path), path);
    return;
  }
  const file = await openReader(path);
  try {
    const first = start === 0 ? 0 : await lineStartAfter(file, start - 1);
    const last = await lineStartAfter(file, end - 1);
    yield* linesOf(chunksOf(file, first, last), path);
  } finally {
    await file.close();
  }
}

/** Where the first line starts that begins after the byte at `position`; the end of the file where none does. */
async function lineStartAfter(file: FileReader, position: number): Promise<number> {
  let offset = position;
  for await (const chunk of chunksOf(file, position, Infinity)) {
    const found = chunk.indexOf(newline);
    if (found >= 0) return offset + found + 1;
    offset += chunk.length;
  }
  return offset;
}

async function* linesOf(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<string[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    const lineEnd = chunk.lastIndexOf(newline);
    if (lineEnd >= 0) {
      yield splitLines(Buffer.concat([...rest, chunk.subarray(0, lineEnd)]));
      rest = [];
      restBytes = 0;
    }
    rest.push(chunk.subarray(lineEnd + 1));
    restBytes += chunk.length - lineEnd - 1;
    if (restBytes > lineBytesMax)
      throw new DatasetError("unreadable", `${path} has a line of more than ${lineBytesMax} bytes`);
  }
  if (restBytes > 0) yield splitLines(Buffer.concat(rest));
}

function splitLines(bytes: Buffer): string[] {
  const lines = bytes.toString("utf8").split("\n");
  if (!bytes.includes(carriageReturn)) return lines;
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

async function* decompressed(path: string): AsyncGenerator<Buffer> {
  const inflate = path.endsWith(".gz") ? createGunzip() : createZstdDecompress();
  // What goes wrong reaches the loop below, which the stream ends with it.
  const source = pipeline(Readable.from(chunksOfWhole(path)), inflate, () => undefined);
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch (thrown) {
    if (thrown instanceof DatasetError) throw thrown;
    throw new DatasetError("unreadable", `${path} cannot be read: ${String(thrown)}`, { cause: thrown });
  }
}
