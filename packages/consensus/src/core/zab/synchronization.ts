import { membersOf } from "../configuration.ts";
import type { Entry, NodeId, Snapshot } from "../entry.ts";
import type { LeaderMessage } from "../messages.ts";
import { formatZxid, isSuccessor, laterOf, zxidOf, type Zxid } from "../zxid.ts";
import { planSync } from "./sync-plan.ts";
import {
  deliver,
  electorateOf,
  request,
  sendToLeader,
  sendToLearner,
  setEpochs,
  type IncomingHistory,
  type Learner,
  type Leading,
  type Learning,
  type ZabState,
} from "./zab-state.ts";

// Zab phase 2: each learner's log is made equal to the leader's, and a quorum acknowledges that history before
// anything new is proposed.

type Of<Kind> = Extract<LeaderMessage, { readonly kind: Kind }>;

/**
 * Sends a learner all that it lacks and then NEWLEADER, in one step: what is proposed later is queued behind it, with
 * no gap and no overlap. NEWLEADER comes last, since it says "this was all" (ZOOKEEPER-3104).
 *
 * The stream carries outstanding proposals too, for observers and returning members as well: a member that lost its
 * disk may have acknowledged them in its former life, and may vote as soon as it is in step.
 */
export function synchronize(state: ZabState, leading: Leading, learner: Learner): void {
  const { session } = learner;
  const plan = planSync(state.log, learner.lastZxid);
  let after: Zxid;
  switch (plan.kind) {
    case "diff":
      after = plan.after;
      sendToLearner(state, learner, { kind: "diff", session, zxid: state.log.end }, 0);
      break;
    case "trunc":
      after = plan.last;
      sendToLearner(state, learner, { kind: "trunc", session, zxid: plan.last }, 0);
      break;
    case "snap":
      after = state.log.snapshot.position;
      sendSnapshot(state, learner, state.log.snapshot);
      break;
  }
  for (const entry of state.log.after(after)) sendToLearner(state, learner, { kind: "proposal", session, entry }, 0);
  const message: LeaderMessage = { kind: "newLeader", session, epoch: leading.epoch, committed: state.committed };
  sendToLearner(state, learner, message, 0);
  learner.phase = "synchronization";
  learner.syncEnd = state.log.end;
}

function sendSnapshot(state: ZabState, learner: Learner, snapshot: Snapshot): void {
  const { position, chunks, configuration } = snapshot;
  const pieces = chunks.length === 0 ? [undefined] : chunks;
  for (const [index, chunk] of pieces.entries()) {
    const last = index === pieces.length - 1;
    sendToLearner(state, learner, { kind: "snap", session: learner.session, position, configuration, chunk, last }, 0);
  }
}

/** The history that everybody acknowledged becomes committed as a whole: the leader may serve and propose. */
export function considerEstablished(state: ZabState, leading: Leading): void {
  if (leading.phase !== "synchronization") return;
  const acked = new Set<NodeId>();
  // The leader's own word counts like any other: only when it is on its disk.
  if (leading.ownAck !== undefined && leading.ownAck <= state.durableToken) acked.add(state.id);
  for (const learner of leading.learners.values()) {
    if (learner.trusted && learner.phase === "broadcast") acked.add(learner.node);
  }
  if (!electorateOf(state).quorum.isQuorum(acked)) return;
  // A quorum may be there before this disk holds the snapshot that the leader took over. What became of the proposals
  // made here can be told only when that is applied (found by SEED=2608 of paxos).
  deliver(state);
  if (state.restore !== undefined) return;
  leading.phase = "broadcast";
  const { configuration } = state.log;
  state.settledVote = { leader: state.id, zxid: leading.initialZxid, epoch: leading.epoch, configuration };
  state.committed = leading.initialEnd;
  state.proposals.settle(state.log, state.delivered, state.restored);
  state.restored = false;
  deliver(state);
  for (const learner of leading.learners.values())
    if (learner.phase === "broadcast") bringUpToDate(state, leading, learner);
  state.out.event({ kind: "leader", leader: state.id, epoch: leading.epoch });
  state.variant.announceSettled(state);
}

/**
 * A member that gets its vote by this must not get it from a leader that was replaced without knowing it:
 * 1. Two of three commit something and one of them loses its disk.
 * 2. It joins the third, which led before and has not noticed the silence yet.
 * 3. With its new vote the two elect a leader that lacks what was committed.
 * Remedy: a quorum must have answered since the member was in step.
 */
export function bringUpToDate(state: ZabState, leading: Leading, learner: Learner): void {
  if (learner.trusted) return sendUpToDate(state, learner);
  learner.confirmingRound = leading.round + 1;
  leading.ticksToPing = 0;
}

export function sendUpToDate(state: ZabState, learner: Learner): void {
  learner.confirmingRound = 0;
  const { session } = learner;
  const guest = !membersOf(state.log.configurationAt(state.committed)).has(learner.node);
  const message: LeaderMessage = { kind: "upToDate", session, committed: state.committed, guest };
  sendToLearner(state, learner, message, 0);
}

