import { ChurningMap } from "@tutti/stdx";
import { requestKey, unnamedClient, type Entry, type NodeId } from "../entry.ts";
import type { LeaderMessage, LearnerMessage, Session } from "../messages.ts";
import { quorumPosition } from "../quorum.ts";
import { counterOf, epochOf, formatZxid, zxidOf, type Zxid } from "../zxid.ts";
import { bringUpToDate, commitUpTo, considerEstablished, receiveEntry, sendUpToDate } from "./synchronization.ts";
import { membershipView } from "./membership-view.ts";
import {
  deliver,
  electorateOf,
  isVoter,
  isVoting,
  request,
  sendToLeader,
  sendToLearner,
  type Learner,
  type Leading,
  type Learning,
  type QueuedRequest,
  type Workload,
  type ZabState,
} from "./zab-state.ts";

// Zab phase 3: an established leader gives each request a position, a quorum makes it durable, and it is committed
// behind everything that was proposed before it.

type Of<Message, Kind> = Extract<Message, { readonly kind: Kind }>;

export function createWorkload(): Workload {
  return { queue: [], unapplied: new ChurningMap(), asked: new Map() };
}

/** Takes a request from a learner, for the end of this step. Without room it is refused at once, so that the caller knows. */
export function onRequest(state: ZabState, learner: Learner, message: Of<LearnerMessage, "request">): void {
  const { client, sequence, payload, members, session } = message;
  if (state.workload.queue.length >= state.options.waitingRequestsMax) {
    if (client === unnamedClient) return endSession(state, learner);
    const answer: LeaderMessage = { kind: "answered", session, client, sequence, position: 0n, refused: true };
    sendToLearner(state, learner, answer, 0);
    return;
  }
  const asked = members === undefined ? {} : { members };
  state.workload.queue.push({
    request: { client, sequence, payload, ...asked },
    origin: { node: learner.node, session },
  });
}

/** One request without a name must not be left out while later ones are taken: so none is, of this session. */
function endSession(state: ZabState, learner: Learner): void {
  if (state.role.kind === "leading") state.role.learners.delete(learner.node);
  sendToLearner(state, learner, { kind: "refuse", session: learner.session }, 0);
}

/** Hands what waits here to the leader, or into the own queue. Called whenever there may be a leader or room. */
export function forwardWaiting(state: ZabState): void {
  const role = state.role;
  if (role.kind === "learning" && role.phase === "broadcast") {
    for (const one of state.proposals.takeWaiting(role.epoch)) {
      sendToLeader(state, role, { ...one, kind: "request", session: role.session }, 0);
    }
    for (const read of state.reads.takeLocal()) {
      sendToLeader(state, role, { kind: "readRequest", session: role.session, read }, 0);
    }
  } else if (role.kind === "leading" && role.phase === "broadcast") {
    for (const one of state.proposals.takeWaiting(role.epoch)) {
      state.workload.queue.push({ request: one, origin: undefined });
    }
    for (const read of state.reads.takeLocal()) state.reads.wait(read, { kind: "local" });
    proposeQueued(state, role);
    if (state.reads.hasUnsent && role.round === confirmedRound(state, role)) sendPings(state, role);
  }
}

/**
 * Gives positions to queued requests, in order. Nothing is prepared before the machine has applied the whole initial
 * history: `prepare` must see the state that its transaction will meet.
 */
function proposeQueued(state: ZabState, leading: Leading): void {
  if (state.applied < leading.initialEnd) return;
  const { queue } = state.workload;
  let taken = 0;
  for (const queued of queue) {
    if (outstandingCount(state, leading) >= state.options.outstandingEntriesMax) break;
    taken += 1;
    // A learner that left has been told nothing; it will learn the fate of its requests when it is in step again.
    if (queued.origin !== undefined && !isPresent(leading, queued.origin)) continue;
    propose(state, leading, queued);
  }
  if (taken > 0) queue.splice(0, taken);
}

function isPresent(leading: Leading, origin: { readonly node: NodeId; readonly session: Session }): boolean {
  return leading.learners.get(origin.node)?.session === origin.session;
}

