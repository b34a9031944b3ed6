import { encodeApacheSnapshot } from "../../core/apache/snapshot-file.ts";
import type { CoordMachine } from "../../core/coord-machine.ts";

export interface Backup {
  readonly lastZxid: bigint;
  readonly chunks: readonly Uint8Array[];
}

/** The tree is pure and tells nobody that its view has ended. It is drawn for seconds at most, so it is asked again. */
const pauseMs = 20;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * All nodes and sessions of one moment, drawn piece by piece while the server serves. A tree is drawn once at a time, and the
 * snapshot of the log goes first: when one begins, this begins anew. Undefined when it was aborted.
 */
export async function drawBackup(machine: CoordMachine, signal: AbortSignal): Promise<Backup | undefined> {
  while (!signal.aborted) {
    if (!machine.tree.isViewed) {
      const backup = await drawOnce(machine, signal);
      if (backup !== undefined) return backup;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return undefined;
}

async function drawOnce(machine: CoordMachine, signal: AbortSignal): Promise<Backup | undefined> {
  const { tree, lastZxid } = machine;
  const chunks: Uint8Array[] = [];
  const drawn = encodeApacheSnapshot(machine);
  const { viewCount } = tree;
  for (const chunk of drawn) {
    chunks.push(chunk);
    await nextTurn();
    if (signal.aborted || tree.viewCount !== viewCount) return undefined;
  }
  return { lastZxid, chunks };
}