/** Cutting to a position that is not held would leave one record too many or too few (Z14): refuse to go on. */
export function cutHistory(state: ZabState, zxid: Zxid): boolean {
  if (zxid < state.delivered || !state.log.holds(zxid)) {
    const held = `log ${formatZxid(state.log.base)}..${formatZxid(state.log.end)}, applied ${formatZxid(state.delivered)}`;
    state.out.fatal({ reason: "history-mismatch", detail: `asked to cut to ${formatZxid(zxid)}; ${held}` });
    return false;
  }
  if (zxid < state.log.end) state.log.truncate(zxid);
  return true;
}

export function onSnap(learning: Learning, message: Of<"snap">): void {
  learning.incoming ??= incomingHistory(message);
  if (message.chunk !== undefined) learning.incoming.chunks.push(message.chunk);
  learning.incoming.complete = message.last;
}

/** What comes after the head of a snapshot is collected here. */
export function incomingHistory({
  position,
  configuration,
}: Pick<Snapshot, "position" | "configuration">): IncomingHistory {
  return { position, configuration, chunks: [], entries: [], complete: true };
}

/**
 * An entry from the leader, during sync or after it. A repeated one is legal and ignored: the sync stream and the live
 * stream may overlap.
 */
export function receiveEntry(state: ZabState, learning: Learning, entry: Entry): void {
  const { incoming } = learning;
  if (incoming !== undefined) {
    const end = incoming.entries.at(-1)?.zxid ?? incoming.position;
    if (!incoming.complete || !isSuccessor(end, entry.zxid)) brokenStream(state, entry.zxid, end);
    else incoming.entries.push(entry);
    return;
  }
  if (entry.zxid <= state.log.end) return;
  // Contiguity is checked on arrival, so that a hole cannot spread to those who later learn from us (4925).
  if (isSuccessor(state.log.end, entry.zxid)) state.log.append(entry);
  else brokenStream(state, entry.zxid, state.log.end);
}

function brokenStream(state: ZabState, zxid: Zxid, end: Zxid): void {
  request(state, { to: "looking", reason: `${formatZxid(zxid)} does not follow ${formatZxid(end)}` });
}

/**
 * The safe order (ZOOKEEPER-4823): log, then epoch, then ACK. Writes keep their order, the send names the last of
 * them, and every later ack names a later token; so no ack can overtake this one (4685) or its records (3911, 4646).
 */
export function onNewLeader(state: ZabState, learning: Learning, message: Of<"newLeader">): void {
  if (learning.newLeaderAcked || message.epoch !== learning.epoch) return;
  if (!installHistory(state, learning)) return;
  const token = setEpochs(state, { current: message.epoch });
  learning.newLeaderAcked = true;
  const { session } = learning;
  sendToLeader(state, learning, { kind: "ack", session, zxid: zxidOf(message.epoch, 0) }, token);
  // The rest of the buffer is kept, and none of it is applied before its commit (4394).
  commitUpTo(state, message.committed);
}

function installHistory(state: ZabState, learning: Learning): boolean {
  const incoming = learning.incoming;
  learning.incoming = undefined;
  return incoming === undefined || replaceHistory(state, incoming);
}

/** Puts a snapshot and its entries in the place of the log, at once: between the two there is no state to crash in. */
export function replaceHistory(state: ZabState, incoming: IncomingHistory): boolean {
  const end = incoming.entries.at(-1)?.zxid ?? incoming.position;
  if (!incoming.complete || end < state.delivered) {
    const detail = `a snapshot ending at ${formatZxid(end)} came to a replica that applied ${formatZxid(state.delivered)}`;
    state.out.fatal({ reason: "history-mismatch", detail });
    return false;
  }
  const { position, chunks, configuration } = incoming;
  const snapshot: Snapshot = { position, chunks, configuration };
  const token = state.log.replace(snapshot, incoming.entries, state.delivered);
  if (snapshot.position > state.delivered) state.restore = { token, snapshot };
  return true;
}

/** Everything up to `zxid` is committed. What the log does not hold yet is delivered when it does. */
export function commitUpTo(state: ZabState, zxid: Zxid): void {
  state.committed = laterOf(state.committed, zxid);
  deliver(state);
}

export function onUpToDate(state: ZabState, learning: Learning, message: Of<"upToDate">): void {
  if (!learning.newLeaderAcked) return;
  if (!state.epochs.voting && !message.guest) {
    // In step with an established leader: from now on this disk holds all that a vote has to stand for. An observer gets
    // one too, for the day on which it becomes a voter, which its leader may know before it does. It joins anew with it.
    // A guest does not: what it was started with names other members than the ensemble has, and with a vote it could make
    // up a quorum of its own with others like it.
    setEpochs(state, { voting: true });
    request(state, { to: "looking", reason: "in step, and from now on with a vote" });
    return;
  }
  learning.phase = "broadcast";
  learning.phaseTicks = 0;
  if (state.settledVote !== undefined) state.settledVote = { ...state.settledVote, epoch: learning.epoch };
  commitUpTo(state, message.committed);
  state.proposals.settle(state.log, state.delivered, state.restored);
  state.restored = false;
  state.out.event({ kind: "leader", leader: learning.leader, epoch: learning.epoch });
  state.variant.announceSettled(state);
}
