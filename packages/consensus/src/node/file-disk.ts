import { constants, fdatasync, write } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Disk, DiskFile } from "../ports/disk.ts";

interface Piece {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly offset: number;
}

// Every commit waits for these. Their callback forms take about half the time of those of a FileHandle, and one call of a file
// that was opened with O_DSYNC less than a write and an fdatasync, of which each waits for a thread. Elsewhere than on Linux that
// flag leaves bytes in the memory of the drive.

function writeSome(fd: number, { bytes, start, offset }: Piece): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, start, bytes.length - start, offset, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

/** A short write is legal; the rest follows. */
async function writeAll(fd: number, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await writeSome(fd, { bytes, start: done, offset: offset + done });
  }
}

function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/**
 * A directory of the file system, created when it is missing. Give each replica its own.
 *
 * ```ts
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { createFileDisk } from "@tutti/consensus";
 *
 * const directory = await mkdtemp("replica-");
 * const disk = createFileDisk(directory);
 * const file = await disk.open("log.1");
 * await file.write(new TextEncoder().encode("entry"), 0);
 * await file.sync(); // the bytes survive a power cut
 * await disk.syncDirectory(); // and now the name does
 * await file.close();
 * console.log(await disk.list()); // => [ 'log.1' ]
 * await rm(directory, { recursive: true });
 * ```
 */
export function createFileDisk(directory: string): Disk {
  const pathOf = (name: string): string => join(directory, name);
  return {
    list: async () => {
      await mkdir(directory, { recursive: true });
      return readdir(directory);
    },
    read: async (name) => {
      try {
        return await readFile(pathOf(name));
      } catch (thrown) {
        if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
        throw thrown;
      }
    },
    open: async (name) => {
      const handle = await open(pathOf(name), constants.O_RDWR | constants.O_CREAT);
      const { fd } = handle;
      const file: DiskFile = {
        write: (bytes, offset) => writeAll(fd, bytes, offset),
        sync: () => syncData(fd),
        close: () => handle.close(),
      };
      if (process.platform !== "linux") return file;
      const durable = await open(pathOf(name), constants.O_WRONLY | constants.O_DSYNC);
      return {
        ...file,
        writeDurably: (bytes, offset) => writeAll(durable.fd, bytes, offset),
        close: async () => {
          await durable.close();
          await handle.close();
        },
      };
    },
    rename: (source, target) => rename(pathOf(source), pathOf(target)),
    remove: (name) => rm(pathOf(name), { force: true }),
    syncDirectory: async () => {
      const handle = await open(directory, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
