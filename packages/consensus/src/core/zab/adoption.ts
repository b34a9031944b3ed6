import type { LearnerMessage, OfferMessage } from "../messages.ts";
import { isSuccessor, type Zxid } from "../zxid.ts";
import { planSync } from "./sync-plan.ts";
import { cutHistory, incomingHistory, replaceHistory } from "./synchronization.ts";
import {
  isVoting,
  request,
  sendToLeader,
  sendToLearner,
  type Adoption,
  type Leading,
  type Learner,
  type Learning,
  type ZabState,
} from "./zab-state.ts";

// Paxos phase 1b: a leader takes over the history of the highest ballot that its quorum reports, before it asks anybody
// to accept it. In ZAB the election sees to it that there is nothing to take over.

/** By the last epoch that was entered, then by length: within one epoch the longer history contains the shorter. */
export function knowsMore(learner: Learner, leading: Leading): boolean {
  if (learner.currentEpoch !== leading.initialEpoch) return learner.currentEpoch > leading.initialEpoch;
  return learner.lastZxid > leading.initialZxid;
}

/** True while a better history is on its way. Asks for the best one among those that promised, if there is a better. */
export function isAdopting(state: ZabState, leading: Leading): boolean {
  const { adoption } = leading;
  if (adoption !== undefined && leading.learners.get(adoption.donor)?.session === adoption.session) return true;
  // A donor that left takes its offer along: another one is asked, or the epoch is given up in the end.
  leading.adoption = undefined;
  let best: Learner | undefined;
  for (const learner of leading.learners.values()) {
    // Who has not promised has told nothing, and so knows no more.
    if (!isVoting(state, learner) || !knowsMore(learner, leading)) continue;
    if (best === undefined || isLess(best, learner)) best = learner;
  }
  if (best === undefined) return false;
  leading.adoption = { donor: best.node, session: best.session, cut: undefined, incoming: undefined };
  sendToLearner(state, best, { kind: "pull", session: best.session, zxid: state.log.end }, 0);
  return true;
}

function isLess(left: Learner, right: Learner): boolean {
  if (left.currentEpoch !== right.currentEpoch) return left.currentEpoch < right.currentEpoch;
  return left.lastZxid < right.lastZxid;
}

/** At the learner: sends what the leader lacks, by the same plan by which leaders bring up learners. */
export function offerHistory(state: ZabState, learning: Learning, leaderEnd: Zxid): void {
  if (learning.phase !== "synchronization" || learning.newLeaderAcked) return;
  const { session } = learning;
  const send = (message: LearnerMessage): void => sendToLeader(state, learning, message, state.out.lastToken);
  const plan = planSync(state.log, leaderEnd);
  let after: Zxid;
  if (plan.kind === "snap") {
    const { position, chunks, configuration } = state.log.snapshot;
    const pieces = chunks.length === 0 ? [undefined] : chunks;
    for (const [index, chunk] of pieces.entries()) {
      send({ kind: "offerSnap", session, position, configuration, chunk, last: index === pieces.length - 1 });
    }
    after = position;
  } else {
    after = plan.kind === "diff" ? plan.after : plan.last;
    send({ kind: "offerCut", session, zxid: after });
  }
  for (const entry of state.log.after(after)) send({ kind: "offerEntry", session, entry });
  send({ kind: "offerEnd", session, zxid: state.log.end });
}

/** At the leader. True when the whole history is here and written. */
export function onOffer(state: ZabState, leading: Leading, learner: Learner, message: OfferMessage): boolean {
  const { adoption } = leading;
  if (adoption?.donor !== learner.node) return false;
  switch (message.kind) {
    case "offerCut":
      adoption.cut = message.zxid;
      adoption.incoming = incomingHistory({ position: message.zxid });
      return false;
    case "offerSnap":
      adoption.incoming ??= incomingHistory(message);
      if (message.chunk !== undefined) adoption.incoming.chunks.push(message.chunk);
      adoption.incoming.complete = message.last;
      return false;
    case "offerEntry":
      adoption.incoming?.entries.push(message.entry);
      return false;
    case "offerEnd":
      return adopt(state, leading, learner, adoption);
  }
}

/**
 * A crash in the middle of this leaves a log that holds all that was chosen in any ballot up to the one on the disk: the
 * common part is not touched, and what replaces the rest is of a higher ballot.
 */
function adopt(state: ZabState, leading: Leading, learner: Learner, { cut, incoming }: Adoption): boolean {
  let end = incoming?.position ?? 0n;
  let isWhole = incoming?.complete === true;
  for (const entry of incoming?.entries ?? []) {
    isWhole &&= isSuccessor(end, entry.zxid);
    end = entry.zxid;
  }
  if (incoming === undefined || !isWhole || end !== learner.lastZxid) {
    request(state, { to: "looking", reason: `the history that ${learner.node} offered has a hole` });
    return false;
  }
  if (cut === undefined) {
    if (!replaceHistory(state, incoming)) return false;
  } else {
    if (!cutHistory(state, cut)) return false;
    for (const entry of incoming.entries) state.log.append(entry);
  }
  leading.adoption = undefined;
  leading.initialEpoch = learner.currentEpoch;
  leading.initialZxid = state.log.end;
  return true;
}
