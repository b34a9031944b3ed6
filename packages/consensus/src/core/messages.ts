import type { LoggedConfiguration } from "./configuration.ts";
import type { Entry, NodeId, ProposalRequest } from "./entry.ts";
import type { SlotMessage } from "./slot-paxos/slot-messages.ts";
import type { Zxid } from "./zxid.ts";

/** What a member is doing, as it tells the others in an election. */
export type MemberState = "looking" | "following" | "observing" | "leading";

/**
 * A vote in fast leader election. It may be lost, repeated or late without harm, and so it is the only message that
 * does not need a FIFO link.
 */
export interface Notification {
  readonly kind: "notification";
  readonly state: MemberState;
  /** The proposed leader; 0 from a member that has no vote to give. */
  readonly leader: NodeId;
  readonly zxid: Zxid;
  readonly epoch: number;
  /**
   * The newest in the log of the proposed leader; of the sender's own log from those that do not look. Undefined: that with
   * which the ensemble began, so that one that never changed sends what older versions understand.
   */
  readonly configuration: LoggedConfiguration | undefined;
  readonly round: number;
  /** False from members whose disk is not trusted yet. Their votes are not counted. */
  readonly voting: boolean;
  /** True while the sender has neither logged nor promised anything. */
  readonly fresh: boolean;
}

/**
 * How one member of a Paxos ensemble fares, asked for and told all the time: who is answered by a quorum may lead. Like
 * a vote it may be lost, repeated or late without harm.
 */
export interface Heartbeat {
  readonly kind: "heartbeat";
  /** Of the member that asked. */
  readonly round: number;
  readonly isAnswer: boolean;
  readonly state: MemberState;
  /** True while it is in step with a leader, or leads those in step. */
  readonly settled: boolean;
  /** Whether a quorum answered it in its last round. */
  readonly connected: boolean;
  readonly zxid: Zxid;
  readonly epoch: number;
  /** As in a notification: whether the sender's answer counts, where it is a voter. */
  readonly voting: boolean;
  /** Whether its own configuration names it a voter: only such a member may lead. */
  readonly electable: boolean;
  readonly fresh: boolean;
}

/**
 * One attempt of a learner to join a leader. The learner numbers its attempts; both sides drop what belongs to another
 * attempt, so that nothing of an earlier role is taken for the present one. It stands for Apache's one connection per
 * attempt.
 */
export type Session = number;

/** Learner to leader. Names follow Zab and Apache's packets. */
export type LearnerMessage =
  | {
      readonly kind: "followerInfo";
      readonly session: Session;
      readonly acceptedEpoch: number;
      /** Whether its disk holds all that a vote stands for. */
      readonly voting: boolean;
    }
  /** `currentEpoch` is -1 when the learner had accepted this epoch before: then it does not count as a promise. */
  | { readonly kind: "ackEpoch"; readonly session: Session; readonly lastZxid: Zxid; readonly currentEpoch: number }
  /** `e:0` acknowledges NEWLEADER; anything else acknowledges every proposal up to it. */
  | { readonly kind: "ack"; readonly session: Session; readonly zxid: Zxid }
  | { readonly kind: "pong"; readonly session: Session; readonly round: number }
  | ({ readonly kind: "request"; readonly session: Session } & ProposalRequest)
  | { readonly kind: "readRequest"; readonly session: Session; readonly read: number }
  /** What this member's machine has to say to the leader's. Not replicated, and lost with the session. */
  | { readonly kind: "report"; readonly session: Session; readonly bytes: Uint8Array }
  | OfferMessage;

/** A history that a Paxos leader takes over, in order: where the two part, or a snapshot; entries; the end. */
export type OfferMessage =
  | { readonly kind: "offerCut"; readonly session: Session; readonly zxid: Zxid }
  | {
      readonly kind: "offerSnap";
      readonly session: Session;
      readonly position: Zxid;
      /** As in `snap`. */
      readonly configuration: LoggedConfiguration | undefined;
      /** As in `snap`. */
      readonly chunk: Uint8Array | undefined;
      readonly last: boolean;
    }
  | { readonly kind: "offerEntry"; readonly session: Session; readonly entry: Entry }
  | { readonly kind: "offerEnd"; readonly session: Session; readonly zxid: Zxid };

/** Leader to learner. */
export type LeaderMessage =
  | { readonly kind: "leaderInfo"; readonly session: Session; readonly epoch: number }
  | { readonly kind: "diff"; readonly session: Session; readonly zxid: Zxid }
  /** Cut everything after `zxid`, which the learner must hold. */
  | { readonly kind: "trunc"; readonly session: Session; readonly zxid: Zxid }
  | {
      readonly kind: "snap";
      readonly session: Session;
      readonly position: Zxid;
      /** Who takes part there; each piece says it. */
      readonly configuration: LoggedConfiguration | undefined;
      /** Chunks come in order; an empty snapshot is one message with `chunk` undefined. */
      readonly chunk: Uint8Array | undefined;
      readonly last: boolean;
    }
  | { readonly kind: "proposal"; readonly session: Session; readonly entry: Entry }
  | { readonly kind: "newLeader"; readonly session: Session; readonly epoch: number; readonly committed: Zxid }
  /** `guest`: no committed configuration names the learner. It is in step, but gets no vote by that. */
  | { readonly kind: "upToDate"; readonly session: Session; readonly committed: Zxid; readonly guest: boolean }
  /** Everything up to `zxid` is committed. */
  | { readonly kind: "commit"; readonly session: Session; readonly zxid: Zxid }
  /** To observers: a proposal and its commit in one. */
  | { readonly kind: "inform"; readonly session: Session; readonly entry: Entry }
  | { readonly kind: "ping"; readonly session: Session; readonly round: number }
  /** The request was taken before and is applied at or before `position`, or was refused if `refused`. */
  | {
      readonly kind: "answered";
      readonly session: Session;
      readonly client: bigint;
      readonly sequence: number;
      readonly position: Zxid;
      readonly refused: boolean;
    }
  | { readonly kind: "readAnswer"; readonly session: Session; readonly read: number; readonly position: Zxid }
  /** Offer your history to the leader, whose own log ends at `zxid`. */
  | { readonly kind: "pull"; readonly session: Session; readonly zxid: Zxid }
  /** The sender does not lead this learner; it should look for a leader again. */
  | { readonly kind: "refuse"; readonly session: Session };

/** What members say to find a leader. */
export type ElectionMessage = Notification | Heartbeat;

/** What replicas of ZAB and of log-structured Paxos say to one another. */
export type ZabMessage = ElectionMessage | LearnerMessage | LeaderMessage;

/** What replicas say to one another. */
export type ReplicaMessage = ZabMessage | SlotMessage;
