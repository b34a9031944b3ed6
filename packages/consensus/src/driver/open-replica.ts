import type { NodeId } from "../core/entry.ts";
import { type Members, membersOf } from "../core/configuration.ts";
import { ConsensusError } from "../consensus-error.ts";
import { checkCluster } from "../log/cluster-name.ts";
import { openWal, type WalOptions } from "../log/wal.ts";
import type { Clock } from "../ports/clock.ts";
import { problemsOfMembers } from "./change-members.ts";
import type { Disk } from "../ports/disk.ts";
import type { Transport } from "../ports/transport.ts";
import type { Machine } from "./machine.ts";
import { processClock } from "./process-clock.ts";
import type { Protocol } from "./protocol.ts";
import type { Replica } from "./replica.ts";
import { ReplicaDriver, type DriverSettings } from "./replica-driver.ts";

/** Who a replica is, what it replicates, and where it keeps it. */
export interface ReplicaOptions {
  /** This member: one of `members`. Its directory belongs to it for ever. */
  readonly id: NodeId;
  /** Voters, or voters and observers. The same list on every member. */
  readonly members: readonly NodeId[] | Members;
  readonly protocol: Protocol;
  readonly machine: Machine;
  readonly storage: Disk;
  readonly transport: Transport;
  /**
   * Lets an empty disk vote at once. Default false: then empty members vote only when all voters are reachable and
   * empty, and later ones join without a vote until they are in step.
   */
  readonly bootstrap?: boolean;
  /** Length of a tick, in which the protocol's timing is counted. Default 25, sensible from 5 to 500. */
  readonly tickMs?: number;
  /** Entries applied between two snapshots. Default 10 000. ZooKeeper's `snapCount` is 100 000. */
  readonly snapshotEntries?: number;
  /** Largest request. Default 1 MiB, as ZooKeeper's `jute.maxbuffer`. */
  readonly requestBytesMax?: number;
  /** Size of a log segment, allocated ahead. Default 4 MiB. ZooKeeper's `preAllocSize` is 64 MiB. */
  readonly segmentBytes?: number;
  /** For simulators. Default: that of this process. */
  readonly clock?: Clock;
}

/**
 * Opens one replica: recovers log and snapshot, starts to look for a leader, and resolves. It does not wait for a
 * leader; proposals and reads do.
 *
 * ```ts
 * import { createMemoryDisk, createMemoryNetwork, openReplica, zab } from "@tutti/consensus";
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
 * const storage = createMemoryDisk(); // createFileDisk("data") keeps it
 * const replica = await openReplica({ id: 1, members: [1], protocol: zab(), machine, storage, transport });
 * console.log((await replica.propose(Uint8Array.of(5))).answer); // => Uint8Array(1) [ 5 ]
 * console.log(await replica.read(() => sum)); // => 5
 * await replica.close();
 * ```
 */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const settings = parseOptions(options);
  const { storage: disk, id: node, bootstrap = false } = options;
  const segment = options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes };
  try {
    const markAsOurs = await checkCluster(disk, options.transport.cluster);
    const check = refuseDamage(node, settings.members);
    const wal = await openWal({ disk, node, bootstrap, check, ...segment });
    try {
      await markAsOurs();
      return new ReplicaDriver(options, settings, wal);
    } catch (thrown) {
      await wal.close();
      throw thrown;
    }
  } catch (thrown) {
    throw ConsensusError.from(thrown, "storage-failed");
  }
}

/**
 * What is damaged comes back from the others. A replica that knows of nobody else would wait for ever. Whom it can read of in
 * a damaged log need not be all: who was there at first counts, too, and whoever observes.
 */
function refuseDamage(node: NodeId, initial: Members): NonNullable<WalOptions["check"]> {
  return ({ log }, { damage }) => {
    if (damage === undefined) return;
    const read = [log.snapshot.configuration, ...log.entries.map(({ configuration }) => configuration)];
    const known = [{ ...initial, outgoing: undefined }, ...read.filter((one) => one !== undefined)];
    if (known.some((one) => [...membersOf(one)].some((member) => member !== node))) return;
    const remedy = "put a backup in their place, or take them away to begin with nothing";
    throw new ConsensusError("storage-damaged", `nobody else has what is damaged here: ${damage}; ${remedy}`);
  };
}

function parseOptions(options: ReplicaOptions): DriverSettings {
  const { id, members: given, tickMs = 25, snapshotEntries = 10_000, requestBytesMax = 1024 * 1024 } = options;
  const members: Members = "voters" in given ? given : { voters: given, observers: [] };
  const problems: string[] = [];
  const all = [...members.voters, ...members.observers];
  problems.push(...problemsOfMembers(members, options.protocol.capabilities.memberMax));
  if (!all.includes(id)) problems.push(`id ${id} is not among the members ${all.join(", ")}`);
  if (!(tickMs > 0)) problems.push(`tickMs is ${tickMs}, not above 0`);
  if (!(snapshotEntries >= 1)) problems.push(`snapshotEntries is ${snapshotEntries}, not at least 1`);
  if (!(requestBytesMax >= 0)) problems.push(`requestBytesMax is ${requestBytesMax}, not at least 0`);
  if (options.machine.needsPrimaryOrder === true && !options.protocol.capabilities.primaryOrder) {
    problems.push(`the machine needs primary order, which ${options.protocol.name} does not have`);
  }
  if (problems.length > 0) throw new ConsensusError("invalid-options", problems.join("; "));
  return { members, tickMs, snapshotEntries, requestBytesMax, clock: options.clock ?? processClock };
}
