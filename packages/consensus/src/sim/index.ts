export { decreeFaults } from "./decree-faults.ts";
export { plantedFaults, type PlantedFault, type SendContext, type SimProtocol } from "./faults.ts";
export { type FaultCounts } from "./nemesis.ts";
export { type DiskImage } from "./record-disk.ts";
export {
  createSimDisk,
  type DiskOperation,
  type DurableFile,
  type PowerCut,
  type SimDisk,
  type SimDiskOptions,
} from "./sim-disk.ts";
export { type DiskWeather, type EndKind, type SimHost } from "./sim-host.ts";
export { type NetworkWeather } from "./sim-network.ts";
export { type SimProcess } from "./sim-process.ts";
export { createSimWorld, type SimLinks, type SimWorld, type SimWorldOptions } from "./sim-world.ts";
export { type CallCounts } from "./stack-clients.ts";
export { replayScenario, shrinkScenario, type Replay, type ReplayOptions } from "./replay.ts";
export { type ScriptedEvent } from "./script.ts";
export { type Scenario, type ShrinkOptions } from "./shrink.ts";
export { simulateStack, type StackOptions, type StackReport } from "./simulate-stack.ts";
export { stackFaults } from "./stack-plants.ts";
export { type CallInput, type ClientCall, type StackWorkload } from "./stack-workload.ts";
export { type DecreeFault, simulateDecree } from "./simulate-decree.ts";
export { createUnsyncedDisk, type UnsyncedDiskOptions } from "./unsynced-disk.ts";
export { simulate, type SimulationOptions, type SimulationReport } from "./simulate.ts";
export { createTrace, type Trace } from "./trace.ts";
export { createTorment, type Torment, type TormentOptions } from "./torment.ts";

// Types that the ones above speak of.
export { type Epochs, type LinkId, type Send, type Token, type Write } from "../core/effects.ts";
export { type Configuration, type LoggedConfiguration, type Members } from "../core/configuration.ts";
export { type Entry, type NodeId, type ProposalRequest, type Snapshot } from "../core/entry.ts";
export {
  type LeaderMessage,
  type LearnerMessage,
  type MemberState,
  type Notification,
  type Session,
  type ReplicaMessage,
} from "../core/messages.ts";
export { type CoreStatus, type MembershipView, type Prepared } from "../core/replica-core.ts";
export { type QuorumSystem } from "../core/quorum.ts";
export { type Zxid } from "../core/zxid.ts";
export { type ZabLimits, type ZabOptions, type ZabTiming } from "../core/zab/zab-options.ts";
export { type Disk, type DiskFile } from "../ports/disk.ts";
