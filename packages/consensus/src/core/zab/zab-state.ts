import { membersOf, quorumOf, votersOf, type Configuration, type LoggedConfiguration } from "../configuration.ts";
import type { EffectsBuffer, Epochs, LinkId, Token } from "../effects.ts";
import type { Entry, NodeId, ProposalRequest, Snapshot } from "../entry.ts";
import type { LogMirror } from "../log-mirror.ts";
import type { ElectionMessage, LeaderMessage, LearnerMessage, ReplicaMessage, Session } from "../messages.ts";
import type { QuorumSystem } from "../quorum.ts";
import type { LeaderHooks } from "../replica-core.ts";
import { assert, type ChurningMap } from "@tutti/stdx";
import { earlierOf, laterOf, type Zxid } from "../zxid.ts";
import type { ProposalBook } from "./proposal-book.ts";
import type { ReadBook } from "./read-book.ts";
import type { ZabOptions } from "./zab-options.ts";

/** A vote: who should lead, and why it is fit to. Compared by (epoch, zxid, id). */
export interface Vote {
  readonly leader: NodeId;
  readonly zxid: Zxid;
  readonly epoch: number;
  /** The newest in the log of the proposed leader: it decides whether enough members agree, as it will in discovery. */
  readonly configuration: LoggedConfiguration;
}

/** Zab phase 0. */
export interface Looking {
  readonly kind: "looking";
  vote: Vote;
  /** Votes of the present round, by voter. */
  readonly votes: Map<NodeId, Vote>;
  /** What settled members say, whatever their round: the way into an established ensemble. */
  readonly settled: Map<NodeId, { readonly vote: Vote; readonly round: number; readonly leading: boolean }>;
  ticksToVote: number;
  voteIntervalTicks: number;
  /** Ticks until a decided election is final; undefined while there is no quorum. */
  ticksToFinal: number | undefined;
  /** How long it has looked. */
  ticks: number;
}

/** The vote of those that have none to give. */
export const noVote: Vote = {
  leader: 0,
  zxid: 0n,
  epoch: 0,
  configuration: { voters: [], observers: [], outgoing: undefined, position: 0n },
};

/** A new search. Without a vote of its own it neither votes nor counts votes. */
export function beginLooking(vote: Vote = noVote, voteTicks = 0): Looking {
  return {
    kind: "looking",
    vote,
    votes: new Map(),
    settled: new Map(),
    ticksToVote: voteTicks,
    voteIntervalTicks: voteTicks,
    ticksToFinal: undefined,
    ticks: 0,
  };
}

/** Follower or observer, in Zab phases 1 to 3. */
export interface Learning {
  readonly kind: "learning";
  readonly leader: NodeId;
  readonly session: Session;
  link: LinkId | undefined;
  phase: "discovery" | "synchronization" | "broadcast";
  /** The leader's epoch; 0 until LEADERINFO. */
  epoch: number;
  /** What SNAP brought so far; the history replaces ours as a whole at NEWLEADER. */
  incoming: IncomingHistory | undefined;
  /** True between NEWLEADER's ack and UPTODATE. */
  newLeaderAcked: boolean;
  silentTicks: number;
  phaseTicks: number;
}

/** What a leader knows of one learner. */
export interface Learner {
  readonly node: NodeId;
  readonly session: Session;
  readonly link: LinkId;
  /** Whether its disk holds all that a vote stands for. It counts if the leader's configuration names it a voter too. */
  readonly trusted: boolean;
  readonly acceptedEpoch: number;
  phase: "discovery" | "epochAcked" | "synchronization" | "broadcast";
  /** True when it promised this epoch, rather than having promised it before. */
  promised: boolean;
  lastZxid: Zxid;
  /** The last epoch whose history it had entered when it promised this one. */
  currentEpoch: number;
  /** The end of what the sync stream carried: an ack of NEWLEADER acknowledges all of it. */
  syncEnd: Zxid;
  acked: Zxid;
  silentTicks: number;
  /** The last ping round it answered. */
  round: number;
  /** The ping round that a quorum must have answered before it is told that it is up to date; 0 where none must. */
  confirmingRound: number;
}

/** What SNAP or an offer brought so far. */
export interface IncomingHistory {
  readonly position: Zxid;
  readonly configuration: LoggedConfiguration | undefined;
  readonly chunks: Uint8Array[];
  readonly entries: Entry[];
  complete: boolean;
}

