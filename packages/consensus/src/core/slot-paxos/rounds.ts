import { membersOf } from "../configuration.ts";
import type { LinkId } from "../effects.ts";
import type { NodeId } from "../entry.ts";
import { quorumPosition } from "../quorum.ts";
import { laterOf, type Zxid } from "../zxid.ts";
import { onChosen, sendPending } from "./accept.ts";
import { askFor } from "./catch-up.ts";
import type { SlotMessage } from "./slot-messages.ts";
import {
  electorateOf,
  isInStep,
  isTrusted,
  promise,
  request,
  sendAny,
  sendOver,
  setEpochs,
  type Following,
  type Leading,
  type Peer,
  type SlotState,
} from "./slot-state.ts";

// The leader's rounds: they keep followers, confirm reads, tell what is chosen, and give votes back.

type Of<Kind> = Extract<SlotMessage, { readonly kind: Kind }>;

/** What an acceptor has not accepted after so many rounds is sent again. */
const resendRounds = 4;
const resendCountMax = 64;

export function sendRound(state: SlotState, leading: Leading): void {
  leading.round += 1;
  leading.ticksToRound = state.options.pingTicks;
  state.reads.roundSent(leading.round);
  const { voters } = electorateOf(state);
  for (const [peer, link] of state.links) {
    // Until it has a barrier it leads nobody: those that need not promise are not asked to follow.
    if (leading.barrier > 0n || voters.has(peer)) sendLead(state, leading, peer, link);
  }
  if (leading.round % resendRounds !== 0) return;
  const again = { lastRound: leading.round - resendRounds, countMax: resendCountMax };
  for (const [node, { trusted }] of leading.peers) {
    if (trusted === true && voters.has(node)) sendPending(state, leading, node, again);
  }
}

export function sendLead(state: SlotState, leading: Leading, to: NodeId, link: LinkId): void {
  const { ballot, round, barrier } = leading;
  const admit = admissionOf(state, leading, to);
  const message = { kind: "lead", ballot, round, barrier, committed: state.log.committed, admit } as const;
  // An admission is for this life of the member alone, so it goes over the link on which that asked.
  if (admit > 0n) sendOver(state, { to, link }, message, leading.promiseToken);
  else sendAny(state, to, message, leading.promiseToken);
}

/**
 * What a member without a vote must know to get it back, or 0. It has forgotten what it accepted and promised; but a
 * quorum without it answered this leader after it had come back, so nothing it forgot was promised to a higher ballot
 * that can still begin, and everything that its acceptances may have chosen lies in the slots given out by then.
 */
function admissionOf(state: SlotState, leading: Leading, to: NodeId): Zxid {
  const admission = leading.peers.get(to)?.admission;
  if (admission === undefined) return 0n;
  // A guest gets no vote: what it was started with names others than the ensemble has, until it knows what names it.
  const { configuration } = state.log;
  if (!membersOf(configuration).has(to) || confirmedRound(state, leading) < admission.round) return 0n;
  return laterOf(admission.end, configuration.position);
}

/** The last round that a quorum of voters, the leader included, answered. */
export function confirmedRound(state: SlotState, leading: Leading): number {
  const rounds = new Map<NodeId, Zxid>([[state.id, BigInt(leading.round)]]);
  for (const [node, { round }] of leading.peers) rounds.set(node, BigInt(round));
  return Number(quorumPosition(electorateOf(state).quorum, rounds));
}

/** At a member that follows this ballot, which the caller has seen to. */
export function onLead(state: SlotState, following: Following, message: Of<"lead">): void {
  const { ballot, round, barrier, committed, admit } = message;
  const voting = isTrusted(state);
  if (voting) promise(state, ballot);
  following.barrier = barrier > 0n ? barrier : following.barrier;
  onChosen(state, following, committed);
  const known = state.log.committed;
  if (known < committed && known === state.committedAtLead) askFor(state, following.leader);
  state.committedAtLead = known;
  if (admit > 0n) considerAdmission(state, admit);
  following.round = Math.max(following.round, round);
  const answer = answerOf(state, following, round, voting);
  if (voting) sendAny(state, following.leader, answer, state.epochsToken);
  else sendOver(state, { to: following.leader, link: following.link }, answer, 0);
}

