import type { Disk } from "../ports/disk.ts";

/** A disk in memory: for tests, examples and replicas that need not outlive their process. Durable at once. */
export function createMemoryDisk(): Disk {
  const files = new Map<string, Uint8Array>();
  return {
    list: async () => [...files.keys()],
    read: async (name) => files.get(name)?.slice(),
    open: async (name) => {
      if (!files.has(name)) files.set(name, new Uint8Array(0));
      return {
        write: async (bytes, offset) => {
          const old = files.get(name) ?? new Uint8Array(0);
          const end = offset + bytes.length;
          let grown = old;
          if (end > old.length) {
            grown = new Uint8Array(end);
            grown.set(old);
            files.set(name, grown);
          }
          grown.set(bytes, offset);
        },
        sync: async () => undefined,
        close: async () => undefined,
      };
    },
    rename: async (source, target) => {
      const bytes = files.get(source);
      if (bytes === undefined) throw new Error(`there is no file ${source} to rename`);
      files.delete(source);
      files.set(target, bytes);
    },
    remove: async (name) => {
      files.delete(name);
    },
    syncDirectory: async () => undefined,
  };
}
