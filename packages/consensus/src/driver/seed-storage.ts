import { ConsensusError } from "../consensus-error.ts";
import type { NodeId } from "../core/entry.ts";
import { zxidOf } from "../core/zxid.ts";
import { openWal } from "../log/wal.ts";
import type { Disk } from "../ports/disk.ts";
import { AnswerTable } from "./answer-table.ts";

/** Which disk is seeded, for which member, and with what. */
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
 *
 * ```ts
 * import { createMemoryDisk, createMemoryNetwork, openReplica, seedStorage, zab } from "@tutti/consensus";
 *
 * const { transport } = createMemoryNetwork();
 * let sum = 0;
 * const machine = {
 *   apply: (_position: bigint, txn: Uint8Array) => Uint8Array.of((sum += txn[0] ?? 0)),
 *   *snapshot() {
 *     yield Uint8Array.of(sum);
 *   },
 *   restore: ([chunk]: readonly Uint8Array[]) => {
 *     sum = chunk?.[0] ?? 0;
 *   },
 * };
 * const storage = createMemoryDisk();
 * await seedStorage({ id: 1, storage, chunks: [Uint8Array.of(40)] });
 * const replica = await openReplica({ id: 1, members: [1], protocol: zab(), machine, storage, transport });
 * console.log((await replica.propose(Uint8Array.of(2))).answer); // => Uint8Array(1) [ 42 ]
 * await replica.close();
 * ```
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