function answerOf(state: SlotState, { ballot }: Following, round: number, voting: boolean): Of<"followed"> {
  return { kind: "followed", ballot, round, voting, committed: state.log.durablePrefix };
}

/** What is to be known ends at the leader's barrier or behind it: whoever knows so much has entered the ballot. */
function considerAdmission(state: SlotState, admit: Zxid): void {
  if (state.epochs.voting || state.log.committed < admit) return;
  state.voteToken = setEpochs(state, { voting: true });
}

export function onFollowed(
  state: SlotState,
  leading: Leading,
  { from, link, message }: { readonly from: NodeId; readonly link: LinkId; readonly message: Of<"followed"> },
): void {
  if (message.ballot !== leading.ballot) return;
  const peer = peerOf(leading, from, link);
  peer.silentTicks = 0;
  peer.known = laterOf(peer.known, message.committed);
  if (!message.voting) {
    peer.trusted = false;
    peer.admission ??= { end: leading.last, round: leading.round + 1 };
    return;
  }
  peer.round = Math.max(peer.round, message.round);
  if (peer.trusted === true) return;
  peer.trusted = true;
  peer.admission = undefined;
  if (!electorateOf(state).voters.has(from)) return;
  // What was proposed before it came has not come to it.
  sendPending(state, leading, from, { lastRound: leading.round, countMax: Number.POSITIVE_INFINITY });
}

function peerOf(leading: Leading, node: NodeId, link: LinkId): Peer {
  const known = leading.peers.get(node);
  if (known?.link === link) return known;
  const fresh = { silentTicks: 0, round: 0, known: 0n, mutedSession: 0 };
  const peer: Peer = { link, ...fresh, trusted: undefined, admission: undefined };
  leading.peers.set(node, peer);
  return peer;
}

/** Applied up to the leader's barrier, a member knows what became of all that was asked for in lower ballots. */
export function considerInStep(state: SlotState): void {
  const { role } = state;
  if (role.kind === "looking" || isInStep(state)) return;
  if (role.barrier === 0n || state.delivered < role.barrier) return;
  if (role.kind === "leading") {
    role.phase = "broadcast";
    role.phaseTicks = 0;
  } else {
    // One that waits to be trusted with a vote is not yet in step.
    if (!isTrusted(state)) return;
    role.inStep = true;
    // Before anything else that it says to its leader: what it asks for may depend on who is in step.
    const over = { to: role.leader, link: role.link };
    sendOver(state, over, answerOf(state, role, role.round, true), state.epochsToken);
  }
  state.proposals.settleBefore(role.ballot, state.delivered);
  const leader = role.kind === "leading" ? state.id : role.leader;
  state.out.event({ kind: "leader", leader, epoch: role.ballot });
}

export function tickLeading(state: SlotState, leading: Leading): void {
  const { silenceTicks, joinTicks } = state.options;
  leading.phaseTicks += 1;
  const heard = new Set<NodeId>([state.id]);
  for (const [node, peer] of leading.peers) {
    peer.silentTicks += 1;
    if (peer.silentTicks >= silenceTicks) leading.peers.delete(node);
    else if (peer.trusted === true) heard.add(node);
  }
  if (leading.phase !== "broadcast" && leading.phaseTicks >= joinTicks) {
    return request(state, { to: "looking", reason: "no quorum came into step" });
  }
  if (leading.phase === "broadcast" && !electorateOf(state).quorum.isQuorum(heard)) {
    return request(state, { to: "looking", reason: "lost touch with the quorum" });
  }
  leading.ticksToRound -= 1;
  if (leading.ticksToRound <= 0) sendRound(state, leading);
}
