import { assert } from "@tutti/stdx";
import type { Members } from "../configuration.ts";
import { EffectsBuffer, type Effects } from "../effects.ts";
import type { NodeId } from "../entry.ts";
import { LogMirror } from "../log-mirror.ts";
import type { LeaderMessage, LearnerMessage, ReplicaMessage } from "../messages.ts";
import type { Input, LeaderHooks, RecoveredState, ReplicaCore } from "../replica-core.ts";
import { isSlotMessage } from "../slot-paxos/slot-messages.ts";
import { laterOf } from "../zxid.ts";
import {
  considerCommit,
  considerReads,
  createWorkload,
  forgetApplied,
  forwardWaiting,
  onAck,
  onCommit,
  onProposal,
  onRequest,
  sendDueAck,
  sendPings,
} from "./broadcast.ts";
import {
  considerHistory,
  onAckEpoch,
  onFollowerInfo,
  onLeaderInfo,
  sendFollowerInfo,
  startLeading,
  startLearning,
} from "./discovery.ts";
import { offerHistory, onOffer } from "./adoption.ts";
import { zabVariant } from "./election.ts";
import { ProposalBook } from "./proposal-book.ts";
import { ReadBook } from "./read-book.ts";
import {
  considerEstablished,
  commitUpTo,
  cutHistory,
  onNewLeader,
  onSnap,
  onUpToDate,
  receiveEntry,
  synchronize,
} from "./synchronization.ts";
import { considerMembers } from "./membership.ts";
import {
  beginLooking,
  createElectorate,
  deliver,
  electorateOf,
  request,
  sendToLeader,
  sendToLearner,
  type Leading,
  type Learning,
  type Variant,
  type ZabState,
} from "./zab-state.ts";
import { roleName, statusOf } from "./zab-status.ts";
import { zabDefaults, type ZabOptions } from "./zab-options.ts";

/** What one replica's core begins with. */
export interface ZabCoreOptions {
  readonly id: NodeId;
  /** Who takes part while the log does not say otherwise. */
  readonly members: Members;
  readonly recovered: RecoveredState;
  readonly hooks: LeaderHooks;
  readonly zab?: Partial<ZabOptions>;
}

/** ZAB for one replica. Starts looking for a leader at once. */
export function createZabCore(options: ZabCoreOptions): ReplicaCore<ReplicaMessage> {
  return createVariantCore(options, zabVariant);
}

/** A protocol that shares ZAB's phases. */
export function createVariantCore(options: ZabCoreOptions, variant: Variant): ReplicaCore<ReplicaMessage> {
  const state = createState(options, variant);
  variant.startElection(state);
  settleRole(state);
  return {
    step: (input) => {
      if (state.out.isFatal) return;
      dispatch(state, input);
      settleRole(state);
      forwardWaiting(state);
      settleRole(state);
    },
    effects: (): Effects<ReplicaMessage> => {
      sendDueAck(state);
      return state.out.drain();
    },
    status: () => statusOf(state),
    get configuration() {
      return state.log.configuration;
    },
    get isInStep() {
      return state.role.kind !== "looking" && state.role.phase === "broadcast";
    },
  };
}

function createState({ id, members, recovered, hooks, zab }: ZabCoreOptions, variant: Variant): ZabState {
  const settings: ZabOptions = { ...zabDefaults, ...zab };
  const out = new EffectsBuffer<ReplicaMessage>();
  const log = new LogMirror(recovered.log, { initial: members, out, retainedEntriesMax: settings.retainedEntriesMax });
  assert(recovered.epochs.current <= recovered.epochs.accepted, "an epoch is accepted before it is entered");
  const { position } = log.snapshot;
  return {
    id,
    variant,
    options: settings,
    electorate: createElectorate(log.configuration, settings),
    hooks,
    out,
    log,
    proposals: new ProposalBook(out, settings.waitingRequestsMax),
    reads: new ReadBook(),
    links: new Map(),
    endedSessions: new Map(),
    fresh: new Set(),
    epochs: recovered.epochs,
    epochFloor: 0,
    role: beginLooking(),
    next: undefined,
    round: 0,
    settledVote: undefined,
    sessions: 0,
    durableToken: 0,
    committed: position,
    delivered: position,
    applied: position,
    restore: undefined,
    restored: false,
    workload: createWorkload(),
    ackDue: false,
  };
}

/** Carries out the changes of role that a step asked for. A change may ask for another, in a bounded chain. */
function settleRole(state: ZabState): void {
  for (let changes = 0; state.next !== undefined; changes += 1) {
    assert(changes < 8, "a step ends in a role");
    const next = state.next;
    state.next = undefined;
    const from = roleName(state);
    if (next.to === "looking") {
      leaveRole(state);
      state.variant.startElection(state);
    } else if (next.to === "learning") {
      startLearning(state, next.leader);
    } else {
      startLeading(state);
      advanceLeading(state);
    }
    const reason = next.to === "looking" ? next.reason : "elected";
    if (from !== roleName(state)) state.out.event({ kind: "role", from, to: roleName(state), reason });
  }
}

