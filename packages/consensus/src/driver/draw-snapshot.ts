import type { Snapshot } from "../core/entry.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { Zxid } from "../core/zxid.ts";
import type { Wal } from "../log/wal.ts";

export interface Drawing {
  readonly wal: Pick<Wal, "stageSnapshot">;
  readonly position: Zxid;
  /** The first chunk; what the machine gives follows. */
  readonly head: Uint8Array;
  readonly view: Iterable<Uint8Array>;
  /** Whether nobody wants it any more. */
  readonly isOver: () => boolean;
}

/**
 * Brings a machine's view onto the disk, one chunk after the other, so that everything else has its turn in between.
 * Undefined when it was given up.
 */
export async function drawSnapshot({ wal, position, head, view, isOver }: Drawing): Promise<Snapshot | undefined> {
  const staged = await wal.stageSnapshot(position);
  const chunks = [head];
  await staged.append(head);
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
  return { position, chunks };
}

function* chunksOf(view: Iterable<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* view;
  } catch (thrown) {
    throw ConsensusError.from(thrown, "machine-failed");
  }
}