function outstandingCount(state: ZabState, leading: Leading): number {
  const first = epochOf(state.committed) === leading.epoch ? counterOf(state.committed) : 0;
  const last = epochOf(state.log.end) === leading.epoch ? counterOf(state.log.end) : 0;
  return last - first;
}

function propose(state: ZabState, leading: Leading, queued: QueuedRequest): void {
  const { client, sequence } = queued.request;
  const key = client === unnamedClient ? undefined : requestKey(queued.request);
  const { unapplied, asked } = state.workload;
  if (key !== undefined && unapplied.has(key)) {
    // Answered when it is applied: if this leader goes, its position may come to nothing (SEED=54839 with changes of members).
    const others = asked.get(key)?.filter(({ origin }) => origin?.node !== queued.origin?.node) ?? [];
    asked.set(key, [...others, queued]);
    return;
  }
  const zxid = nextPosition(state, leading);
  if (zxid === undefined) return;
  const prepared = state.hooks.prepare(queued.request, zxid, membershipView(state, leading));
  if (prepared.kind === "known") {
    answer(state, leading, queued, state.applied);
    return;
  }
  if (key !== undefined) state.workload.unapplied.set(key, zxid);
  const { kind, payload } = prepared;
  const change = "configuration" in prepared ? { configuration: prepared.configuration } : {};
  log(state, leading, { zxid, kind, client, sequence, payload, ...change });
}

/** The next position of this epoch; without one the leader steps down, so that a new epoch begins (ZOOKEEPER-1277). */
export function nextPosition(state: ZabState, leading: Leading): Zxid | undefined {
  const counter = epochOf(state.log.end) === leading.epoch ? counterOf(state.log.end) + 1 : 1;
  if (counter <= state.options.counterLimit) return zxidOf(leading.epoch, counter);
  request(state, { to: "looking", reason: "the epoch has no positions left" });
  return undefined;
}

/** Logs an entry here and at all that acknowledge. Whoever becomes a voter by it is sent what it was not told so far. */
export function log(state: ZabState, leading: Leading, entry: Entry): void {
  const before = electorateOf(state).voters;
  state.log.append(entry);
  for (const learner of leading.learners.values()) {
    if (!isVoting(state, learner) || learner.phase === "discovery") continue;
    const { session } = learner;
    const entries = before.has(learner.node) ? [entry] : state.log.after(state.committed);
    for (const one of entries) sendToLearner(state, learner, { kind: "proposal", session, entry: one }, 0);
  }
}

/** Entries are applied in order, and the map was filled in order: its head is what can be forgotten. */
export function forgetApplied(state: ZabState): void {
  const { unapplied, asked } = state.workload;
  for (const [key, zxid] of unapplied) {
    if (zxid > state.applied) return;
    unapplied.delete(key);
    if (state.role.kind === "leading") for (const one of asked.get(key) ?? []) answer(state, state.role, one, zxid);
    asked.delete(key);
  }
}

/** The request has a position already; its origin finds the answer in its own table once that is applied. */
function answer(state: ZabState, leading: Leading, queued: QueuedRequest, position: Zxid): void {
  const { client, sequence } = queued.request;
  if (queued.origin === undefined) {
    state.proposals.answered({ client, sequence }, position, false);
    return;
  }
  const learner = leading.learners.get(queued.origin.node);
  if (learner === undefined) return;
  const { session } = learner;
  sendToLearner(state, learner, { kind: "answered", session, client, sequence, position, refused: false }, 0);
}

/** Acks are cumulative, and come in order: a learner's disk holds everything up to `zxid`. */
export function onAck(state: ZabState, leading: Leading, learner: Learner, zxid: Zxid): void {
  if (counterOf(zxid) === 0) {
    learner.phase = "broadcast";
    learner.acked = learner.syncEnd;
    if (leading.phase === "broadcast") bringUpToDate(state, leading, learner);
    else considerEstablished(state, leading);
  } else {
    learner.acked = zxid;
  }
  considerCommit(state, leading);
}

/**
 * A position is committed when a quorum of disks holds it. Acks are cumulative and the log has no holes, so nothing
 * is committed before what precedes it; and only an established leader counts, so what is older is settled.
 */
