import type { NodeId } from "../entry.ts";
import type { MemberState, Notification } from "../messages.ts";
import { quorumOf, votersOf, type Configuration } from "../configuration.ts";
import {
  beginLooking,
  electorateOf,
  enter,
  isVoter,
  mayLead,
  noVote,
  request,
  setEpochs,
  type Looking,
  type Variant,
  type Vote,
  type ZabState,
} from "./zab-state.ts";

// Zab phase 0: fast leader election. It only proposes a leader; that the leader knows enough is checked again in
// discovery, so no loss, repetition or delay of a vote can do more than cost time.

/** Votes are ordered by epoch, then zxid, then id. By zxid alone, a node that only tried to lead would win (335). */
function isBetterVote(left: Vote, right: Vote): boolean {
  if (left.epoch !== right.epoch) return left.epoch > right.epoch;
  if (left.zxid !== right.zxid) return left.zxid > right.zxid;
  return left.leader > right.leader;
}

/**
 * The vote for oneself: the log as the disk will hold it, never the state that happens to be applied (Z3). Who is no voter
 * has none to give, but supports whom others propose: their configuration may name it a voter, and its own not yet.
 */
function ownVote(state: ZabState): Vote {
  if (!mayLead(state)) return noVote;
  return {
    leader: state.id,
    zxid: state.log.end,
    epoch: state.epochs.current,
    configuration: state.log.configuration,
  };
}

/** Starts looking for a leader with a new round. */
function startElection(state: ZabState): void {
  state.round += 1;
  state.settledVote = undefined;
  enter(state, beginLooking(ownVote(state), state.options.voteTicks));
  if (state.role.kind === "looking") {
    broadcastVote(state, state.role);
    considerFirstStart(state);
    considerDecision(state, state.role);
  }
}

/** A node without data may vote only when the whole ensemble is new; else it has forgotten what it promised (2325). */
export function considerFirstStart(state: ZabState): void {
  const { voters } = electorateOf(state);
  if (state.epochs.voting || !isFresh(state) || !voters.has(state.id)) return;
  if (![...voters].every((voter) => voter === state.id || state.fresh.has(voter))) return;
  setEpochs(state, { voting: true });
  request(state, { to: "looking", reason: "first start: every voter is reachable and empty" });
}

export function isFresh(state: ZabState): boolean {
  // Nothing is logged in an epoch that was not accepted.
  return state.epochs.accepted === 0;
}

export function memberState(state: ZabState): MemberState {
  if (state.role.kind !== "learning") return state.role.kind;
  return isVoter(state) ? "following" : "observing";
}

function notificationOf(state: ZabState): Notification {
  const vote =
    state.role.kind === "looking"
      ? state.role.vote
      : // In step with its leader it knows the newest configuration, which need not be that of the election.
        { ...(state.settledVote ?? ownVote(state)), configuration: state.log.configuration };
  const { configuration } = vote;
  return {
    kind: "notification",
    state: memberState(state),
    ...vote,
    configuration: configuration.position === 0n ? undefined : configuration,
    round: state.round,
    voting: state.epochs.voting,
    fresh: isFresh(state),
  };
}

/** Tells one peer the present vote. It speaks of the end of the log, so it waits until that end is durable. */
function notify(state: ZabState, peer: NodeId): void {
  state.out.send({ to: peer, link: undefined, message: notificationOf(state), after: state.out.lastToken });
}

function broadcastVote(state: ZabState, looking: Looking): void {
  // To all that are linked: who votes may have changed since this member last heard.
  for (const peer of state.links.keys()) notify(state, peer);
  looking.votes.set(state.id, looking.vote);
}

/**
 * In step with a leader, or leading: whoever still looks, an observer above all, need not wait for its next question.
 * Apache's members speak only when they are asked.
 */
function announceSettled(state: ZabState): void {
  for (const peer of state.links.keys()) notify(state, peer);
}

function tickElection(state: ZabState): void {
  const looking = state.role;
  if (looking.kind !== "looking") return;
  looking.ticks += 1;
  if (looking.ticksToFinal !== undefined) {
    looking.ticksToFinal -= 1;
    if (looking.ticksToFinal <= 0) considerDecision(state, looking);
  }
  looking.ticksToVote -= 1;
  if (looking.ticksToVote > 0) return;
  looking.voteIntervalTicks = Math.min(looking.voteIntervalTicks * 2, state.options.voteTicks * 8);
  looking.ticksToVote = looking.voteIntervalTicks;
  broadcastVote(state, looking);
}

/** A link came up: the peer may have missed every vote so far. */
function electionLinkUp(state: ZabState, peer: NodeId): void {
  if (state.role.kind === "looking") notify(state, peer);
}

function onNotification(state: ZabState, from: NodeId, message: Notification): void {
  // A peer that cannot be answered must not sway this node: with a one-way cut it would be elected for ever.
  if (!state.links.has(from)) return;
  if (message.fresh) state.fresh.add(from);
  else state.fresh.delete(from);
  const role = state.role;
  if (role.kind !== "looking") {
    if (message.state === "looking") notify(state, from);
    return;
  }
  considerFirstStart(state);
  // A node without a vote is not answered by one that looks itself: two of them would answer each other for ever.
  if (message.state !== "looking") onSettledVote(state, role, from, message);
  else if (message.voting && state.epochs.voting) onLookingVote(state, role, from, message);
}

