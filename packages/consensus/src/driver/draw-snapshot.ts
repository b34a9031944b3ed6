import type { Snapshot } from "../core/entry.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { SnapshotHead } from "../log/snapshot-file.ts";
import type { Wal } from "../log/wal.ts";

export interface Drawing {
  readonly wal: Pick<Wal, "stageSnapshot">;
  readonly head: SnapshotHead;
  /** The first chunk; what the machine gives follows. */
  readonly table: Uint8Array;
  readonly view: Iterable<Uint8Array>;
  /** Whether nobody wants it any more. */
  readonly isOver: () => boolean;
}

/**
 * Brings a machine's view onto the disk, one chunk after the other, so that everything else has its turn in between.
 * Undefined when it was given up.
 */
export async function drawSnapshot({ wal, head, table, view, isOver }: Drawing): Promise<Snapshot | undefined> {
  const staged = await wal.stageSnapshot(head);
  const chunks = [table];
  await staged.append(table);
  for (const chunk of chunksOf(view)) {
    if (isOver()) break;
    chunks.push(chunk);
    await staged.append(chunk);
  }
  if (isOver()) {
    await staged.abandon();
    return undefined;
  }
  await staged.finish();
  return { ...head, chunks };
}

function* chunksOf(view: Iterable<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* view;
  } catch (thrown) {
    throw ConsensusError.from(thrown, "machine-failed");
  }
}
