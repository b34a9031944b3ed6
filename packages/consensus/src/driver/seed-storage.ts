import { ConsensusError } from "../consensus-error.ts";
import type { NodeId } from "../core/entry.ts";
import { zxidOf } from "../core/zxid.ts";
import { openWal } from "../log/wal.ts";
import type { Disk } from "../ports/disk.ts";
import { AnswerTable } from "./answer-table.ts";

export interface SeedOptions {
  readonly id: NodeId;
  readonly storage: Disk;
  /** What the machine's `restore` takes. */
  readonly chunks: Iterable<Uint8Array>;
}

const firstEpoch = 1;

/**
 * Makes an empty disk that of a replica which has applied everything up to a state from elsewhere, as by an import. The
 * members of one ensemble are all seeded with the same state. Rejects with `storage-foreign` for a disk that is not empty.
 */
export async function seedStorage({ id, storage, chunks }: SeedOptions): Promise<void> {
  if ((await storage.list()).length > 0) {
    throw new ConsensusError("storage-foreign", "the directory is not empty: a state is put into a new one only");
  }
  const wal = await openWal({ disk: storage, node: id });
  try {
    const snapshot = { position: zxidOf(firstEpoch, 1), chunks: [new AnswerTable().encode(), ...chunks] };
    const epochs = { accepted: firstEpoch, current: firstEpoch, voting: true };
    await wal.persist([
      { kind: "epochs", epochs },
      { kind: "replace", snapshot, entries: [] },
    ]);
    await wal.seal();
  } catch (thrown) {
    throw ConsensusError.from(thrown, "storage-failed");
  } finally {
    await wal.close();
  }
}
