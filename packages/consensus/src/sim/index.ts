export { decreeFaults } from "./decree-faults.ts";
export { plantedFaults, type PlantedFault, type SendContext, type SimProtocol } from "./faults.ts";
export { type FaultCounts } from "./nemesis.ts";
export { type DiskImage } from "./record-disk.ts";
export { createSimDisk, type SimDisk } from "./sim-disk.ts";
export { type DecreeFault, simulateDecree } from "./simulate-decree.ts";
export { simulate, type SimulationOptions, type SimulationReport } from "./simulate.ts";

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
export { type MembershipView, type Prepared } from "../core/replica-core.ts";
export { type QuorumSystem } from "../core/quorum.ts";
export { type Zxid } from "../core/zxid.ts";
export { type ZabLimits, type ZabOptions, type ZabTiming } from "../core/zab/zab-options.ts";
export { type Disk, type DiskFile } from "../ports/disk.ts";