/** Nothing of a role outlives it: not its requests, not its reads, not what was prepared on its state. */
function leaveRole(state: ZabState): void {
  const role = state.role;
  if (role.kind === "leading") {
    for (const learner of role.learners.values()) {
      sendToLearner(state, learner, { kind: "refuse", session: learner.session }, 0);
      state.endedSessions.set(learner.node, learner.session);
    }
    state.hooks.leadershipLost();
  }
  if (role.kind !== "looking" && role.phase === "broadcast") {
    state.out.event({ kind: "leader", leader: undefined, epoch: state.epochs.accepted });
  }
  state.workload = createWorkload();
  state.ackDue = false;
  state.reads.reset();
  state.proposals.dropUnnamed();
}

/** Without a leader in step there is nobody to tell. */
function report(state: ZabState, bytes: Uint8Array): void {
  const role = state.role;
  if (role.kind === "looking" || role.phase !== "broadcast") return;
  if (role.kind === "leading") state.hooks.reported(state.id, bytes);
  else sendToLeader(state, role, { kind: "report", session: role.session, bytes }, 0);
}

function dispatch(state: ZabState, input: Input<ReplicaMessage>): void {
  switch (input.kind) {
    case "tick":
      return tick(state);
    case "linkUp":
      return linkUp(state, input.peer, input.link);
    case "linkDown":
      return linkDown(state, input.peer, input.link);
    case "message":
      return onMessage(state, input);
    case "persisted":
      return onPersisted(state, input.token);
    case "applied":
      state.applied = laterOf(state.applied, input.position);
      return forgetApplied(state);
    case "snapshot":
      if (input.snapshot.position > state.log.snapshot.position) state.log.saveSnapshot(input.snapshot);
      return;
    case "propose":
      return state.proposals.add(input.proposal, {
        client: input.client,
        sequence: input.sequence,
        payload: input.payload,
        ...(input.members === undefined ? {} : { members: input.members }),
      });
    case "submit":
      return state.proposals.addUnnamed(input.payload);
    case "report":
      return report(state, input.bytes);
    case "forget":
      return state.proposals.forget(input.proposal);
    case "read":
      return state.reads.add(input.read);
  }
}

function onPersisted(state: ZabState, token: number): void {
  state.durableToken = token;
  state.log.persisted(token);
  advanceLeading(state);
  deliver(state);
}

/** Goes on with whatever the leader may do by now: synchronize, establish itself, commit. */
function advanceLeading(state: ZabState): void {
  const leading = state.role;
  if (leading.kind !== "leading") return;
  if (leading.phase !== "discovery") {
    for (const learner of leading.learners.values()) {
      if (learner.phase === "epochAcked") synchronize(state, leading, learner);
    }
  }
  considerEstablished(state, leading);
  considerCommit(state, leading);
  considerMembers(state, leading);
  considerReads(state, leading);
}

function linkUp(state: ZabState, peer: NodeId, link: number): void {
  const known = state.links.get(peer);
  if (known === link) return;
  if (known !== undefined) linkDown(state, peer, known);
  state.links.set(peer, link);
  const role = state.role;
  if (role.kind === "learning" && role.leader === peer && role.link === undefined) {
    role.link = link;
    sendFollowerInfo(state, role);
  }
  state.variant.linkUp(state, peer);
}

/** A broken link may have swallowed messages, so the session that ran over it is over. */
function linkDown(state: ZabState, peer: NodeId, link: number): void {
  if (state.links.get(peer) !== link) return;
  state.links.delete(peer);
  state.endedSessions.delete(peer);
  state.variant.linkDown(state, peer);
  const role = state.role;
  if (role.kind === "learning" && role.link === link) {
    request(state, { to: "looking", reason: `the link to leader ${peer} broke` });
  } else if (role.kind === "leading") {
    role.learners.delete(peer);
  }
}

interface Incoming {
  readonly from: NodeId;
  readonly link: number;
  readonly message: ReplicaMessage;
}

function onMessage(state: ZabState, { from, link, message }: Incoming): void {
  switch (message.kind) {
    case "notification":
    case "heartbeat":
      return state.variant.receive(state, from, message);
    case "followerInfo":
    case "ackEpoch":
    case "ack":
    case "pong":
    case "request":
    case "readRequest":
    case "report":
    case "offerCut":
    case "offerSnap":
    case "offerEntry":
    case "offerEnd":
      if (state.role.kind === "leading") return onLearnerMessage(state, state.role, { from, link, message });
      return;
    default: {
      if (isSlotMessage(message)) return;
      const role = state.role;
      const present = role.kind === "learning" && role.link === link && role.session === message.session;
      if (present) onLeaderMessage(state, role, message);
    }
  }
}