/** A learner's history on its way to the leader. Nothing of it is written before all of it is there. */
export interface Adoption {
  readonly donor: NodeId;
  readonly session: Session;
  /** Where the leader's own log is cut; undefined when a snapshot comes. */
  cut: Zxid | undefined;
  incoming: IncomingHistory | undefined;
}

/** Zab phases 1 to 3 on the leader. */
export interface Leading {
  readonly kind: "leading";
  phase: "discovery" | "synchronization" | "broadcast";
  /** 0 until a quorum has told its accepted epochs. */
  epoch: number;
  readonly learners: Map<NodeId, Learner>;
  /** (current epoch, last zxid) when this node began to lead: nobody in its quorum may know more. */
  initialEpoch: number;
  initialZxid: Zxid;
  /** The better history that is being taken over, and from whom. */
  adoption: Adoption | undefined;
  /** The write that makes the leader's own NEWLEADER ack true. */
  ownAck: Token | undefined;
  /** The end of the initial history. Nothing is prepared before all of it is applied. */
  initialEnd: Zxid;
  phaseTicks: number;
  ticksToPing: number;
  round: number;
}

export type ZabRole = Looking | Learning | Leading;

/** What a phase may ask for; carried out when the present step is over, so that no phase calls another. */
export type Transition =
  | { readonly to: "looking"; readonly reason: string }
  | { readonly to: "learning"; readonly leader: NodeId }
  | { readonly to: "leading" };

const transitions: Readonly<Record<ZabRole["kind"], readonly ZabRole["kind"][]>> = {
  looking: ["looking", "learning", "leading"],
  learning: ["looking"],
  leading: ["looking"],
};

/** A request on its way into the log, and the learner that sent it. */
export interface QueuedRequest {
  readonly request: ProposalRequest;
  readonly origin: { readonly node: NodeId; readonly session: Session } | undefined;
}

/** What an established leader is working on. Dies with the leadership. */
export interface Workload {
  readonly queue: QueuedRequest[];
  /** Requests of this leader's log that the machine has not applied, by request key. */
  readonly unapplied: ChurningMap<string, Zxid>;
  /** Who else asked for one of these, each member once. */
  readonly asked: Map<string, readonly QueuedRequest[]>;
}

/**
 * In what the protocols that share these phases differ: who is to lead, how it numbers its epoch, and what it does when
 * a member of its quorum knows more than it does.
 */
export interface Variant {
  startElection(state: ZabState): void;
  /** In every role. */
  tick(state: ZabState): void;
  receive(state: ZabState, from: NodeId, message: ElectionMessage): void;
  linkUp(state: ZabState, peer: NodeId): void;
  linkDown(state: ZabState, peer: NodeId): void;
  /** In step with a leader, or leading: whoever still looks should hear of it. */
  announceSettled(state: ZabState): void;
  /** An epoch above `highest` that no other member can choose at the same time without a quorum noticing. */
  nextEpoch(highest: number, id: NodeId): number;
  /** True: the leader takes over the better history. False: it gives way to whoever has it. */
  readonly adoptsHistory: boolean;
}

/** Who may decide. */
export interface Electorate {
  readonly configuration: Configuration;
  readonly voters: ReadonlySet<NodeId>;
  readonly quorum: QuorumSystem;
}

/** All that one replica knows. The phases are functions over it. */
export interface ZabState {
  readonly id: NodeId;
  readonly variant: Variant;
  readonly options: ZabOptions;
  /** What follows from the newest configuration in the log; made anew when that is another. */
  electorate: Electorate;
  readonly hooks: LeaderHooks;
  readonly out: EffectsBuffer<ReplicaMessage>;
  readonly log: LogMirror;
  readonly proposals: ProposalBook;
  readonly reads: ReadBook;
  readonly links: Map<NodeId, LinkId>;
  /** The last session that ended with a leadership of this member, by linked peer. */
  readonly endedSessions: Map<NodeId, Session>;
  /** Voters that have shown themselves without history or promises, for the first start of an ensemble. */
  readonly fresh: Set<NodeId>;
  epochs: Epochs;
  /** The highest epoch that somebody is known to have promised; the next one must be later. */
  epochFloor: number;
  role: ZabRole;
  next: Transition | undefined;
  /** Logical clock of elections. Not durable. */
  round: number;
  /** The vote that settled members answer with; its epoch is rewritten once in step (ZOOKEEPER-1732). */
  settledVote: Vote | undefined;
  /** Counts this life's attempts to join a leader. */
  sessions: Session;
  /** Every write up to this token is durable. */
  durableToken: Token;
  committed: Zxid;
  /** Handed out for application. Invariant: delivered <= committed, delivered <= durable end of the log. */
  delivered: Zxid;
  /** Reported as applied by the machine. */
  applied: Zxid;
  /** An installed snapshot that is ahead of the machine, to be handed out once its write is durable. */
  restore: { readonly token: Token; readonly snapshot: Snapshot } | undefined;
  /** True when a snapshot was handed out since the open proposals were last settled. */
  restored: boolean;
  workload: Workload;
  /** True when entries came that the leader has not been told are durable. */
  ackDue: boolean;
}

