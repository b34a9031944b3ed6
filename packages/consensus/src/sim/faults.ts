import type { Send, Write } from "../core/effects.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { Members } from "../core/configuration.ts";
import type { NodeId } from "../core/entry.ts";
import type { CoreStatus, MembershipView, Prepared } from "../core/replica-core.ts";
import { counterOf, type Zxid } from "../core/zxid.ts";
import type { QuorumSystem } from "../core/quorum.ts";
import { prepareChange } from "../driver/change-members.ts";
import type { Machine } from "../driver/machine.ts";
import type { Disk } from "../ports/disk.ts";
import type { DiskImage } from "./record-disk.ts";

/** Who sends, and what it knows: what a mistaken message may be made of. */
export interface SendContext {
  readonly id: NodeId;
  readonly status: CoreStatus;
  /** What the machine has applied. */
  readonly applied: Zxid;
}

/**
 * A mistake that an implementation could make, put in on purpose to show that the checkers see it. Each stands for an
 * entry of the catalogue of historic bugs, or for a misuse of the core by its driver.
 */
export interface PlantedFault {
  readonly name: string;
  /** The ZOOKEEPER issues, or the rule, that it repeats. */
  readonly source: string;
  /** Rewrites a message before the driver sees it. */
  readonly send?: (send: Send<ReplicaMessage>, context: SendContext) => Send<ReplicaMessage>;
  /** Replaces the numbering of epochs or ballots. */
  readonly nextEpoch?: (highest: number, id: NodeId) => number;
  /** A snapshot carries the state but not the table of answers. */
  readonly snapshotWithoutTable?: boolean;
  /** A snapshot names a position that its state has not reached. */
  readonly snapshotAhead?: boolean;
  /** Stands between the log and its disk; at level B alone. */
  readonly disk?: (disk: Disk) => Disk;
  /** Stands between a replica and its machine; at level B alone. */
  readonly machine?: (machine: Machine, node: NodeId) => Machine;
  /** Which protocols it can happen to. Default: those that share ZAB's phases. */
  readonly protocols?: readonly SimProtocol[];
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
  /** It shows itself where members change. */
  readonly reconfigures?: boolean;
  /** Rewrites what a leader makes of a request for other members. */
  readonly change?: (members: Members, view: MembershipView) => Prepared;
  /** A snapshot does not say who takes part. */
  readonly snapshotWithoutMembers?: boolean;
  /** Requests are not recognised when they come again. */
  readonly noDeduplication?: boolean;
}

/** The protocols that the simulator runs. */
export type SimProtocol = VariantProtocol | "slot-paxos";

/** Those that share ZAB's phases. */
export type VariantProtocol = "zab" | "paxos";

