export { ConsensusError, type ConsensusErrorCode, type ConsensusErrorOptions } from "./consensus-error.ts";
export { openReplica, type ReplicaOptions } from "./driver/open-replica.ts";
export {
  type CallOptions,
  type EventSource,
  type ProposeOptions,
  type ProposeResult,
  type Replica,
  type ReplicaEvents,
  type ReplicaStatus,
} from "./driver/replica.ts";
export { type Machine, type PrepareContext, type PrepareResult } from "./driver/machine.ts";
export { type Protocol, type ProtocolContext, zab } from "./driver/protocol.ts";
export { createFileDisk } from "./node/file-disk.ts";
export { createMemoryDisk } from "./memory/memory-disk.ts";
export { createMemoryNetwork, type MemoryNetwork } from "./memory/memory-network.ts";
export { type Disk, type DiskFile } from "./ports/disk.ts";
export { type Transport, type TransportListener, type TransportPort } from "./ports/transport.ts";
export { type Members } from "./core/replica-core.ts";
export { type RecoveryReport } from "./log/recover.ts";
export { counterOf, epochOf, formatZxid, type Zxid, zxidOf } from "./core/zxid.ts";
export { type ZabOptions } from "./core/zab/zab-options.ts";
