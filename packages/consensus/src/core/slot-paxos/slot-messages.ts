import type { AcceptedEntry } from "../accepted-entry.ts";
import type { LoggedConfiguration } from "../configuration.ts";
import type { Entry, NodeId, ProposalRequest } from "../entry.ts";
import type { Heartbeat, LeaderMessage, LearnerMessage, ReplicaMessage, Session } from "../messages.ts";
import type { Zxid } from "../zxid.ts";

/**
 * What members of per-slot Paxos say beside what they share with the others. Ballots make phase 2 and the leader's
 * rounds safe against loss, repetition and delay, so these need no FIFO link; what hands over a history or requests does.
 */
export type SlotMessage =
  /** 1a, for all slots from `from` on. */
  | { readonly kind: "prepare"; readonly ballot: number; readonly from: Zxid }
  /**
   * 1b, one message for each slot that holds something behind `committed`, or a single one without. `entered` is the
   * highest ballot whose barrier lies in the sender's known prefix.
   */
  | {
      readonly kind: "promise";
      readonly ballot: number;
      readonly committed: Zxid;
      readonly entered: number;
      readonly part: number;
      readonly parts: number;
      readonly record: AcceptedEntry | undefined;
    }
  /** 2a. `committed` is the end of the leader's known prefix. */
  | { readonly kind: "accept"; readonly ballot: number; readonly committed: Zxid; readonly entry: Entry }
  /** 2b, for all slots from `first` to `last`. */
  | { readonly kind: "accepted"; readonly ballot: number; readonly first: Zxid; readonly last: Zxid }
  /** A lower ballot came to a member that promised this one, and follows `leader`, or 0. */
  | { readonly kind: "preempted"; readonly ballot: number; readonly leader: NodeId }
  /** Every slot up to `committed` is chosen. Whoever accepted one of them in this ballot holds its value. */
  | { readonly kind: "chosen"; readonly ballot: number; readonly committed: Zxid }
  /**
   * The leader's round. `barrier` is the first slot of its own, 0 until phase 1 is over. `admit`: a member without a
   * vote may have one when it knows the prefix up to there; 0 says nothing.
   */
  | {
      readonly kind: "lead";
      readonly ballot: number;
      readonly round: number;
      readonly barrier: Zxid;
      readonly committed: Zxid;
      readonly admit: Zxid;
    }
  /**
   * The answer. `voting`: its disk is trusted with a vote, and it has promised this ballot and no higher one. `committed` is
   * the end of the known prefix on its disk.
   */
  | {
      readonly kind: "followed";
      readonly ballot: number;
      readonly round: number;
      readonly voting: boolean;
      readonly committed: Zxid;
    }
  /** A follower's request. One that was meant for another ballot is dropped: its fate is settled there. */
  | ({ readonly kind: "forward"; readonly ballot: number; readonly session: Session } & ProposalRequest)
  /** Tell what is chosen after this slot. */
  | { readonly kind: "ask"; readonly after: Zxid }
  /** The value of a slot that is chosen. */
  | { readonly kind: "learn"; readonly entry: Entry }
  /** A snapshot for whoever asked for slots that are no longer held, chunk by chunk. */
  | {
      readonly kind: "state";
      readonly position: Zxid;
      /** From 0 on: the end of an answer to an earlier question is not taken for the beginning of one. */
      readonly part: number;
      readonly configuration: LoggedConfiguration | undefined;
      /** As in `snap`. */
      readonly chunk: Uint8Array | undefined;
      readonly last: boolean;
    }
  /** The end of what an `ask` is answered with, for now; the sender knows the prefix up to `committed`. */
  | { readonly kind: "told"; readonly committed: Zxid };

type Shared<Message, Kind> = Extract<Message, { readonly kind: Kind }>;

/** All that a core of per-slot Paxos understands. */
export type SlotPaxosMessage =
  | SlotMessage
  | Heartbeat
  | Shared<LearnerMessage, "readRequest" | "report">
  | Shared<LeaderMessage, "answered" | "readAnswer" | "refuse">;

const kinds: Readonly<Record<SlotMessage["kind"], true>> = {
  prepare: true,
  promise: true,
  accept: true,
  accepted: true,
  preempted: true,
  chosen: true,
  lead: true,
  followed: true,
  forward: true,
  ask: true,
  learn: true,
  state: true,
  told: true,
};

/** True for what only per-slot Paxos says. */
export function isSlotMessage(message: ReplicaMessage): message is SlotMessage {
  return Object.hasOwn(kinds, message.kind);
}