function onLookingVote(state: ZabState, looking: Looking, from: NodeId, message: Notification): void {
  if (message.round < state.round) return notify(state, from);
  const isLater = message.round > state.round;
  if (isLater) {
    state.round = message.round;
    looking.votes.clear();
    looking.vote = ownVote(state);
  }
  const vote = voteOf(state, message);
  const counts = isForThis(state, vote);
  const isBetter = counts && isBetterVote(vote, looking.vote);
  if (isBetter) looking.vote = vote;
  if (isLater || isBetter) broadcastVote(state, looking);
  if (counts) looking.votes.set(from, vote);
  // The sender may still hold a worse vote, for which ours was lost.
  if (isBetterVote(looking.vote, vote)) notify(state, from);
  considerDecision(state, looking);
}

/**
 * Whether a vote speaks to this member. One for this member itself may be out of date: its log was cut since, or a change
 * that made it a voter was undone.
 */
function isForThis(state: ZabState, vote: Vote): boolean {
  if (vote.leader === 0 || !(votersOf(vote.configuration).has(state.id) || mayLead(state))) return false;
  return vote.leader !== state.id || sameVote(vote, ownVote(state));
}

function sameVote(left: Vote, right: Vote): boolean {
  return left.leader === right.leader && left.zxid === right.zxid && left.epoch === right.epoch;
}

function voteOf(state: ZabState, { leader, zxid, epoch, configuration }: Notification): Vote {
  return { leader, zxid, epoch, configuration: configuration ?? state.log.initialConfiguration };
}

/** How many intervals of votes a member looks for a quorum before it follows whoever says that it leads. */
const patienceVotes = 8;

/** Decides when a quorum agrees and either every linked voter has voted or the wait for a better vote is over. */
function considerDecision(state: ZabState, looking: Looking): void {
  const { configuration } = looking.vote;
  const voters = votersOf(configuration);
  if (!state.epochs.voting || !(voters.has(state.id) || looking.vote.leader === state.id)) return;
  const agreeing = new Set<NodeId>();
  for (const [voter, vote] of looking.votes) if (sameVote(vote, looking.vote)) agreeing.add(voter);
  if (!isQuorum(state, configuration, agreeing)) {
    looking.ticksToFinal = undefined;
    return;
  }
  looking.ticksToFinal ??= state.options.finalizeTicks;
  const linked = [...voters].filter((voter) => state.links.has(voter));
  if (looking.ticksToFinal > 0 && !linked.every((voter) => looking.votes.has(voter))) return;
  decide(state, looking.vote);
}

function isQuorum(state: ZabState, configuration: Configuration, agreeing: ReadonlySet<NodeId>): boolean {
  return quorumOf(configuration, state.options.quorum).isQuorum(agreeing);
}

function decide(state: ZabState, vote: Vote): void {
  state.settledVote = vote;
  if (vote.leader === state.id) request(state, { to: "leading" });
  else request(state, { to: "learning", leader: vote.leader });
}

/**
 * An established ensemble is joined when a quorum names one leader and that leader itself says that it leads.
 * Zxid and round legitimately differ among settled members, so only leader and epoch are compared (1732, 1805).
 */
function onSettledVote(state: ZabState, looking: Looking, from: NodeId, message: Notification): void {
  const vote = voteOf(state, message);
  if (!message.voting) return;
  if (message.round === state.round && state.epochs.voting && vote.leader !== 0) {
    looking.votes.set(from, vote);
    const leads =
      vote.leader === state.id || looking.settled.get(vote.leader)?.leading === true || from === vote.leader;
    if (leads && sameVote(vote, looking.vote)) considerDecision(state, looking);
  }
  looking.settled.set(from, { vote, round: message.round, leading: message.state === "leading" });
  if (state.next !== undefined) return;
  // A quorum may not be in sight: links are kept to members that this log names, and others may have come since. The leader
  // counts for itself; who follows one in vain looks again.
  const isPatient = looking.ticks < state.options.voteTicks * patienceVotes;
  if (message.state === "leading" && (!isPatient || (message.round === state.round && sameVote(vote, looking.vote)))) {
    state.round = Math.max(state.round, message.round);
    return decide(state, vote);
  }
  // Whether they are enough says the configuration of the leader itself.
  const lead = vote.leader === state.id ? undefined : looking.settled.get(vote.leader);
  if (lead?.leading !== true) return;
  const naming = new Set<NodeId>();
  for (const [voter, one] of looking.settled) {
    if (one.vote.leader === vote.leader && one.vote.epoch === vote.epoch) naming.add(voter);
  }
  if (!isQuorum(state, lead.vote.configuration, naming)) return;
  state.round = Math.max(state.round, message.round);
  decide(state, vote);
}

/** A link went away, and with it whatever the peer said over it. */
function electionLinkDown(state: ZabState, peer: NodeId): void {
  state.fresh.delete(peer);
  if (state.role.kind !== "looking") return;
  state.role.votes.delete(peer);
  state.role.settled.delete(peer);
}

/** ZAB: fast leader election finds whoever knows most, epochs count up, and a leader never takes over a history. */
export const zabVariant: Variant = {
  startElection,
  tick: tickElection,
  receive: (state, from, message) => {
    if (message.kind === "notification") onNotification(state, from, message);
  },
  linkUp: electionLinkUp,
  linkDown: electionLinkDown,
  announceSettled,
  nextEpoch: (highest) => highest + 1,
  adoptsHistory: false,
};
