import { assert, type ChurningMap } from "@tutti/stdx";
import type { AcceptedEntry } from "../accepted-entry.ts";
import { votersOf, type LoggedConfiguration } from "../configuration.ts";
import type { EffectsBuffer, Epochs, LinkId, Token } from "../effects.ts";
import type { Entry, NodeId, ProposalRequest, Snapshot } from "../entry.ts";
import type { Heartbeat, ReplicaMessage, Session } from "../messages.ts";
import type { QuorumSystem } from "../quorum.ts";
import type { CoreStatus, LeaderHooks } from "../replica-core.ts";
import type { Zxid } from "../zxid.ts";
import type { ProposalBook } from "../zab/proposal-book.ts";
import type { ReadBook } from "../zab/read-book.ts";
import type { SlotLog } from "./slot-log.ts";
import type { SlotPaxosMessage } from "./slot-messages.ts";
import type { SlotPaxosOptions } from "./slot-paxos-options.ts";

/** Follows nobody and leads nobody. */
export interface Looking {
  readonly kind: "looking";
}

/** Has promised a ballot, or heard of it. */
export interface Following {
  readonly kind: "following";
  readonly leader: NodeId;
  readonly ballot: number;
  /** Requests go over this link and count as those of this session; with the link both end. */
  readonly link: LinkId;
  readonly session: Session;
  /** The leader's first slot of its own; 0 until it says so. */
  barrier: Zxid;
  /** The last of the leader's rounds that was heard of. */
  round: number;
  /** The end of its known prefix, as far as it was heard. */
  committed: Zxid;
  /** The known prefix reaches the barrier, and is applied up to there. */
  inStep: boolean;
  silentTicks: number;
}

/** What a candidate has of one acceptor's promise. */
export interface Promised {
  readonly committed: Zxid;
  readonly entered: number;
  readonly parts: number;
  received: number;
  readonly records: AcceptedEntry[];
  /** The candidate's round when the promise was complete; undefined before. */
  completeIn: number | undefined;
}

/** What a leader knows of one member. */
export interface Peer {
  readonly link: LinkId;
  silentTicks: number;
  /** The last round that it answered and whose answer stands for a promise; 0 before. */
  round: number;
  /** Whether its disk is trusted with a vote, as of its last answer; undefined before the first. */
  trusted: boolean | undefined;
  /** The end of the known prefix on its disk. */
  known: Zxid;
  /** A member without a vote that wants one: what it must know, and the round that a quorum must answer first. */
  admission: { readonly end: Zxid; readonly round: number } | undefined;
  /** Requests without a name of sessions up to this one are not taken. */
  mutedSession: Session;
}

/** A slot on its way: proposed in this ballot and not in the known prefix. */
export interface Pending {
  readonly entry: Entry;
  readonly acceptedBy: Set<NodeId>;
  /** The round in which it was last sent to everybody. */
  readonly round: number;
}

/** A request on its way into a slot, and the member that sent it. */
export interface QueuedRequest {
  readonly request: ProposalRequest;
  readonly origin: { readonly node: NodeId; readonly session: Session } | undefined;
}

/** Has a ballot of its own. */
export interface Leading {
  readonly kind: "leading";
  readonly ballot: number;
  /** Whose quorum promises: that of the known prefix when it began. */
  readonly configuration: LoggedConfiguration;
  /** Phase 1; phase 2 for what was taken over; phase 2 for new requests. */
  phase: "discovery" | "synchronization" | "broadcast";
  /** The write of its own promise. */
  readonly promiseToken: Token;
  readonly promises: Map<NodeId, Promised>;
  readonly peers: Map<NodeId, Peer>;
  readonly pending: ChurningMap<Zxid, Pending>;
  /** The last slot that has a value in this ballot, or lies in the known prefix. */
  last: Zxid;
  /** Its own disk holds the values of this ballot up to here. */
  ownEnd: Zxid;
  /** The others were told of the known prefix up to here. */
  told: Zxid;
  /** Whether a round was sent since a quorum promised. */
  isConfirming: boolean;
  /** The slot behind all that was taken over. Nothing is prepared before it is applied. 0 where that ends with a change of members. */
  barrier: Zxid;
  /** The last slot given out that changes the members: it must be known before there is a next one. */
  changeSlot: Zxid;
  readonly queue: QueuedRequest[];
  /** Requests of this ballot that the machine has not applied, by request key; and who else asked for one, each member once. */
  readonly unapplied: ChurningMap<string, { readonly slot: Zxid; others: readonly QueuedRequest[] }>;
  round: number;
  ticksToRound: number;
  phaseTicks: number;
}

