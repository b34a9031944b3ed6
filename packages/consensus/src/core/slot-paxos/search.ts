import { votersOf } from "../configuration.ts";
import type { NodeId } from "../entry.ts";
import type { Heartbeat } from "../messages.ts";
import {
  electorateOf,
  isElectable,
  isInStep,
  isTrusted,
  request,
  roleName,
  sendAny,
  setEpochs,
  type Search,
  type SlotState,
} from "./slot-state.ts";

// Who may lead: a member that a quorum answers, where no quorum is in step with anybody. Heartbeat rounds tell. They
// only decide who tries; that a leader is safe is the business of ballots.

export function createSearch(): Search {
  return { round: 0, ticksToRound: 0, isConnected: false, answered: new Set(), peers: new Map() };
}

/** Now, when there is nobody to follow. */
export function startSearch(state: SlotState): void {
  considerFirstStart(state);
  beginRound(state);
  considerEarly(state);
}

export function tickSearch(state: SlotState): void {
  const { search } = state;
  search.ticksToRound -= 1;
  if (search.ticksToRound > 0) return;
  search.isConnected = isAnsweredByQuorum(state);
  decide(state);
  beginRound(state);
}

export function onHeartbeat(state: SlotState, from: NodeId, message: Heartbeat): void {
  const { search } = state;
  search.peers.set(from, message);
  if (!message.isAnswer) send(state, from, message.round, true);
  else if (message.round === search.round && message.voting) {
    search.answered.add(from);
    if (!search.isConnected && isAnsweredByQuorum(state)) {
      search.isConnected = true;
      // The others wait for candidates: they should not have to ask first.
      if (state.role.kind === "looking") beginRound(state);
    }
  }
  considerFirstStart(state);
  considerEarly(state);
}

export function searchLinkUp(state: SlotState, peer: NodeId): void {
  send(state, peer, state.search.round, false);
}

export function searchLinkDown(state: SlotState, peer: NodeId): void {
  state.search.peers.delete(peer);
  state.search.answered.delete(peer);
}

/** Without data a member may vote only when all are new; else it has forgotten what it promised. */
function considerFirstStart(state: SlotState): void {
  const { voters } = electorateOf(state);
  const others = [...voters].filter((voter) => voter !== state.id);
  if (state.epochs.voting || !isFresh(state) || !voters.has(state.id)) return;
  if (!others.every((voter) => state.search.peers.get(voter)?.fresh === true)) return;
  state.voteToken = setEpochs(state, { voting: true });
}

function isFresh(state: SlotState): boolean {
  return state.log.end === 0n && state.epochs.accepted === 0;
}

function beginRound(state: SlotState): void {
  const { search } = state;
  search.round += 1;
  search.answered.clear();
  search.ticksToRound = state.options.voteTicks;
  for (const peer of state.links.keys()) send(state, peer, search.round, false);
}

function isAnsweredByQuorum(state: SlotState): boolean {
  return isElectable(state) && electorateOf(state).quorum.isQuorum(new Set([state.id, ...state.search.answered]));
}

function send(state: SlotState, to: NodeId, round: number, isAnswer: boolean): void {
  const message: Heartbeat = {
    kind: "heartbeat",
    round,
    isAnswer,
    state: roleName(state),
    settled: isInStep(state),
    connected: state.search.isConnected,
    zxid: state.log.committed,
    epoch: state.epochs.current,
    voting: isTrusted(state),
    electable: isElectable(state),
    fresh: isFresh(state),
  };
  // It promises nothing, and so waits for no write.
  sendAny(state, to, message, 0);
}

/** When every linked voter has answered there is nobody left to wait for. */
export function considerEarly(state: SlotState): void {
  if (state.role.kind !== "looking") return;
  const { search } = state;
  search.isConnected ||= isAnsweredByQuorum(state);
  const linked = [...votersOf(state.log.configuration)].filter((voter) => state.links.has(voter));
  if (linked.every((voter) => search.answered.has(voter) || search.peers.get(voter)?.voting === false)) decide(state);
}

/**
 * Of those that a quorum answers the one that knows most tries, since it has the least to fetch. Nobody does while a
 * quorum is in step with a leader, even one that this member does not reach, or while somebody leads whom it hears.
 */
function decide(state: SlotState): void {
  const { search } = state;
  if (state.role.kind !== "looking" || !search.isConnected || !isElectable(state)) return;
  const free = new Set<NodeId>([state.id]);
  let isBest = true;
  for (const voter of votersOf(state.log.configuration)) {
    const peer = search.peers.get(voter);
    if (peer === undefined || !state.links.has(voter)) continue;
    if (peer.state === "leading") return;
    if (!search.answered.has(voter)) continue;
    if (!peer.settled) free.add(voter);
    if (peer.state === "looking" && peer.connected && peer.electable && isBetter(state, voter, peer)) isBest = false;
  }
  if (isBest && electorateOf(state).quorum.isQuorum(free)) request(state, { to: "leading", reason: "elected" });
}

function isBetter(state: SlotState, node: NodeId, peer: Heartbeat): boolean {
  const { committed } = state.log;
  return peer.zxid > committed || (peer.zxid === committed && node > state.id);
}
