import { open as openFile } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import type { Link } from "@tutti/link";
import { RuntimeError } from "../runtime-error.ts";
import {
  decodeFrame,
  encodeMessage,
  openChunk,
  type ClusterMessage,
  type FetchMessage,
  type FetchProblem,
  type FileRange,
} from "./messages.ts";

/** Larger chunks were slower. */
const chunkBytes = 1024 * 1024;

/** What may wait for a peer before the next chunk is read. */
const aheadBytesMax = 8 * chunkBytes;

/** Messages and blocks over one link. */
export interface Channel {
  readonly link: Link;
  send(message: ClusterMessage): void;
  /** Resolves when there is room for more, or nobody to send to. */
  ready(): Promise<void>;
  /**
   * Reads ranges of the peer's files, one after another. Gives what went wrong, which is no error of the caller's. The peer
   * compares their checksums, unless the caller says that it does so itself.
   */
  fetch(
    ranges: readonly FileRange[],
    take: (bytes: Uint8Array) => void,
    isChecked?: boolean,
  ): Promise<FetchProblem | undefined>;
}

export interface ChannelParts {
  readonly link: Link;
  /** Whose files the peer may fetch. undefined: none. */
  readonly directory: string | undefined;
  readonly onMessage: (message: Exclude<ClusterMessage, FetchMessage>) => void;
  readonly onDown: (reason: Error) => void;
}

interface Fetch {
  readonly take: (bytes: Uint8Array) => void;
  readonly done: PromiseWithResolvers<FetchProblem | undefined>;
}

/** Must be called in the turn in which the link was handed out. */
export function openChannel({ link, directory, onMessage, onDown }: ChannelParts): Channel {
  const fetches = new Map<number, Fetch>();
  let fetchCount = 0;
  let drained = Promise.withResolvers<void>();
  let downReason: Error | undefined;
  const send = (message: ClusterMessage): void => link.send(encodeMessage(message));

  const ready = async (): Promise<void> => {
    while (link.unsentBytes > aheadBytesMax && downReason === undefined) {
      drained = Promise.withResolvers();
      await drained.promise;
    }
  };

  const serve = async ({ id, ranges, isChecked }: Extract<FetchMessage, { kind: "fetch" }>): Promise<void> => {
    let problem: FetchProblem | undefined;
    let place = 0;
    try {
      if (directory === undefined) throw new RuntimeError("invalid-argument", "nothing can be fetched here");
      for (const [index, range] of ranges.entries()) {
        place = index;
        const open = (bytes: number): Chunk => openChunk(id, bytes);
        for await (const frame of chunksOf(directory, range, { open, isChecked })) {
          if (downReason !== undefined) return;
          link.send(frame);
          await ready();
        }
      }
    } catch (thrown) {
      problem = { message: String(thrown), range: place };
    }
    send({ kind: "fetched", id, problem });
  };

  const finish = (id: number, problem: FetchProblem | undefined): void => {
    fetches.get(id)?.done.resolve(problem);
    fetches.delete(id);
  };

  link.listen({
    frame(bytes) {
      const frame = decodeFrame(bytes);
      if (frame.kind === "chunk") return fetches.get(frame.id)?.take(frame.bytes);
      const { message } = frame;
      if (message.kind === "fetch") void serve(message);
      else if (message.kind === "fetched") finish(message.id, message.problem);
      else onMessage(message);
    },
    down(reason) {
      downReason = reason;
      drained.resolve();
      for (const id of [...fetches.keys()]) finish(id, problemOf(reason));
      onDown(reason);
    },
    drained: () => drained.resolve(),
  });

  return {
    link,
    send,
    ready,
    async fetch(ranges, take, isChecked = true) {
      if (ranges.length === 0) return undefined;
      if (downReason !== undefined) return problemOf(downReason);
      const id = fetchCount++;
      const done = Promise.withResolvers<FetchProblem | undefined>();
      fetches.set(id, { take, done });
      send({ kind: "fetch", id, ranges, isChecked });
      return await done.promise;
    },
  };
}

/** A peer that cannot be reached. */
export function problemOf(reason: unknown): FetchProblem {
  return { message: reason instanceof Error ? reason.message : String(reason), range: undefined };
}

/** Where a chunk is read to: `room` is part of `frame`. */
export interface Chunk {
  readonly frame: Buffer;
  readonly room: Buffer;
}

export interface ChunkOptions {
  readonly open?: (bytes: number) => Chunk;
  /** Throws `block-lost` at the end of a range whose checksum does not hold. Default: true. */
  readonly isChecked?: boolean;
}

interface Read extends Chunk {
  readonly bytesRead: number;
}

const openBare = (bytes: number): Chunk => {
  const frame = Buffer.allocUnsafe(bytes);
  return { frame, room: frame };
};

/** Chunks of a range, in frames of the caller's. Only files of the directory itself, whatever the peer asks for. */
export async function* chunksOf(
  directory: string,
  { file, offset, bytes, crc32: expected }: FileRange,
  { open = openBare, isChecked = true }: ChunkOptions = {},
): AsyncGenerator<Uint8Array> {
  if (file !== path.basename(file)) throw new RuntimeError("block-lost", `${file} is no name of a block file`);
  const handle = await openFile(path.join(directory, file), "r");
  const read = async (done: number): Promise<Read> => {
    const { frame, room } = open(Math.min(chunkBytes, bytes - done));
    const { bytesRead } = await handle.read(room, 0, room.length, offset + done);
    return { frame, room, bytesRead };
  };
  try {
    let checksum = 0;
    // The next chunk is read while this one is checked and sent.
    let reading = bytes > 0 ? read(0) : undefined;
    for (let done = 0; reading !== undefined;) {
      const { frame, room, bytesRead } = await reading;
      if (bytesRead === 0) throw new RuntimeError("block-lost", `${file} ends ${bytes - done} bytes early`);
      done += bytesRead;
      reading = done < bytes ? read(done) : undefined;
      // It is awaited above, or its file is gone.
      reading?.catch(() => undefined);
      if (isChecked) checksum = crc32(room.subarray(0, bytesRead), checksum);
      yield frame.subarray(0, frame.length - room.length + bytesRead);
    }
    if (isChecked && checksum !== expected)
      throw new RuntimeError("block-lost", `${file} is damaged at byte ${offset}`);
  } finally {
    await handle.close();
  }
}