export type SlotRole = Looking | Following | Leading;

/** What a part may ask for; carried out when the present step is over, so that no part calls another. */
export type Transition =
  | { readonly to: "looking"; readonly reason: string }
  | { readonly to: "following"; readonly leader: NodeId; readonly ballot: number }
  | { readonly to: "leading"; readonly reason: string };

/** A catch-up under way: from whom, and what has come of a snapshot. */
export interface Asking {
  readonly peer: NodeId;
  readonly link: LinkId;
  /** Without progress it is asked again. */
  silentTicks: number;
  incoming: { readonly position: Zxid; readonly chunks: Uint8Array[] } | undefined;
}

/** All that one replica knows. The parts are functions over it. */
export interface SlotState {
  readonly id: NodeId;
  readonly options: SlotPaxosOptions;
  /** What follows from the configuration of the known prefix; made anew when that is another. */
  electorate: Electorate;
  readonly hooks: LeaderHooks;
  readonly out: EffectsBuffer<ReplicaMessage>;
  readonly log: SlotLog;
  readonly proposals: ProposalBook;
  readonly reads: ReadBook;
  readonly links: Map<NodeId, LinkId>;
  readonly search: Search;
  /** `accepted` is the promise; `current` the highest ballot whose barrier lies in the known prefix. */
  epochs: Epochs;
  /** The highest ballot that somebody is known to have promised; the next one must be higher. */
  ballotFloor: number;
  role: SlotRole;
  next: Transition | undefined;
  sessions: Session;
  durableToken: Token;
  /** The write that gave this member its vote. */
  voteToken: Token;
  /** The last write of the epochs: a message that speaks of a promise waits for it. */
  epochsToken: Token;
  /** Handed out for application. Invariant: delivered <= known prefix, delivered <= durable end. */
  delivered: Zxid;
  /** Reported as applied by the machine. */
  applied: Zxid;
  restore: { readonly token: Token; readonly snapshot: Snapshot } | undefined;
  /** Slots accepted in a ballot whose leader has not been told. */
  due: { readonly ballot: number; readonly slots: Set<Zxid> };
  asking: Asking | undefined;
  /** The known prefix at the leader's last round: one that stands still behind the leader's lacks something. */
  committedAtLead: Zxid;
}

/** Who is there and may lead: heartbeat rounds, as in the log-structured Paxos. */
export interface Search {
  round: number;
  ticksToRound: number;
  /** Whether a quorum answered the last round. */
  isConnected: boolean;
  readonly answered: Set<NodeId>;
  readonly peers: Map<NodeId, Heartbeat>;
}

/** Asks for a change of role at the end of this step. The first request wins. */
export function request(state: SlotState, next: Transition): void {
  state.next ??= next;
}

/** Makes the epochs durable. Both counters only grow, on disk as in memory. */
export function setEpochs(state: SlotState, change: Partial<Epochs>): Token {
  const epochs: Epochs = { ...state.epochs, ...change };
  assert(epochs.accepted >= state.epochs.accepted, "a promise is never taken back");
  assert(epochs.current >= state.epochs.current, "the ballot that was entered never decreases");
  assert(epochs.current <= epochs.accepted, "a ballot is promised before it is entered");
  state.epochs = epochs;
  state.epochsToken = state.out.write({ kind: "epochs", epochs });
  return state.epochsToken;
}

/** Makes a promise durable, where it is not the one of before. */
export function promise(state: SlotState, ballot: number): void {
  if (ballot > state.epochs.accepted) setEpochs(state, { accepted: ballot });
}

/** Who decides the slot behind the known prefix. */
export interface Electorate {
  readonly configuration: LoggedConfiguration;
  readonly voters: ReadonlySet<NodeId>;
  readonly quorum: QuorumSystem;
}

/**
 * The voters of the newest configuration in the known prefix, alone: no slot behind it is given out before it is known to be
 * chosen, so nobody can decide one otherwise. The voters before are named in it only until the new ones have caught up.
 */
export function electorateOf(state: Pick<SlotState, "electorate" | "log" | "options">): Electorate {
  const { configuration } = state.log;
  if (state.electorate.configuration !== configuration) {
    state.electorate = createElectorate(configuration, state.options);
  }
  return state.electorate;
}

export function createElectorate(configuration: LoggedConfiguration, { quorum }: SlotPaxosOptions): Electorate {
  return { configuration, voters: new Set(configuration.voters), quorum: quorum(configuration.voters) };
}

