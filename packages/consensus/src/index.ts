export { ConsensusError, type ConsensusErrorCode, type ConsensusErrorOptions } from "./consensus-error.ts";
export { openReplica, type ReplicaOptions } from "./driver/open-replica.ts";
export { seedStorage, type SeedOptions } from "./driver/seed-storage.ts";
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
export { paxos, type Protocol, type ProtocolContext, slotPaxos, zab } from "./driver/protocol.ts";
export { createFileDisk } from "./node/file-disk.ts";
export {
  createTcpTransport,
  type LinkProblem,
  type MemberAddress,
  type TcpTransport,
  type TcpTransportOptions,
  type TransportTls,
} from "./node/tcp-transport.ts";
export { createMemoryDisk } from "./memory/memory-disk.ts";
export { createMemoryNetwork, type MemoryNetwork } from "./memory/memory-network.ts";
export { processClock } from "./driver/process-clock.ts";
export { type Clock } from "./ports/clock.ts";
export { type Disk, type DiskFile } from "./ports/disk.ts";
export { type Transport, type TransportListener, type TransportPort } from "./ports/transport.ts";
export { type Configuration, type LoggedConfiguration, type Members } from "./core/configuration.ts";
export {
  type Acceptance,
  type AcceptorMessage,
  type AcceptorState,
  answerProposer,
  newAcceptor,
  type ProposerMessage,
} from "./core/decree/acceptor.ts";
export { type Ballot, compareBallots, formatBallot, noBallot } from "./core/decree/ballot.ts";
export {
  createDecree,
  type Decree,
  type DecreeOptions,
  type DecreeProposer,
  type DecreeTrace,
} from "./core/decree/decree.ts";
export { createProposer, type DecreeEvent, type Proposer, type ProposerOptions } from "./core/decree/proposer.ts";
export { type RecoveryReport } from "./log/recover.ts";
export { counterOf, epochOf, formatZxid, type Zxid, zxidOf } from "./core/zxid.ts";
export { type SlotPaxosOptions } from "./core/slot-paxos/slot-paxos-options.ts";
export { type ZabOptions } from "./core/zab/zab-options.ts";

// Below this line: what our other packages and the authors of protocols need. Not covered by semantic versioning.
export {
  type Apply,
  type CoreEvent,
  type Effects,
  type Epochs,
  type Fatal,
  type LinkId,
  type LossReason,
  type Outcome,
  type PendingWrite,
  type Send,
  type Token,
  type Write,
} from "./core/effects.ts";
export { type AcceptedEntry } from "./core/accepted-entry.ts";
export { type Entry, type NodeId, type ProposalRequest, type Snapshot } from "./core/entry.ts";
export { type RecoveredLog } from "./core/log-mirror.ts";
export {
  type LeaderMessage,
  type LearnerMessage,
  type MemberState,
  type Notification,
  type Session,
  type ReplicaMessage,
  type ZabMessage,
} from "./core/messages.ts";
export { type SlotMessage } from "./core/slot-paxos/slot-messages.ts";
export { majority, type QuorumSystem } from "./core/quorum.ts";
export {
  type CoreStatus,
  type Input,
  type LeaderHooks,
  type MembershipView,
  type Prepared,
  type RecoveredState,
  type ReplicaCore,
} from "./core/replica-core.ts";
export { createZabCore, type ZabCoreOptions } from "./core/zab/zab-core.ts";
export { type ZabLimits, type ZabTiming } from "./core/zab/zab-options.ts";
