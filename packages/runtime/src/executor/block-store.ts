import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { RuntimeError } from "../runtime-error.ts";
import type { KeepPlace } from "../core/job.ts";
import { scratchPathOf, type AttemptPlace } from "./attempt-blocks.ts";
import type { StoredBlock } from "./stored-block.ts";

/** What an executor's tasks left behind, within a budget of memory; what is over it lies in files. */
export interface BlockStore {
  /** Where an attempt may leave its blocks. Attempts that run at once may together go over by what each writes. */
  place(attemptName: string, keepIn?: KeepPlace): AttemptPlace;
  /** Removes what an attempt that failed, or its thread, may have left. */
  discard(place: AttemptPlace): void;
  /** Counts blocks that an attempt left. */
  add(blocks: readonly StoredBlock[]): void;
  /** Frees blocks that nobody will read. */
  drop(blocks: readonly StoredBlock[]): void;
  /** Removes everything. */
  close(): void;
}

export interface BlockStoreOptions {
  readonly memoryBytesMax: number;
  /** What one task may hold at once. */
  readonly workBytesMax: number;
  /** Files go to a directory of their own in here. */
  readonly spillDirectory: string;
}

export function createBlockStore({ memoryBytesMax, workBytesMax, spillDirectory }: BlockStoreOptions): BlockStore {
  let heldBytes = 0;
  let directory: string | undefined;
  let attemptCount = 0;

  /** Made when first needed: most executors never spill. */
  const openDirectory = (): string => {
    try {
      return mkdtempSync(path.join(spillDirectory, "tutti-blocks-"));
    } catch (thrown) {
      const what = `a directory for blocks cannot be made in ${spillDirectory}: ${String(thrown)}`;
      throw new RuntimeError("spill-failed", what, { cause: thrown });
    }
  };

  return {
    place(attemptName, keepIn) {
      directory ??= openDirectory();
      attemptCount += 1;
      const spillPath = path.join(directory, `${attemptName}-${attemptCount}`);
      const memoryBytesLeft = keepIn === "disk" ? 0 : Math.max(0, memoryBytesMax - heldBytes);
      return { memoryBytesLeft, spillPath, workBytesMax };
    },
    discard({ spillPath }) {
      for (const file of [spillPath, scratchPathOf(spillPath)]) rmSync(file, { force: true });
    },
    add(blocks) {
      for (const block of blocks) if (block instanceof Uint8Array) heldBytes += block.length;
    },
    drop(blocks) {
      const files = new Set<string>();
      for (const block of blocks) {
        if (block instanceof Uint8Array) heldBytes -= block.length;
        else files.add(block.path);
      }
      for (const file of files) rmSync(file, { force: true });
    },
    close() {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
      directory = undefined;
      heldBytes = 0;
    },
  };
}
