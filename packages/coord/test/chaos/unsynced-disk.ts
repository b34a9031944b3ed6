import { createFileDisk, type Disk } from "@tutti/consensus";

/**
 * A disk whose writes stay in the memory of the process until they are synced. The page cache survives a kill, so on
 * an ordinary disk a server that forgets to sync would lose nothing; on this one it loses everything.
 *
 * `neverSyncs` plants the fault that the tests must find: a sync that says it was done.
 */
export function createUnsyncedDisk(directory: string, neverSyncs: boolean): Disk {
  const disk = createFileDisk(directory);
  return {
    ...disk,
    open: async (name) => {
      const file = await disk.open(name);
      let held: { readonly bytes: Uint8Array; readonly offset: number }[] = [];
      return {
        write: async (bytes, offset) => {
          held.push({ bytes: bytes.slice(), offset });
        },
        sync: async () => {
          if (neverSyncs && name.startsWith("log-")) return;
          const due = held;
          held = [];
          for (const { bytes, offset } of due) await file.write(bytes, offset);
          await file.sync();
        },
        close: () => file.close(),
      };
    },
  };
}
