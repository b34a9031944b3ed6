import { ChurningMap } from "@tutti/stdx";
import { chosenBallot, type AcceptedEntry } from "../accepted-entry.ts";
import type { LinkId } from "../effects.ts";
import type { Entry, NodeId } from "../entry.ts";
import { unnamedClient } from "../entry.ts";
import { nextBallot } from "../paxos/ballot-number.ts";
import { laterOf, type Zxid } from "../zxid.ts";
import { proposeEntry } from "./accept.ts";
import { askFor } from "./catch-up.ts";
import { sendRound } from "./rounds.ts";
import type { SlotMessage } from "./slot-messages.ts";
import {
  advance,
  barrierOf,
  electorateOf,
  isTrusted,
  promise,
  request,
  sendAny,
  sendOver,
  setEpochs,
  type Leading,
  type SlotState,
} from "./slot-state.ts";

// Phase 1, for all slots at once.

type Of<Kind> = Extract<SlotMessage, { readonly kind: Kind }>;

/** A ballot above all that this member has heard of, promised by itself first. */
export function createLeading(state: SlotState): Leading {
  const ballot = nextBallot(Math.max(state.epochs.accepted, state.ballotFloor), state.id);
  const promiseToken = setEpochs(state, { accepted: ballot });
  return {
    kind: "leading",
    ballot,
    configuration: state.log.configuration,
    phase: "discovery",
    promiseToken,
    promises: new Map(),
    peers: new Map(),
    pending: new ChurningMap(),
    last: state.log.committed,
    ownEnd: state.log.committed,
    told: state.log.committed,
    isConfirming: false,
    barrier: 0n,
    changeSlot: 0n,
    queue: [],
    unapplied: new ChurningMap(),
    round: 0,
    ticksToRound: state.options.pingTicks,
    phaseTicks: 0,
  };
}

/** Once over each link: what comes back is the promise as a whole, or the link breaks. */
export function sendPrepare(state: SlotState, leading: Leading, to: NodeId): void {
  const link = state.links.get(to);
  if (link === undefined || !electorateOf(state).voters.has(to)) return;
  const from = state.log.committed + 1n;
  sendOver(state, { to, link }, { kind: "prepare", ballot: leading.ballot, from }, leading.promiseToken);
}

/** Tells the owner of a ballot that is lower than what was promised. True when it is to be ignored. */
export function refuseLower(state: SlotState, from: NodeId, ballot: number): boolean {
  const { role, epochs } = state;
  if (ballot >= epochs.accepted) return role.kind === "following" && ballot < role.ballot;
  const leader = role.kind === "following" ? role.leader : role.kind === "leading" ? state.id : 0;
  sendAny(state, from, { kind: "preempted", ballot: epochs.accepted, leader }, state.epochsToken);
  return true;
}

/**
 * Somebody has promised a higher ballot. A leader that nobody has replaced takes a higher one, so that this member can
 * follow it; a candidate looks again, and by then one of two has been first.
 */
export function onPreempted(state: SlotState, { ballot, leader }: Of<"preempted">): void {
  state.ballotFloor = Math.max(state.ballotFloor, ballot);
  const { role } = state;
  if (role.kind !== "leading" || ballot <= role.ballot) return;
  const reason = `ballot ${ballot} was promised`;
  request(state, leader === 0 && role.phase !== "discovery" ? { to: "leading", reason } : { to: "looking", reason });
}

/** 1b: everything held in slots from there on. After it nothing is accepted in a lower ballot. */
export function onPrepare(state: SlotState, from: NodeId, link: LinkId, message: Of<"prepare">): void {
  const { ballot } = message;
  if (!isTrusted(state)) return;
  promise(state, ballot);
  const { committed } = state.log;
  const records: (AcceptedEntry | undefined)[] = [];
  for (const { ballot: acceptedIn, entry, chosen } of state.log.held(laterOf(message.from - 1n, committed))) {
    records.push({ ballot: chosen ? chosenBallot : acceptedIn, entry });
  }
  if (records.length === 0) records.push(undefined);
  const shared = { kind: "promise", ballot, committed, entered: state.epochs.current, parts: records.length } as const;
  // It speaks of the promise and of what was accepted before it: both must be on the disk.
  const after = state.out.lastToken;
  for (const [part, record] of records.entries()) {
    sendOver(state, { to: from, link }, { ...shared, part, record }, after);
  }
}

export function onPromise(state: SlotState, leading: Leading, from: NodeId, message: Of<"promise">): void {
  if (message.ballot !== leading.ballot) return;
  if (message.part === 0) {
    const { committed, entered, parts } = message;
    leading.promises.set(from, { committed, entered, parts, received: 0, records: [], completeIn: undefined });
  }
  const promised = leading.promises.get(from);
  if (promised === undefined) return;
  promised.received += 1;
  if (message.record !== undefined) promised.records.push(message.record);
  if (promised.received < promised.parts) return;
  promised.completeIn = leading.round;
}

