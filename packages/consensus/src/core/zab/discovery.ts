import type { LinkId } from "../effects.ts";
import type { NodeId } from "../entry.ts";
import type { LeaderMessage, LearnerMessage } from "../messages.ts";
import { isAdopting, knowsMore } from "./adoption.ts";
import {
  electorateOf,
  enter,
  isVoting,
  mayLead,
  request,
  sendToLeader,
  sendToLearner,
  setEpochs,
  type Learner,
  type Leading,
  type Learning,
  type ZabState,
} from "./zab-state.ts";

// Zab phase 1: leader and learners agree on an epoch that none of them has seen, and the leader makes sure that
// nobody in its quorum knows more than it does.

/** A message of one kind. */
type Of<Message, Kind> = Extract<Message, { readonly kind: Kind }>;

export function startLearning(state: ZabState, leader: NodeId): void {
  state.sessions += 1;
  const learning: Learning = {
    kind: "learning",
    leader,
    session: state.sessions,
    link: state.links.get(leader),
    phase: "discovery",
    epoch: 0,
    incoming: undefined,
    newLeaderAcked: false,
    silentTicks: 0,
    phaseTicks: 0,
  };
  enter(state, learning);
  sendFollowerInfo(state, learning);
}

/** Repeated while there is no answer: the chosen node may not have decided yet that it leads. */
export function sendFollowerInfo(state: ZabState, learning: Learning): void {
  const message: LearnerMessage = {
    kind: "followerInfo",
    session: learning.session,
    acceptedEpoch: state.epochs.accepted,
    voting: state.epochs.voting,
  };
  sendToLeader(state, learning, message, 0);
}

export function startLeading(state: ZabState): void {
  enter(state, {
    kind: "leading",
    phase: "discovery",
    epoch: 0,
    learners: new Map(),
    initialEpoch: state.epochs.current,
    initialZxid: state.log.end,
    adoption: undefined,
    ownAck: undefined,
    initialEnd: 0n,
    phaseTicks: 0,
    ticksToPing: 0,
    round: 0,
  });
  if (state.role.kind === "leading") considerEpoch(state, state.role);
}

export function onFollowerInfo(
  state: ZabState,
  leading: Leading,
  source: { readonly from: NodeId; readonly link: LinkId; readonly message: Of<LearnerMessage, "followerInfo"> },
): void {
  const { from, link, message } = source;
  // 1. A learner asks twice, promises this leader's epoch, and that is under way.
  // 2. The leader gives up, ends the session, and leads again.
  // 3. The second question makes a learner of it, and the promise of the earlier epoch counts for the present one.
  // Remedy: what ended stays ended; the learner hears of it and asks in another session.
  if (message.session <= (state.endedSessions.get(from) ?? 0)) return;
  const known = leading.learners.get(from);
  if (known?.session === message.session) return;
  const learner: Learner = {
    node: from,
    session: message.session,
    link,
    trusted: message.voting,
    acceptedEpoch: message.acceptedEpoch,
    phase: "discovery",
    promised: false,
    lastZxid: 0n,
    currentEpoch: -1,
    syncEnd: 0n,
    acked: 0n,
    silentTicks: 0,
    round: 0,
    confirmingRound: 0,
  };
  leading.learners.set(from, learner);
  if (leading.epoch === 0) {
    considerEpoch(state, leading);
  } else if (message.acceptedEpoch > leading.epoch) {
    // 1. A would-be leader got this learner's promise for epoch 9 and vanished.
    // 2. Others, who had not promised it, went on in epoch 8.
    // 3. The learner may never join epoch 8, and 8 would go on without it for ever (found by SEED=2024).
    // Remedy: begin an epoch that it can join. Nobody can promise a later one alone, so this does not repeat itself.
    state.epochFloor = Math.max(state.epochFloor, message.acceptedEpoch);
    leading.learners.delete(from);
    request(state, { to: "looking", reason: `${from} has promised epoch ${message.acceptedEpoch}` });
  } else {
    sendLeaderInfo(state, leading, learner);
  }
}

/** With a quorum of accepted epochs the new one is larger than all of them (ZOOKEEPER-1343). */
function considerEpoch(state: ZabState, leading: Leading): void {
  const heard = new Set<NodeId>([state.id]);
  let accepted = Math.max(state.epochs.accepted, state.epochFloor);
  for (const learner of leading.learners.values()) {
    // An observer may raise the epoch but is no part of the quorum (ZOOKEEPER-2959).
    if (learner.trusted) heard.add(learner.node);
    accepted = Math.max(accepted, learner.acceptedEpoch);
  }
  if (!electorateOf(state).quorum.isQuorum(heard)) return;
  leading.epoch = state.variant.nextEpoch(accepted, state.id);
  setEpochs(state, { accepted: leading.epoch });
  for (const learner of leading.learners.values()) sendLeaderInfo(state, leading, learner);
  considerHistory(state, leading);
}

/** Leaves only when the leader's own promise is durable; else two leaders could have one epoch (ZOOKEEPER-1291). */
function sendLeaderInfo(state: ZabState, leading: Leading, learner: Learner): void {
  const message: LeaderMessage = { kind: "leaderInfo", session: learner.session, epoch: leading.epoch };
  sendToLearner(state, learner, message, state.out.lastToken);
}

export function onLeaderInfo(state: ZabState, learning: Learning, message: Of<LeaderMessage, "leaderInfo">): void {
  if (learning.phase !== "discovery") return;
  if (message.epoch < state.epochs.accepted) {
    request(state, { to: "looking", reason: `epoch ${message.epoch} is older than the promised one` });
    return;
  }
  const promises = message.epoch > state.epochs.accepted;
  const currentEpoch = promises ? state.epochs.current : -1;
  if (promises) setEpochs(state, { accepted: message.epoch });
  learning.epoch = message.epoch;
  learning.phase = "synchronization";
  const { session } = learning;
  // After everything written so far: it names the end of the log and promises the epoch.
  sendToLeader(
    state,
    learning,
    { kind: "ackEpoch", session, lastZxid: state.log.end, currentEpoch },
    state.out.lastToken,
  );
}

export function onAckEpoch(
  state: ZabState,
  leading: Leading,
  { learner, message }: { readonly learner: Learner; readonly message: Of<LearnerMessage, "ackEpoch"> },
): void {
  learner.lastZxid = message.lastZxid;
  learner.currentEpoch = message.currentEpoch;
  learner.promised = message.currentEpoch !== -1;
  const isSettled = leading.phase !== "discovery" || state.variant.adoptsHistory;
  if (!isSettled && isVoting(state, learner) && knowsMore(learner, leading)) {
    leading.learners.delete(learner.node);
    return sendToLearner(state, learner, { kind: "refuse", session: learner.session }, 0);
  }
  learner.phase = "epochAcked";
  if (leading.phase === "discovery") considerHistory(state, leading);
}

/**
 * A quorum promised the epoch. Once none of it knows more, this leader's history is the one to go on from: whatever was
 * committed in an earlier epoch is on a quorum, and so in the best history of any quorum.
 */
export function considerHistory(state: ZabState, leading: Leading): void {
  if (!mayLead(state)) return;
  const promised = new Set<NodeId>([state.id]);
  for (const learner of leading.learners.values()) {
    if (learner.trusted && learner.promised) promised.add(learner.node);
  }
  if (!electorateOf(state).quorum.isQuorum(promised)) return;
  if (state.variant.adoptsHistory && isAdopting(state, leading)) return;
  leading.ownAck = setEpochs(state, { current: leading.epoch });
  leading.phase = "synchronization";
  leading.initialEnd = state.log.end;
}
