import { assert } from "@tutti/stdx";
import type { LinkId } from "../effects.ts";
import type { Entry, NodeId, Snapshot } from "../entry.ts";
import { formatZxid, type Zxid } from "../zxid.ts";
import { noteChosen } from "./accept.ts";
import type { SlotMessage } from "./slot-messages.ts";
import { advance, barrierOf, request, sendOver, windowEnd, type SlotState } from "./slot-state.ts";

// Whoever lacks chosen slots asks somebody who knows them: a follower its leader, a candidate the member of its quorum
// that knows most. What is chosen stays so, whoever tells it.

type Of<Kind> = Extract<SlotMessage, { readonly kind: Kind }>;

/** For one question. The rest is asked for next. */
const answerBytesMax = 1024 * 1024;
const answerEntriesMax = 1024;

/** One question at a time. */
export function askFor(state: SlotState, peer: NodeId): void {
  const link = state.links.get(peer);
  if (state.asking !== undefined || link === undefined) return;
  state.asking = { peer, link, silentTicks: 0, incoming: undefined };
  sendOver(state, { to: peer, link }, { kind: "ask", after: state.log.committed });
}

export function tickAsking(state: SlotState): void {
  if (state.asking === undefined) return;
  state.asking.silentTicks += 1;
  if (state.asking.silentTicks >= state.options.silenceTicks) state.asking = undefined;
}

/** At any member: what it knows itself, entries where it holds them, else its snapshot first. */
export function onAsk(state: SlotState, from: NodeId, link: LinkId, { after }: Of<"ask">): void {
  const { log } = state;
  const over = { to: from, link };
  let start = after;
  if (after < log.base) {
    const { position, chunks, configuration } = log.snapshot;
    const pieces = chunks.length === 0 ? [undefined] : chunks;
    for (const [part, chunk] of pieces.entries()) {
      sendOver(state, over, { kind: "state", position, part, configuration, chunk, last: part === pieces.length - 1 });
    }
    start = position;
  }
  let bytes = 0;
  let count = 0;
  for (const { entry } of log.held(start, log.committed)) {
    if (bytes >= answerBytesMax || count >= answerEntriesMax) break;
    sendOver(state, over, { kind: "learn", entry });
    bytes += entry.payload.length;
    count += 1;
  }
  sendOver(state, over, { kind: "told", committed: log.committed });
}

/** A chosen value, asked for or not. */
export function onLearn(state: SlotState, from: NodeId, entry: Entry): void {
  if (state.asking?.peer === from) state.asking.silentTicks = 0;
  if (entry.zxid <= state.log.committed || entry.zxid > windowEnd(state)) return;
  const { role } = state;
  if (role.kind === "leading" && role.phase !== "discovery" && !state.log.holds(entry)) {
    // What it proposed there is void, and those who accepted it must not hear from this ballot that the slot is chosen
    // (SEED=310013 with changes of members).
    request(state, { to: "looking", reason: `a later ballot has decided ${formatZxid(entry.zxid)}` });
  }
  if (!state.log.learn(entry)) {
    state.out.fatal({
      reason: "history-mismatch",
      detail: `another value is chosen for slot ${formatZxid(entry.zxid)}`,
    });
    return;
  }
  takeIn(state);
}

/** The next slots may have been waiting for what came. */
function takeIn(state: SlotState): void {
  const { role } = state;
  if (role.kind === "following") noteChosen(state, role.ballot, role.committed);
  else advance(state);
}

export function onState(state: SlotState, from: NodeId, message: Of<"state">): void {
  const { asking } = state;
  if (asking?.peer !== from) return;
  asking.silentTicks = 0;
  if (message.part === 0) asking.incoming = { position: message.position, chunks: [] };
  // The question before this one was given up, and its answer still comes (SEED=400107 of level B with changes of members).
  if (asking.incoming === undefined || message.part !== asking.incoming.chunks.length) return;
  if (message.chunk !== undefined) asking.incoming.chunks.push(message.chunk);
  if (!message.last) return;
  const { incoming } = asking;
  asking.incoming = undefined;
  const { configuration } = message;
  if (incoming.position > state.log.committed) install(state, { ...incoming, configuration });
}

/**
 * What this acceptor had accepted behind the snapshot stays: others may count on it. Of what goes, the barriers are
 * remembered in the same write, for they made older values void.
 */
function install(state: SlotState, snapshot: Snapshot): void {
  assert(snapshot.position > state.delivered, "a snapshot is installed that is ahead of the machine");
  let current = state.epochs.current;
  for (const { entry } of state.log.held(state.log.committed, snapshot.position)) {
    current = Math.max(current, barrierOf(entry));
  }
  state.epochs = { ...state.epochs, current, accepted: Math.max(state.epochs.accepted, current) };
  const token = state.log.install(snapshot, state.epochs);
  state.epochsToken = token;
  state.restore = { token, snapshot };
  takeIn(state);
}

/** The end of an answer; what is still missing is asked for at once, as long as there was progress. */
export function onTold(state: SlotState, from: NodeId, { committed }: { readonly committed: Zxid }): void {
  const { asking } = state;
  if (asking?.peer !== from) return;
  state.asking = undefined;
  if (state.log.committed < committed) askFor(state, from);
}
