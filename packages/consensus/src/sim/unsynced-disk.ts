import type { Disk } from "../ports/disk.ts";

/** What {@link createUnsyncedDisk} may be told. */
export interface UnsyncedDiskOptions {
  /** Files whose syncs do nothing, and say that they were done: the mistake that a test must find. Default: none. */
  readonly neverSyncs?: (name: string) => boolean;
}

/**
 * A disk whose writes stay in the memory of the process until they are synced. The page cache of the system survives
 * `kill -9`, so that on an ordinary disk a program that forgets to sync loses nothing; on this one it loses everything.
 * For real processes: simulated ones have a disk of their own.
 *
 * ```ts
 * import { createMemoryDisk } from "@tutti/consensus";
 * import { createUnsyncedDisk } from "@tutti/consensus/sim";
 *
 * const inner = createMemoryDisk();
 * const file = await createUnsyncedDisk(inner).open("log");
 * await file.write(Uint8Array.of(1, 2), 0);
 * console.log((await inner.read("log"))?.length); // => 0
 * await file.sync();
 * console.log((await inner.read("log"))?.length); // => 2
 * ```
 */
export function createUnsyncedDisk(disk: Disk, { neverSyncs = () => false }: UnsyncedDiskOptions = {}): Disk {
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
          if (neverSyncs(name)) return;
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