/** Mistakes of a driver, or of how the core is set up: no protocol is safe from them. */
const everywhere: readonly SimProtocol[] = ["zab", "paxos", "slot-paxos"];

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
    protocols: everywhere,
    durableAtSubmit: true,
  },
  {
    name: "epoch-before-log",
    source: "ZOOKEEPER-4643: the epoch is written before the history it stands for",
    protocols: everywhere,
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
    protocols: everywhere,
    zombieWrites: true,
  },
  {
    name: "votes-while-empty",
    source: "ZOOKEEPER-2325: a wiped node votes",
    votesWhileEmpty: true,
    protocols: everywhere,
  },
  {
    name: "sync-without-quorum",
    source: "ZOOKEEPER-1675, 2136: a deposed leader answers a read",
    readsUnconfirmed: true,
  },
  {
    name: "half-is-enough",
    source: "quorum intersection: two disjoint halves decide",
    protocols: everywhere,
    quorum: (voters) => ({
      voters,
      isQuorum: (nodes) => [...nodes].filter((node) => voters.includes(node)).length * 2 >= voters.length - 1,
    }),
  },
  {
    name: "snapshot-ahead-of-its-state",
    source: "ZOOKEEPER-1549, 2832: the label of a snapshot and its content disagree (Z2)",
    protocols: everywhere,
    snapshotAhead: true,
  },
  {
    name: "applied-for-logged",
    source: "ZOOKEEPER-2845: the state in memory is reported for the end of the log (Z3)",
    send: (send, { applied }) => {
      const { message } = send;
      if (message.kind !== "ackEpoch" || message.lastZxid <= applied) return send;
      return { ...send, message: { ...message, lastZxid: applied } };
    },
  },
  {
    name: "proposal-ack-overtakes",
    source: "ZOOKEEPER-4685: a proposal is acknowledged before NEWLEADER is (Z7)",
    send: (send) => (send.message.kind === "ack" && counterOf(send.message.zxid) > 0 ? { ...send, after: 0 } : send),
  },
  {
    name: "buffer-applied-at-new-leader",
    source: "ZOOKEEPER-4394: what is not committed is applied at NEWLEADER (Z8)",
    send: (send, { status }) =>
      send.message.kind === "newLeader" ? { ...send, message: { ...send.message, committed: status.logged } } : send,
  },
  {
    name: "diff-with-a-gap",
    source: "ZOOKEEPER-2846, 4352: a learner behind the log gets a DIFF (Z13)",
    send: (send) =>
      send.message.kind === "snap"
        ? { ...send, message: { kind: "diff", session: send.message.session, zxid: send.message.position } }
        : send,
  },
  {
    name: "epoch-not-raised",
    source: "ZOOKEEPER-1343: the new epoch is not above every accepted one (Z17)",
    protocols: ["zab"],
    nextEpoch: (highest) => Math.max(1, highest),
  },
  {
    name: "settled-votes-differ",
    source:
      "ZOOKEEPER-1732, 1805: members in step tell different epochs, their leader not who it is: nobody can join (Z20)",
    protocols: ["zab"],
    send: (send, { id }) => {
      const { message } = send;
      if (message.kind !== "notification" || message.state === "looking") return send;
      return { ...send, message: { ...message, state: "following", epoch: message.epoch + id } };
    },
  },
  {
    name: "promise-before-persist",
    source: "P1: a promise is answered before it is durable",
    send: (send) => (send.message.kind === "ackEpoch" ? { ...send, after: 0 } : send),
  },
  {
    name: "adopts-the-longest",
    source: "P4: the longest log is adopted, not that of the highest ballot",
    protocols: ["paxos"],
    send: (send, { status }) =>
      send.message.kind === "ackEpoch" && send.message.currentEpoch !== -1
        ? { ...send, message: { ...send.message, currentEpoch: status.acceptedEpoch - 1 } }
        : send,
  },
  {
    name: "adopts-nothing",
    source: "P4: a leader goes on from its own log, whatever its quorum accepted",
    protocols: ["paxos"],
    send: (send) =>
      send.message.kind === "ackEpoch" && send.message.currentEpoch !== -1
        ? { ...send, message: { ...send.message, currentEpoch: 0, lastZxid: 0n } }
        : send,
  },
  {
    name: "compaction-drops-accepted",
    source: "P10: with a snapshot goes what is accepted and not chosen",
    write: (write) => (write.kind === "snapshot" ? { kind: "replace", snapshot: write.snapshot, entries: [] } : write),
  },
  {
    name: "snapshot-without-answers",
    source: "P11: the table of answers is no part of a snapshot",
    protocols: everywhere,
    snapshotWithoutTable: true,
  },
  {
    name: "applied-on-acceptance",
    source: "P12: a member executes what it has accepted",
    send: (send) =>
      send.message.kind === "proposal" ? { ...send, message: { ...send.message, kind: "inform" } } : send,
  },
  {
    name: "members-at-once",
    source: "joint consensus: the new voters decide alone from the first entry on",
    reconfigures: true,
    change: (members, view) => {
      const prepared = prepareChange(members, view);
      if (prepared.kind !== "config" || prepared.configuration === undefined) return prepared;
      return { ...prepared, configuration: { ...prepared.configuration, outgoing: undefined } };
    },
  },
  {
    name: "changes-overlap",
    source: "consensus reference 2.8: a second change begins before the first is over",
    reconfigures: true,
    change: (members, view) => prepareChange(members, { ...view, isChanging: false }),
  },
  {
    name: "guest-with-a-vote",
    source: "consensus reference 2.8: who is no member yet counts by what it was started with",
    // A vote of ZAB counts by the configuration of whom it is for, and so a guest's own does not matter there.
    protocols: ["paxos"],
    reconfigures: true,
    send: (send) => (send.message.kind === "upToDate" ? { ...send, message: { ...send.message, guest: false } } : send),
  },
  {
    name: "snapshot-without-members",
    source: "P18: a snapshot does not say who takes part at its position",
    reconfigures: true,
    snapshotWithoutMembers: true,
  },
  {
    name: "lost-by-guess",
    source: "a lost connection is an unknown outcome, not a lost proposal",
    lostByGuess: true,
    protocols: everywhere,
  },
  {
    name: "retry-applied-twice",
    source: "P20: a client's retry becomes a second transaction",
    noDeduplication: true,
    protocols: everywhere,
  },
];