function onLearnerMessage(
  state: ZabState,
  leading: Leading,
  { from, link, message }: { readonly from: NodeId; readonly link: number; readonly message: LearnerMessage },
): void {
  if (state.links.get(from) !== link) return;
  if (message.kind === "followerInfo") {
    onFollowerInfo(state, leading, { from, link, message });
    return advanceLeading(state);
  }
  const learner = leading.learners.get(from);
  if (learner?.session !== message.session) return;
  learner.silentTicks = 0;
  switch (message.kind) {
    case "ackEpoch":
      onAckEpoch(state, leading, { learner, message });
      return advanceLeading(state);
    case "ack":
      onAck(state, leading, learner, message.zxid);
      return considerMembers(state, leading);
    case "pong":
      learner.round = Math.max(learner.round, message.round);
      return considerReads(state, leading);
    case "request":
      return onRequest(state, learner, message);
    case "readRequest":
      return state.reads.wait(message.read, { kind: "learner", node: from, session: message.session });
    case "report":
      return state.hooks.reported(from, message.bytes);
    default:
      if (!onOffer(state, leading, learner, message)) return;
      considerHistory(state, leading);
      advanceLeading(state);
  }
}

function onLeaderMessage(state: ZabState, learning: Learning, message: LeaderMessage): void {
  learning.silentTicks = 0;
  switch (message.kind) {
    case "leaderInfo":
      return onLeaderInfo(state, learning, message);
    case "diff":
      // What follows says all: that the leader's log goes on where this one ends.
      return;
    case "trunc":
      cutHistory(state, message.zxid);
      return;
    case "snap":
      return onSnap(learning, message);
    case "proposal":
      return onProposal(state, learning, message.entry);
    case "newLeader":
      return onNewLeader(state, learning, message);
    case "upToDate":
      return onUpToDate(state, learning, message);
    case "commit":
      return onCommit(state, message.zxid);
    case "inform":
      receiveEntry(state, learning, message.entry);
      if (state.next === undefined && learning.newLeaderAcked) commitUpTo(state, message.entry.zxid);
      return;
    case "ping":
      state.out.send({
        to: learning.leader,
        link: learning.link,
        message: { kind: "pong", session: learning.session, round: message.round },
        after: 0,
      });
      return;
    case "answered":
      return state.proposals.answered(message, message.position, message.refused);
    case "readAnswer":
      state.reads.finishLocal(message.read);
      return state.out.read(message.read, message.position);
    case "pull":
      return offerHistory(state, learning, message.zxid);
    case "refuse":
      return request(state, { to: "looking", reason: `${learning.leader} does not lead this replica` });
  }
}

function tick(state: ZabState): void {
  state.variant.tick(state);
  const role = state.role;
  switch (role.kind) {
    case "looking":
      return;
    case "learning":
      return tickLearning(state, role);
    case "leading":
      return tickLeading(state, role);
  }
}

function tickLearning(state: ZabState, learning: Learning): void {
  learning.silentTicks += 1;
  learning.phaseTicks += 1;
  if (learning.silentTicks >= state.options.silenceTicks) {
    request(state, { to: "looking", reason: `leader ${learning.leader} is silent` });
  } else if (learning.phase !== "broadcast" && learning.phaseTicks >= state.options.joinTicks) {
    request(state, { to: "looking", reason: `joining leader ${learning.leader} takes too long` });
  } else if (learning.phase === "discovery") {
    sendFollowerInfo(state, learning);
  }
}

function tickLeading(state: ZabState, leading: Leading): void {
  leading.phaseTicks += 1;
  const heard = new Set<NodeId>([state.id]);
  const { quorum } = electorateOf(state);
  for (const learner of leading.learners.values()) {
    learner.silentTicks += 1;
    if (learner.silentTicks >= state.options.silenceTicks) {
      leading.learners.delete(learner.node);
      sendToLearner(state, learner, { kind: "refuse", session: learner.session }, 0);
    } else if (learner.trusted) {
      heard.add(learner.node);
    }
  }
  if (leading.phase === "discovery" && leading.adoption !== undefined) {
    // Its donor may just have left.
    considerHistory(state, leading);
    advanceLeading(state);
  }
  if (leading.phase !== "broadcast" && leading.phaseTicks >= state.options.joinTicks) {
    return request(state, { to: "looking", reason: "no quorum came into step" });
  }
  if (leading.phase === "broadcast" && !quorum.isQuorum(heard)) {
    return request(state, { to: "looking", reason: "lost touch with the quorum" });
  }
  leading.ticksToPing -= 1;
  if (leading.ticksToPing <= 0) sendPings(state, leading);
}
