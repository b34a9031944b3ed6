import type { LinkId } from "../effects.ts";
import { requestKey, unnamedClient, type Entry, type NodeId } from "../entry.ts";
import type { Session } from "../messages.ts";
import type { Zxid } from "../zxid.ts";
import { proposeEntry } from "./accept.ts";
import { membershipView } from "./members.ts";
import { confirmedRound, sendRound } from "./rounds.ts";
import type { SlotMessage, SlotPaxosMessage } from "./slot-messages.ts";
import { request, sendOver, type Following, type Leading, type QueuedRequest, type SlotState } from "./slot-state.ts";

// Requests and reads, on their way to the leader and through it.

type Of<Kind> = Extract<SlotMessage, { readonly kind: Kind }>;

/** Hands what waits here to the leader, or into the own queue. Called whenever there may be a leader or room. */
export function forwardWaiting(state: SlotState): void {
  const { role } = state;
  if (role.kind === "following" && role.inStep) {
    const { ballot, session } = role;
    const over = { to: role.leader, link: role.link };
    for (const one of state.proposals.takeWaiting(ballot)) {
      sendOver(state, over, { ...one, kind: "forward", ballot, session });
    }
    for (const read of state.reads.takeLocal()) sendOver(state, over, { kind: "readRequest", session, read });
  } else if (role.kind === "leading" && role.phase === "broadcast") {
    for (const one of state.proposals.takeWaiting(role.ballot)) role.queue.push({ request: one, origin: undefined });
    for (const read of state.reads.takeLocal()) state.reads.wait(read, { kind: "local" });
    proposeQueued(state, role);
    if (state.reads.hasUnsent && role.round === confirmedRound(state, role)) sendRound(state, role);
    considerReads(state, role);
  }
}

/** Takes a request of a follower. Without room it is refused at once, so that the caller knows. */
export function onForward(state: SlotState, leading: Leading, from: NodeId, message: Of<"forward">): void {
  const { ballot, session, client, sequence, payload, members } = message;
  const peer = leading.peers.get(from);
  // One without a name must not be left out while later ones of its session are taken: so none of them is.
  const isMuted = client === unnamedClient && peer !== undefined && session <= peer.mutedSession;
  if (ballot !== leading.ballot || isMuted) return;
  if (leading.queue.length < state.options.waitingRequestsMax) {
    const asked = members === undefined ? {} : { members };
    leading.queue.push({ request: { client, sequence, payload, ...asked }, origin: { node: from, session } });
    return;
  }
  const link = state.links.get(from);
  if (link === undefined) return;
  if (client !== unnamedClient) {
    const refused = { kind: "answered", session, client, sequence, position: 0n, refused: true } as const;
    sendOver(state, { to: from, link }, refused);
    return;
  }
  if (peer !== undefined) peer.mutedSession = session;
  sendOver(state, { to: from, link }, { kind: "refuse", session });
}

/**
 * Gives slots to queued requests, in order. Nothing is prepared before the machine has applied the barrier: what this
 * leader took over is then behind it, and only its own slots are on their way.
 */
function proposeQueued(state: SlotState, leading: Leading): void {
  if (state.applied < leading.barrier) return;
  const { queue } = leading;
  let taken = 0;
  for (const queued of queue) {
    if (leading.last - state.log.committed >= BigInt(state.options.outstandingEntriesMax)) break;
    if (leading.changeSlot > state.log.committed) break;
    taken += 1;
    propose(state, leading, queued);
  }
  queue.splice(0, taken);
}

function propose(state: SlotState, leading: Leading, queued: QueuedRequest): void {
  const { client, sequence } = queued.request;
  const key = client === unnamedClient ? undefined : requestKey(queued.request);
  const known = key === undefined ? undefined : leading.unapplied.get(key);
  if (known !== undefined) {
    // It is answered when it is applied. To tell its slot now would be wrong: if this leader goes it may be void, and the
    // prefix may be a long time in coming there (SEED=5552 with changes of members).
    known.others = [...known.others.filter(({ origin }) => origin?.node !== queued.origin?.node), queued];
    return;
  }
  const zxid = leading.last + 1n;
  const prepared = state.hooks.prepare(queued.request, zxid, membershipView(state, leading), leading.ballot);
  if (prepared.kind === "known") return answer(state, queued, state.applied);
  const { kind, payload } = prepared;
  const change = "configuration" in prepared ? { configuration: prepared.configuration } : {};
  const entry: Entry = { zxid, kind, client, sequence, payload, ...change };
  if (key !== undefined) leading.unapplied.set(key, { slot: zxid, others: [] });
  proposeEntry(state, leading, entry);
}

/** The request was applied before; its origin finds the answer in its own table once it has come that far. */
function answer(state: SlotState, { request: made, origin }: QueuedRequest, position: Zxid): void {
  const { client, sequence } = made;
  if (origin === undefined) return state.proposals.answered({ client, sequence }, position, false);
  const link = state.links.get(origin.node);
  if (link === undefined) return;
  const { node: to, session } = origin;
  sendOver(state, { to, link }, { kind: "answered", session, client, sequence, position, refused: false });
}

/** Slots are applied in order, and the map was filled in order: its head is what can be forgotten. */
export function forgetApplied(state: SlotState, leading: Leading): void {
  for (const [key, { slot, others }] of leading.unapplied) {
    if (slot > state.applied) return;
    leading.unapplied.delete(key);
    for (const queued of others) answer(state, queued, slot);
  }
}

export function onReadRequest(
  state: SlotState,
  from: NodeId,
  { session, read }: { readonly session: Session; readonly read: number },
): void {
  state.reads.wait(read, { kind: "learner", node: from, session });
}

/**
 * Answers the reads whose round a quorum confirmed. It answered after the read was asked, while it had promised no
 * higher ballot; so no later leader was established before, and nothing that one could have chosen is missed.
 */
function considerReads(state: SlotState, leading: Leading): void {
  if (!state.reads.hasWaiting) return;
  const { committed } = state.log;
  for (const { read, source } of state.reads.takeConfirmed(confirmedRound(state, leading))) {
    if (source.kind === "local") {
      state.reads.finishLocal(read);
      state.out.read(read, committed);
      continue;
    }
    const { node: to, session } = source;
    const link: LinkId | undefined = state.links.get(to);
    if (link !== undefined) sendOver(state, { to, link }, { kind: "readAnswer", session, read, position: committed });
  }
}

/** At a follower: what its leader says about its requests. Session 0 is any: the leader leads no more. */
export function onAnswer(
  state: SlotState,
  following: Following,
  message: Extract<SlotPaxosMessage, { readonly kind: "answered" | "readAnswer" | "refuse" }>,
): void {
  if (message.session !== following.session && message.session !== 0) return;
  if (message.kind === "answered") state.proposals.answered(message, message.position, message.refused);
  else if (message.kind === "refuse") request(state, { to: "looking", reason: `${following.leader} refuses requests` });
  else {
    state.reads.finishLocal(message.read);
    state.out.read(message.read, message.position);
  }
}