/**
 * Phase 1 is over when a quorum has promised, and each of it has answered a round that began after all had: a member
 * whose disk was lost in between has forgotten its promise. It gets its vote back only after a quorum without it has
 * answered the leader of a ballot (`admission`); one of those has then promised, before, what it forgot, and so either
 * that ballot is the higher one or it is not answered.
 */
export function considerPromises(state: SlotState, leading: Leading): void {
  if (leading.phase !== "discovery" || leading.promiseToken > state.durableToken) return;
  if (leading.configuration !== state.log.configuration) {
    // The promises of others are wanted.
    return request(state, { to: "leading", reason: "other members decide" });
  }
  const { quorum } = electorateOf(state);
  const complete = [...leading.promises].filter(([, { completeIn }]) => completeIn !== undefined);
  if (!quorum.isQuorum(new Set([state.id, ...complete.map(([node]) => node)]))) return;
  if (!leading.isConfirming) {
    leading.isConfirming = true;
    sendRound(state, leading);
  }
  if (!isConfirmed(state, leading)) return;
  const most = complete.toSorted(([, left], [, right]) => Number(right.committed - left.committed))[0];
  if (most !== undefined && most[1].committed > state.log.committed) {
    askFor(state, most[0]);
    return;
  }
  takeOver(state, leading);
}

function isConfirmed(state: SlotState, leading: Leading): boolean {
  const { quorum } = electorateOf(state);
  const rounds = [leading.round, ...[...leading.peers.values()].map(({ round }) => round)];
  return rounds.some((round) => {
    const confirming = new Set<NodeId>([state.id]);
    for (const [node, { completeIn }] of leading.promises) {
      const answered = leading.peers.get(node)?.round ?? 0;
      if (completeIn !== undefined && completeIn < round && answered >= round) confirming.add(node);
    }
    return quorum.isQuorum(confirming);
  });
}

/**
 * For each slot behind the known prefix the value of the highest ballot, a no-op where there is none, and then a barrier
 * of this ballot: a no-op that bears its number.
 *
 * What a lower ballot left behind the barrier of a higher one is void. It cannot be chosen: if it were, one of the
 * quorum that promised the higher ballot would have told of it, and the barrier would lie behind it. So once its barrier
 * is chosen, every later leader knows it, and the fate of all that was proposed in lower ballots is settled.
 */
function takeOver(state: SlotState, leading: Leading): void {
  let barrier = state.epochs.current;
  // Half a promise says nothing: what it entered may lie in a prefix that this leader has not fetched (SEED=172).
  for (const [node, { completeIn }] of leading.promises) if (completeIn === undefined) leading.promises.delete(node);
  for (const { entered, records } of leading.promises.values()) {
    barrier = Math.max(barrier, entered);
    for (const { ballot, entry } of records) if (ballot === chosenBallot) state.log.learn(entry);
  }
  advance(state);
  // Then somebody has led since.
  if (state.epochs.accepted > leading.ballot || leading.configuration !== state.log.configuration) return;
  const best = bestRecords(state, leading);
  const { committed } = state.log;
  let end = committed;
  for (const slot of [...best.keys()].toSorted((left, right) => Number(left - right))) {
    const record = best.get(slot);
    if (record === undefined) continue;
    if (record.ballot < barrier) {
      best.delete(slot);
      continue;
    }
    barrier = Math.max(barrier, barrierOf(record.entry));
    end = slot;
    // What lies behind is for others to decide: when this is chosen, they are asked for their promises.
    if (record.entry.configuration !== undefined) break;
  }
  const endsWithChange = best.get(end)?.entry.configuration !== undefined;
  leading.phase = "synchronization";
  leading.phaseTicks = 0;
  leading.last = committed;
  leading.ownEnd = committed;
  leading.told = committed;
  leading.barrier = endsWithChange ? 0n : end + 1n;
  for (let slot = committed + 1n; slot <= end; slot += 1n) {
    proposeEntry(state, leading, best.get(slot)?.entry ?? noop(slot, 0));
  }
  if (!endsWithChange) proposeEntry(state, leading, noop(leading.barrier, leading.ballot));
  leading.promises.clear();
  sendRound(state, leading);
}

function bestRecords(state: SlotState, leading: Leading): Map<Zxid, AcceptedEntry> {
  const best = new Map<Zxid, AcceptedEntry>();
  const consider = (record: AcceptedEntry): void => {
    const slot = record.entry.zxid;
    if (slot <= state.log.committed) return;
    const known = best.get(slot);
    if (known === undefined || known.ballot < record.ballot) best.set(slot, record);
  };
  for (const { ballot, entry, chosen } of state.log.held(state.log.committed)) {
    consider({ ballot: chosen ? chosenBallot : ballot, entry });
  }
  for (const { records } of leading.promises.values()) for (const record of records) consider(record);
  return best;
}

/** Nobody's request. Its sequence is the ballot that begins with it, or 0. */
function noop(slot: Zxid, ballot: number): Entry {
  return { zxid: slot, kind: "noop", client: unnamedClient, sequence: ballot, payload: new Uint8Array(0) };
}
