import { constants } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Disk } from "../ports/disk.ts";

/** A directory of the file system, created when it is missing. Give each replica its own. */
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
      return {
        write: async (bytes, offset) => {
          let written = 0;
          // A short write is legal; the rest follows.
          while (written < bytes.length) {
            const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written);
            written += bytesWritten;
          }
        },
        sync: () => handle.datasync(),
        close: () => handle.close(),
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
