import type { Send, Write } from "../core/effects.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { QuorumSystem } from "../core/quorum.ts";
import type { DiskImage } from "./record-disk.ts";

/**
 * A mistake that an implementation could make, put in on purpose to show that the checkers see it. Each stands for an
 * entry of the catalogue of historic bugs, or for a misuse of the core by its driver.
 */
export interface PlantedFault {
  readonly name: string;
  /** The ZOOKEEPER issues, or the rule, that it repeats. */
  readonly source: string;
  /** Rewrites a message before the driver sees it. */
  readonly send?: (send: Send<ReplicaMessage>) => Send<ReplicaMessage>;
  /** Rewrites a write on its way to the platter. */
  readonly write?: (write: Write, image: DiskImage) => Write | undefined;
  readonly quorum?: (voters: readonly number[]) => QuorumSystem;
  /** The driver reports a write as durable when it has been handed over. */
  readonly durableAtSubmit?: boolean;
  /** The epoch reaches the disk before the records that were written first. */
  readonly epochFirst?: boolean;
  /** Writes of a dead process reach the disk after its successor has read it. */
  readonly zombieWrites?: boolean;
  /** A leader answers a read without asking a quorum. */
  readonly readsUnconfirmed?: boolean;
  /** A node with an empty disk takes itself for a member with a vote. */
  readonly votesWhileEmpty?: boolean;
  /** A change of leader is taken as the loss of all that was under way. */
  readonly lostByGuess?: boolean;
  /** Requests are not recognised when they come again. */
  readonly noDeduplication?: boolean;
}

/** The faults that the simulator is known to catch. */
export const plantedFaults: readonly PlantedFault[] = [
  {
    name: "ack-before-persist",
    source: "ZOOKEEPER-3911, 3023: NEWLEADER and proposals are acknowledged before they are on disk",
    send: (send) => (send.message.kind === "ack" ? { ...send, after: 0 } : send),
  },
  {
    name: "ack-after-enqueue",
    source: "ZOOKEEPER-4646, 4785: handing a record to the log thread is taken for durability",
    durableAtSubmit: true,
  },
  {
    name: "epoch-before-log",
    source: "ZOOKEEPER-4643: the epoch is written before the history it stands for",
    epochFirst: true,
  },
  {
    name: "epoch-announced-before-persist",
    source: "ZOOKEEPER-1291: the leader proposes an epoch that its own disk does not hold",
    send: (send) => (send.message.kind === "leaderInfo" ? { ...send, after: 0 } : send),
  },
  {
    name: "epoch-not-entered",
    source: "ZOOKEEPER-1282: the current epoch is not written at NEWLEADER",
    write: (write, image) =>
      write.kind === "epochs" ? { ...write, epochs: { ...write.epochs, current: image.epochs.current } } : write,
  },
  {
    name: "promise-not-kept",
    source: "Zab phase 1: a learner answers ACKEPOCH and forgets the promise in a crash",
    write: (write, image) =>
      write.kind === "epochs" && write.epochs.current < write.epochs.accepted
        ? { ...write, epochs: { ...write.epochs, accepted: image.epochs.accepted } }
        : write,
  },
  {
    name: "orphan-kept",
    source: "ZOOKEEPER-1154: a deposed leader's tail stays below what the next leader sends",
    send: (send) =>
      send.message.kind === "trunc"
        ? { ...send, message: { kind: "diff", session: send.message.session, zxid: send.message.zxid } }
        : send,
  },
  {
    name: "truncate-one-late",
    source: "ZOOKEEPER-1489, 3701: a cut that leaves one record too many",
    write: (write) => (write.kind === "truncate" ? { ...write, last: write.last + 1n } : write),
  },
  {
    name: "replace-loses-history",
    source: "ZOOKEEPER-3642, 5094: what followed a snapshot was in memory only",
    write: (write) => (write.kind === "replace" ? { ...write, entries: [] } : write),
  },
  {
    name: "zombie-log-writer",
    source: "ZOOKEEPER-4712, 4541: an old log writer goes on after a restart",
    zombieWrites: true,
  },
  { name: "votes-while-empty", source: "ZOOKEEPER-2325: a wiped node votes", votesWhileEmpty: true },
  {
    name: "sync-without-quorum",
    source: "ZOOKEEPER-1675, 2136: a deposed leader answers a read",
    readsUnconfirmed: true,
  },
  {
    name: "half-is-enough",
    source: "quorum intersection: two disjoint halves decide",
    quorum: (voters) => ({
      voters,
      isQuorum: (nodes) => [...nodes].filter((node) => voters.includes(node)).length * 2 >= voters.length - 1,
    }),
  },
  { name: "lost-by-guess", source: "a lost connection is an unknown outcome, not a lost proposal", lostByGuess: true },
  { name: "retry-applied-twice", source: "P20: a client's retry becomes a second transaction", noDeduplication: true },
];
