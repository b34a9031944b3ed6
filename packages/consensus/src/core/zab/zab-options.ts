import type { NodeId } from "../entry.ts";
import { majority, type QuorumSystem } from "../quorum.ts";

/** Timing and limits of ZAB. Time is counted in ticks of the driver. */
export interface ZabTiming {
  /** Ticks between repeated votes while looking; doubles up to eight times this. Default 4. Apache polls every 200 ms. */
  readonly voteTicks: number;
  /**
   * How long a decided election waits for a better vote. Default 4 ticks; it ends at once when every linked voter has
   * voted. Apache's `finalizeWait` is 200 ms, always.
   */
  readonly finalizeTicks: number;
  /** Ticks between the leader's pings. Default 2. Apache pings every half `tickTime`. */
  readonly pingTicks: number;
  /** Silence after which leader and learner give each other up. Default 20. Apache: `syncLimit` × `tickTime`. */
  readonly silenceTicks: number;
  /** How long discovery and synchronization may take. Default 40. Apache: `initLimit` × `tickTime`. */
  readonly joinTicks: number;
}

/** What a replica keeps in memory, in entries and requests. */
export interface ZabLimits {
  /** Entries that a leader may have proposed and not yet committed; more wait. Default 4096. */
  readonly outstandingEntriesMax: number;
  /** Requests that wait for a leader, or for room at the leader; more are refused as `overloaded`. Default 16384. */
  readonly waitingRequestsMax: number;
  /** Entries kept in memory behind the newest snapshot, so that short absences end with DIFF. Default 1024. Apache keeps 500. */
  readonly retainedEntriesMax: number;
}

/** All that can be set about the protocol. */
export interface ZabOptions extends ZabTiming, ZabLimits {
  /** Which sets of these voters may decide, in place of the majority. Any two quorums must share a voter. */
  readonly quorum: (voters: readonly NodeId[]) => QuorumSystem;
  /** Transactions per epoch before the leader steps down. Default 2^32 - 1, the most there can be (ZOOKEEPER-1277). */
  readonly counterLimit: number;
}

export const zabDefaults: ZabOptions = {
  voteTicks: 4,
  finalizeTicks: 4,
  pingTicks: 2,
  silenceTicks: 20,
  joinTicks: 40,
  outstandingEntriesMax: 4096,
  waitingRequestsMax: 16_384,
  retainedEntriesMax: 1024,
  quorum: majority,
  counterLimit: 0xffff_ffff,
};