export function considerCommit(state: ZabState, leading: Leading): void {
  if (leading.phase !== "broadcast") return;
  const acked = new Map<NodeId, Zxid>([[state.id, state.log.durableEnd]]);
  for (const learner of leading.learners.values()) {
    if (learner.trusted) acked.set(learner.node, learner.acked);
  }
  const position = quorumPosition(electorateOf(state).quorum, acked);
  if (position <= state.committed) return;
  const previous = state.committed;
  state.committed = position;
  for (const learner of leading.learners.values()) {
    if (learner.phase === "discovery") continue;
    const { session } = learner;
    if (isVoting(state, learner)) {
      sendToLearner(state, learner, { kind: "commit", session, zxid: position }, 0);
      continue;
    }
    for (const entry of state.log.range(previous, position)) {
      sendToLearner(state, learner, { kind: "inform", session, entry }, 0);
    }
  }
  deliver(state);
}

/** A proposal, during sync or live. Its ack names its own write, and so waits for it and for all before it. */
export function onProposal(state: ZabState, learning: Learning, entry: Entry): void {
  receiveEntry(state, learning, entry);
  // A repeated entry is acknowledged again: staying silent would stall a leader that missed the first ack.
  if (learning.newLeaderAcked && isVoter(state)) state.ackDue = true;
}

/** One ack for all that a batch of messages brought, once the disk holds it. */
export function sendDueAck(state: ZabState): void {
  const role = state.role;
  if (role.kind !== "learning" || !state.ackDue) return;
  state.ackDue = false;
  sendToLeader(state, role, { kind: "ack", session: role.session, zxid: state.log.end }, state.out.lastToken);
}

/** A commit of what is not logged means that the stream is broken: stop following, never guess. */
export function onCommit(state: ZabState, zxid: Zxid): void {
  if (zxid > state.log.end) {
    request(state, { to: "looking", reason: `commit of ${formatZxid(zxid)} beyond the log` });
    return;
  }
  commitUpTo(state, zxid);
}

/** A ping round proves to the leader that a quorum still follows it, which is what a linearizable read needs. */
export function sendPings(state: ZabState, leading: Leading): void {
  leading.round += 1;
  leading.ticksToPing = state.options.pingTicks;
  state.reads.roundSent(leading.round);
  for (const learner of leading.learners.values()) {
    if (learner.phase === "discovery") continue;
    sendToLearner(state, learner, { kind: "ping", session: learner.session, round: leading.round }, 0);
  }
  considerReads(state, leading);
}

/** The last ping round that a quorum, the leader included, answered. */
function confirmedRound(state: ZabState, leading: Leading): number {
  const rounds = new Map<NodeId, Zxid>([[state.id, BigInt(leading.round)]]);
  for (const learner of leading.learners.values()) {
    if (learner.trusted && learner.phase === "broadcast") rounds.set(learner.node, BigInt(learner.round));
  }
  return Number(quorumPosition(electorateOf(state).quorum, rounds));
}

function isAnyConfirming({ learners }: Leading): boolean {
  for (const { confirmingRound } of learners.values()) if (confirmingRound > 0) return true;
  return false;
}

/**
 * Answers the reads whose round a quorum confirmed. The learners answered after the read was asked, while they
 * followed this epoch; so no later leader was established before, and nothing it could have committed is missed
 * (Z22: Apache answers `sync` without asking anybody).
 */
export function considerReads(state: ZabState, leading: Leading): void {
  if (!state.reads.hasWaiting && !isAnyConfirming(leading)) return;
  const confirmed = confirmedRound(state, leading);
  for (const learner of leading.learners.values()) {
    if (learner.confirmingRound > 0 && learner.confirmingRound <= confirmed) sendUpToDate(state, learner);
  }
  for (const waiting of state.reads.takeConfirmed(confirmed)) {
    if (waiting.source.kind === "local") {
      state.reads.finishLocal(waiting.read);
      state.out.read(waiting.read, state.committed);
      continue;
    }
    const learner = leading.learners.get(waiting.source.node);
    if (learner === undefined || learner.session !== waiting.source.session) continue;
    const { session } = learner;
    sendToLearner(state, learner, { kind: "readAnswer", session, read: waiting.read, position: state.committed }, 0);
  }
  if (state.reads.hasUnsent) sendPings(state, leading);
}
