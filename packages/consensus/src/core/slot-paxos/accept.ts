import type { Entry, NodeId } from "../entry.ts";
import { memberOf } from "../paxos/ballot-number.ts";
import { earlierOf, formatZxid, laterOf, type Zxid } from "../zxid.ts";
import type { SlotMessage } from "./slot-messages.ts";
import {
  advance,
  electorateOf,
  isTrusted,
  promise,
  sendAny,
  windowEnd,
  type Following,
  type Leading,
  type Pending,
  type SlotState,
} from "./slot-state.ts";

// Phase 2: many slots at once, accepted and chosen in any order, taken into the known prefix in theirs.

type Of<Kind> = Extract<SlotMessage, { readonly kind: Kind }>;

/** 2a. The leader is an acceptor like any other: its own acceptance counts when its disk holds it. */
export function proposeEntry(state: SlotState, leading: Leading, entry: Entry): void {
  if (state.log.get(entry.zxid)?.chosen !== true) state.log.accept(leading.ballot, entry);
  leading.last = entry.zxid;
  leading.pending.set(entry.zxid, { entry, acceptedBy: new Set(), round: leading.round });
  if (entry.configuration !== undefined) leading.changeSlot = entry.zxid;
  for (const voter of electorateOf(state).voters) sendAccept(state, leading, voter, entry);
}

function sendAccept(state: SlotState, leading: Leading, to: NodeId, entry: Entry): void {
  sendAny(state, to, { kind: "accept", ballot: leading.ballot, committed: state.log.committed, entry }, 0);
}

/** Again to one acceptor, which may not have got them: at most so many of those that it has not accepted. */
export function sendPending(
  state: SlotState,
  leading: Leading,
  to: NodeId,
  { lastRound, countMax }: { readonly lastRound: number; readonly countMax: number },
): void {
  let left = countMax;
  for (const { entry, acceptedBy, round } of leading.pending.values()) {
    if (left === 0 || round > lastRound) return;
    if (acceptedBy.has(to)) continue;
    sendAccept(state, leading, to, entry);
    left -= 1;
  }
}

/** 2b. Below its promise an acceptor takes nothing; the caller has seen to that. */
export function onAccept(state: SlotState, following: Following, { ballot, committed, entry }: Of<"accept">): void {
  if (!isTrusted(state)) return;
  promise(state, ballot);
  if (acceptEntry(state, ballot, entry)) {
    if (state.due.ballot !== ballot) state.due = { ballot, slots: new Set() };
    state.due.slots.add(entry.zxid);
  }
  onChosen(state, following, committed);
}

/** True when the slot holds this value for good or in this ballot. */
function acceptEntry(state: SlotState, ballot: number, entry: Entry): boolean {
  const slot = entry.zxid;
  if (slot <= state.log.committed) return true;
  if (slot > windowEnd(state)) return false;
  const held = state.log.get(slot);
  if (held?.chosen === true) {
    // Whoever proposes in a higher ballot proposes what is chosen.
    if (!state.log.learn(entry)) conflict(state, slot);
    return true;
  }
  if (held?.ballot !== ballot) state.log.accept(ballot, entry);
  return true;
}

function conflict(state: SlotState, slot: Zxid): void {
  state.out.fatal({ reason: "history-mismatch", detail: `another value is chosen for slot ${formatZxid(slot)}` });
}

/** Tells the leader, in as few ranges as there are, once the disk holds all of them. */
export function sendDue(state: SlotState): void {
  const { ballot, slots } = state.due;
  state.due = { ballot, slots: new Set() };
  let first: Zxid | undefined;
  let last = 0n;
  const tell = (): void => {
    if (first === undefined) return;
    sendAny(state, memberOf(ballot), { kind: "accepted", ballot, first, last }, state.out.lastToken);
  };
  for (const slot of [...slots].toSorted((left, right) => Number(left - right))) {
    if (first === undefined || slot !== last + 1n) {
      tell();
      first = slot;
    }
    last = slot;
  }
  tell();
}

export function onAccepted(state: SlotState, leading: Leading, from: NodeId, message: Of<"accepted">): void {
  if (message.ballot !== leading.ballot) return;
  // Nothing else is on its way, however much a broken peer says.
  const last = earlierOf(message.last, leading.last);
  for (let slot = laterOf(message.first, state.log.committed); slot <= last; slot += 1n) {
    count(state, leading, leading.pending.get(slot), from);
  }
}

/** Its own acceptances, as far as they are durable. */
export function acceptOwn(state: SlotState, leading: Leading): void {
  while (leading.ownEnd < leading.last) {
    const slot = leading.ownEnd + 1n;
    const record = state.log.get(slot);
    if (record !== undefined && record.token > state.durableToken) return;
    leading.ownEnd = slot;
    count(state, leading, leading.pending.get(slot), state.id);
  }
}

/** Chosen when a quorum accepted it in this ballot: acceptances of another ballot never count. */
function count(state: SlotState, leading: Leading, pending: Pending | undefined, from: NodeId): void {
  if (pending === undefined) return;
  pending.acceptedBy.add(from);
  if (!electorateOf(state).quorum.isQuorum(pending.acceptedBy)) return;
  leading.pending.delete(pending.entry.zxid);
  if (!state.log.learn(pending.entry)) conflict(state, pending.entry.zxid);
}

/** Takes what was chosen into the known prefix, and tells the others. */
export function advanceLeading(state: SlotState, leading: Leading): void {
  advance(state);
  const { told } = leading;
  const { committed } = state.log;
  if (committed === told) return;
  leading.told = committed;
  // Some were known to be chosen without having been counted.
  for (let slot = told + 1n; slot <= committed; slot += 1n) leading.pending.delete(slot);
  const { voters } = electorateOf(state);
  for (const to of state.links.keys()) {
    if (leading.peers.get(to)?.trusted !== false && voters.has(to)) {
      sendAny(state, to, { kind: "chosen", ballot: leading.ballot, committed }, 0);
      continue;
    }
    // Whoever does not accept learns. What gets lost here is asked for.
    for (const { entry } of state.log.held(told, committed)) sendAny(state, to, { kind: "learn", entry }, 0);
  }
}

/** A follower hears how far its leader knows the prefix. */
export function onChosen(state: SlotState, following: Following, committed: Zxid): void {
  following.committed = laterOf(following.committed, committed);
  noteChosen(state, following.ballot, following.committed);
}

/**
 * At an acceptor: up to `committed` all is chosen, and the leader of a ballot proposes one value for a slot. So where a
 * slot holds a value of this ballot, or one that is known to be chosen, that is it.
 */
export function noteChosen(state: SlotState, ballot: number, committed: Zxid): void {
  const { log } = state;
  for (let slot = log.committed + 1n; slot <= committed; slot += 1n) {
    const held = log.get(slot);
    if (held === undefined || (!held.chosen && held.ballot !== ballot)) break;
    held.chosen = true;
  }
  advance(state);
}
