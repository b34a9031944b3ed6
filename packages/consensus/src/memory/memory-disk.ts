import type { Disk } from "../ports/disk.ts";

interface MemoryFile {
  /** Longer than the file. */
  bytes: Uint8Array;
  length: number;
}

/**
 * A disk in memory: for tests, examples and replicas that need not outlive their process. Durable at once.
 *
 * ```ts
 * import { createMemoryDisk } from "@tutti/consensus";
 *
 * const disk = createMemoryDisk();
 * const file = await disk.open("log.1");
 * await file.write(Uint8Array.of(1, 2, 3), 0);
 * console.log(await disk.read("log.1")); // => Uint8Array(3) [ 1, 2, 3 ]
 * ```
 */
export function createMemoryDisk(): Disk {
  const files = new Map<string, MemoryFile>();
  return {
    list: async () => [...files.keys()],
    read: async (name) => {
      const file = files.get(name);
      return file?.bytes.slice(0, file.length);
    },
    open: async (name) => {
      const file = files.get(name) ?? { bytes: new Uint8Array(0), length: 0 };
      files.set(name, file);
      return {
        write: async (bytes, offset) => {
          const end = offset + bytes.length;
          if (end > file.bytes.length) {
            // A file that grows grows by many small writes.
            const grown = new Uint8Array(Math.max(end, 2 * file.bytes.length));
            grown.set(file.bytes);
            file.bytes = grown;
          }
          file.bytes.set(bytes, offset);
          file.length = Math.max(file.length, end);
        },
        sync: async () => undefined,
        close: async () => undefined,
      };
    },
    rename: async (source, target) => {
      const file = files.get(source);
      if (file === undefined) throw new Error(`there is no file ${source} to rename`);
      files.delete(source);
      files.set(target, file);
    },
    remove: async (name) => {
      files.delete(name);
    },
    syncDirectory: async () => undefined,
  };
}
