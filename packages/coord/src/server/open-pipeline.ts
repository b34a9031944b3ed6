import {
  ConsensusError,
  openReplica,
  zab,
  type Disk,
  type Members,
  type Replica,
  type ReplicaOptions,
  type Transport,
} from "@tutti/consensus";
import { createHash } from "node:crypto";
import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import { CoordMachine } from "../core/coord-machine.ts";
import { type EnsembleConfig, formatConfig, parseConfig } from "../core/ensemble-config.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { SoloReplication } from "../pipeline/solo-replication.ts";
import type { PipelineEnvironment } from "../ports/pipeline-environment.ts";
import { beginDigestMd5 } from "./digest-md5.ts";
import { ReplicatedMachine } from "./replicated-machine.ts";
import { processClock, type ServerClock } from "./server-clock.ts";
import type { ResolvedOptions } from "./server-options.ts";

/** How a server takes part in the log of its ensemble, be that an ensemble of one. */
export interface Membership {
  readonly id: number;
  readonly members: Members;
  readonly storage: Disk;
  readonly transport: Transport;
  readonly bootstrap: boolean;
  /** The servers as the ensemble begins; none where they cannot change. */
  readonly servers?: EnsembleConfig;
  /** The servers are these from now on. */
  readonly onServers?: (servers: EnsembleConfig) => void;
}

/** The pure part of a server, wired to time and to its log. */
export interface OpenPipeline {
  readonly pipeline: Pipeline;
  /** Undefined for a server that keeps nothing. */
  readonly replica: Replica | undefined;
}

/** Number of a server that stands alone. */
const standaloneServerId = 1;
const passwordBytes = 16;
/** What other servers let through may be more than what this one does. */
const letThroughMax = 65_536;
const errorCodes: Partial<Record<ConsensusError["code"], CoordErrorCode>> = {
  "storage-foreign": "storage-foreign",
  "storage-damaged": "storage-damaged",
  "storage-failed": "storage-failed",
  "invalid-options": "invalid-options",
};

/** What stopped the log, in the words of this package. */
export function coordErrorOf(thrown: unknown): CoordError {
  if (!(thrown instanceof ConsensusError)) return CoordError.from(thrown, "replica-stopped");
  return new CoordError(errorCodes[thrown.code] ?? "replica-stopped", thrown.message, { cause: thrown });
}

function digestOf(userAndPassword: Uint8Array): string {
  const text = Buffer.from(userAndPassword).toString("utf8");
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  return `${user}:${createHash("sha1").update(userAndPassword).digest("base64")}`;
}

/** What a server does for its pipeline beside time and chance. */
export type PipelineHooks = Pick<PipelineEnvironment, "answerWord" | "tell">;

function environmentOf({ saslUsers }: ResolvedOptions, hooks: PipelineHooks, clock: ServerClock): PipelineEnvironment {
  return {
    ...hooks,
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => BigInt(clock.nowMs()),
    newPassword: () => clock.drawBytes(passwordBytes),
    digestOf,
    beginSasl: () => (saslUsers.size === 0 ? undefined : beginDigestMd5((user) => saslUsers.get(user))),
  };
}

/** In memory, alone: a write is committed before `propose` returns. */
export function openSoloPipeline(options: ResolvedOptions, hooks: PipelineHooks): OpenPipeline {
  const machine = new CoordMachine(options);
  const environment = environmentOf(options, hooks, processClock);
  const replication = new SoloReplication(machine, () => environment.wallMs());
  const pipeline = new Pipeline({ ...options, serverId: standaloneServerId }, { machine, replication, environment });
  replication.listen(pipeline);
  return { pipeline, replica: undefined };
}

/** What stands around a pipeline: another process in a simulator. */
export interface ReplicatedSurroundings {
  readonly hooks: PipelineHooks;
  readonly clock: ServerClock;
  /** As of the machine. */
  readonly viewChunkBytes?: number;
}

/** A pipeline and what its replica is opened with, which `replication.connect` joins. */
export interface ReplicatedParts {
  readonly machine: CoordMachine;
  readonly pipeline: Pipeline;
  readonly replication: ReplicatedMachine;
  readonly replicaOptions: ReplicaOptions;
}

/** The parts of a server on a log that is durable, and shared when there are other members. */
export function createReplicatedParts(
  options: ResolvedOptions,
  membership: Membership,
  { hooks, clock, viewChunkBytes }: ReplicatedSurroundings,
): ReplicatedParts {
  const { servers, onServers, ...place } = membership;
  const machine = new CoordMachine(options, servers === undefined ? undefined : formatConfig(servers, 0n));
  const onConfig = (text: string): void => {
    const config = parseConfig(text).servers;
    if (config.size > 0) onServers?.(config);
  };
  // The leader has to hold what all servers let through: a server with more than that is cut off.
  const memberCount = membership.members.voters.length + membership.members.observers.length;
  const replication = new ReplicatedMachine(machine, { onConfig, clock, viewChunkBytes });
  const environment = environmentOf(options, hooks, clock);
  const pipeline = new Pipeline({ ...options, serverId: membership.id }, { machine, replication, environment });
  const replicaOptions: ReplicaOptions = {
    ...place,
    machine: replication,
    protocol: zab({ waitingRequestsMax: Math.max(options.outstandingMax, letThroughMax) * memberCount }),
    snapshotEntries: options.snapshotTxns,
    // What a client may send, with what the servers add to it.
    requestBytesMax: options.frameBytesMax + 64 * 1024,
    clock,
  };
  return { machine, pipeline, replication, replicaOptions };
}

export async function openReplicatedPipeline(
  options: ResolvedOptions,
  membership: Membership,
  hooks: PipelineHooks,
): Promise<OpenPipeline> {
  const parts = createReplicatedParts(options, membership, { hooks, clock: processClock });
  const { pipeline, replication, replicaOptions } = parts;
  try {
    const replica = await openReplica(replicaOptions);
    replication.connect(pipeline, replica);
    return { pipeline, replica };
  } catch (thrown) {
    throw coordErrorOf(thrown);
  }
}