/** Asks for a change of role at the end of this step. The first request wins. */
export function request(state: ZabState, next: Transition): void {
  state.next ??= next;
}

/** Exchanges the role, along the table of transitions that exist. */
export function enter(state: ZabState, role: ZabRole): void {
  assert(transitions[state.role.kind].includes(role.kind), `a ${state.role.kind} replica may become ${role.kind}`);
  state.role = role;
}

/** Makes the epochs durable. Both counters only grow, on disk as in memory (ZOOKEEPER-2307). */
export function setEpochs(state: ZabState, change: Partial<Epochs>): Token {
  const epochs: Epochs = { ...state.epochs, ...change };
  assert(epochs.accepted >= state.epochs.accepted, "the accepted epoch never decreases");
  assert(epochs.current >= state.epochs.current, "the current epoch never decreases");
  assert(epochs.current <= epochs.accepted, "an epoch is accepted before it is entered");
  state.epochs = epochs;
  return state.out.write({ kind: "epochs", epochs });
}

/** To the leader of the present session; lost if its link is gone. */
export function sendToLeader(state: ZabState, learning: Learning, message: LearnerMessage, after: Token): void {
  if (learning.link === undefined) return;
  state.out.send({ to: learning.leader, link: learning.link, message, after });
}

export function sendToLearner(state: ZabState, learner: Learner, message: LeaderMessage, after: Token): void {
  state.out.send({ to: learner.node, link: learner.link, message, after });
}

/**
 * Hands out what is committed and on this replica's own disk, in order. Holding back what is not yet durable here
 * keeps memory behind the log, so a crash never leaves a state that the log cannot explain.
 */
export function deliver(state: ZabState): void {
  if (state.restore !== undefined) {
    if (state.restore.token > state.durableToken) return;
    const { snapshot } = state.restore;
    state.restore = undefined;
    state.restored = true;
    state.delivered = snapshot.position;
    state.committed = laterOf(state.committed, snapshot.position);
    state.out.apply({ kind: "restore", snapshot });
  }
  for (const entry of state.log.range(state.delivered, earlierOf(state.committed, state.log.durableEnd))) {
    state.delivered = entry.zxid;
    state.out.apply({ kind: "commit", entry });
    state.proposals.committed(entry);
    if (entry.configuration !== undefined) considerMembership(state, entry.configuration);
  }
}

/** A guest that has become a member gets its vote by joining anew. */
function considerMembership(state: ZabState, configuration: Configuration): void {
  if (state.epochs.voting || state.role.kind !== "learning" || state.role.phase !== "broadcast") return;
  if (membersOf(configuration).has(state.id)) request(state, { to: "looking", reason: "a member from now on" });
}

/** Who may decide by the newest configuration in the log. */
export function electorateOf(state: Pick<ZabState, "electorate" | "log" | "options">): Electorate {
  const { configuration } = state.log;
  if (state.electorate.configuration !== configuration) {
    state.electorate = createElectorate(configuration, state.options);
  }
  return state.electorate;
}

export function createElectorate(configuration: Configuration, { quorum }: ZabOptions): Electorate {
  return { configuration, voters: votersOf(configuration), quorum: quorumOf(configuration, quorum) };
}

/** True for a member whose acknowledgements count. */
export function isVoter(state: ZabState): boolean {
  return state.epochs.voting && electorateOf(state).voters.has(state.id);
}

/**
 * True for a member that may lead: a voter, and one that the newest configuration leaves out while it is not known to be
 * committed. Nobody else may have logged it, and without this member nothing would go on (Ongaro 2014, section 4.2.2).
 */
export function mayLead(state: ZabState): boolean {
  if (isVoter(state)) return true;
  const { configuration, previousConfiguration } = state.log;
  if (!state.epochs.voting || configuration.position <= state.committed || previousConfiguration === undefined) {
    return false;
  }
  return votersOf(previousConfiguration).has(state.id);
}

/** Whether a leader counts what this learner says. */
export function isVoting(state: ZabState, learner: Learner): boolean {
  return learner.trusted && electorateOf(state).voters.has(learner.node);
}