/**
 * True for a member whose disk has forgotten nothing that it said: also after a crash right now. It promises and accepts
 * whoever asks it; whether that counts is for the leader to know, by the configuration of the slot.
 */
export function isTrusted(state: SlotState): boolean {
  return state.epochs.voting && state.durableToken >= state.voteToken;
}

/** A trusted voter; or one that a change leaves out, as long as that is not over: it may have to bring up the others. */
export function isElectable(state: SlotState): boolean {
  return isTrusted(state) && votersOf(state.log.configuration).has(state.id);
}

/** What needs no order and may get lost. */
export function sendAny(state: SlotState, to: NodeId, message: SlotPaxosMessage, after: Token): void {
  if (state.links.has(to)) state.out.send({ to, link: undefined, message, after });
}

/** In order over one link, or not at all. */
export function sendOver(
  state: SlotState,
  { to, link }: { readonly to: NodeId; readonly link: LinkId },
  message: SlotPaxosMessage,
  after: Token = 0,
): void {
  if (state.links.get(to) === link) state.out.send({ to, link, message, after });
}

/** How far behind the known prefix a slot may lie; what is further is not taken in. */
export function windowEnd(state: SlotState): Zxid {
  return state.log.committed + BigInt(state.options.outstandingEntriesMax * 2);
}

/** The ballot whose leader began with this entry, or 0. */
export function barrierOf(entry: Entry): number {
  return entry.kind === "noop" ? entry.sequence : 0;
}

/** Takes chosen slots into the known prefix, enters the ballots whose barriers lie there, and delivers. */
export function advance(state: SlotState): void {
  let entered = state.epochs.current;
  for (const entry of state.log.advance()) entered = Math.max(entered, barrierOf(entry));
  const { role, log } = state;
  // A snapshot does not say which barriers it covers, but the leader says where its own lies: whoever knows so much has entered
  // its ballot, and is counted among the new voters of a change only after that (SEED=301776 with changes of members).
  if (role.kind === "following" && role.barrier > 0n && log.committed >= role.barrier) {
    entered = Math.max(entered, role.ballot);
  }
  if (entered > state.epochs.current) {
    // A disk that has entered a ballot knows the prefix with its barrier: see `takeOver`.
    state.log.saveChosen();
    setEpochs(state, { accepted: Math.max(entered, state.epochs.accepted), current: entered });
  }
  deliver(state);
}

/** Hands out, in order, what is chosen and on this replica's own disk: memory stays behind the log. */
export function deliver(state: SlotState): void {
  if (state.restore !== undefined) {
    if (state.restore.token > state.durableToken) return;
    const { snapshot } = state.restore;
    state.restore = undefined;
    state.delivered = snapshot.position;
    state.out.apply({ kind: "restore", snapshot });
    // What was handed over may be covered by it, which only the table of answers can tell: a leader is asked again.
    state.proposals.cover();
    if (state.role.kind === "following") state.proposals.resend(state.role.ballot);
  }
  for (const { entry } of state.log.held(state.delivered, state.log.durablePrefix)) {
    state.delivered = entry.zxid;
    state.out.apply({ kind: "commit", entry });
    state.proposals.committed(entry);
  }
}

export function roleName(state: SlotState): CoreStatus["role"] {
  const { role, epochs, id } = state;
  if (role.kind !== "following") return role.kind;
  return epochs.voting && electorateOf(state).voters.has(id) ? "following" : "observing";
}

/** Leads or follows, and knows all that was decided before the present leader began. */
export function isInStep({ role }: SlotState): boolean {
  return role.kind === "following" ? role.inStep : role.kind === "leading" && role.phase === "broadcast";
}

export function statusOf(state: SlotState): CoreStatus {
  const { role, log } = state;
  const inStep = isInStep(state);
  const leader = role.kind === "following" ? role.leader : state.id;
  let phase: CoreStatus["phase"] = "election";
  if (role.kind === "leading") ({ phase } = role);
  else if (role.kind === "following") {
    phase = inStep ? "broadcast" : role.barrier === 0n ? "discovery" : "synchronization";
  }
  return {
    id: state.id,
    role: roleName(state),
    phase,
    leader: inStep ? leader : undefined,
    epoch: role.kind === "looking" ? state.epochs.current : role.ballot,
    acceptedEpoch: state.epochs.accepted,
    voting: isTrusted(state) && electorateOf(state).voters.has(state.id),
    committed: log.committed,
    logged: log.end,
    durable: log.durableEnd,
    delivered: state.delivered,
    snapshot: log.snapshot.position,
  };
}
