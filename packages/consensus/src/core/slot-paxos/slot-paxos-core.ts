import { assert } from "@tutti/stdx";
import { EffectsBuffer, type Effects, type LinkId } from "../effects.ts";
import type { LoggedConfiguration, Members } from "../configuration.ts";
import type { NodeId } from "../entry.ts";
import type { ReplicaMessage } from "../messages.ts";
import { ballotMemberMax, memberOf } from "../paxos/ballot-number.ts";
import type { Input, LeaderHooks, RecoveredState, ReplicaCore } from "../replica-core.ts";
import { ProposalBook } from "../zab/proposal-book.ts";
import { ReadBook } from "../zab/read-book.ts";
import { acceptOwn, advanceLeading, onAccept, onAccepted, onChosen, sendDue } from "./accept.ts";
import { onAsk, onLearn, onState, onTold, tickAsking } from "./catch-up.ts";
import {
  considerPromises,
  createLeading,
  onPreempted,
  onPrepare,
  onPromise,
  refuseLower,
  sendPrepare,
} from "./prepare.ts";
import { considerMembers } from "./members.ts";
import { forgetApplied, forwardWaiting, onAnswer, onForward, onReadRequest } from "./requests.ts";
import { considerInStep, onFollowed, onLead, sendLead, tickLeading } from "./rounds.ts";
import {
  considerEarly,
  createSearch,
  onHeartbeat,
  searchLinkDown,
  searchLinkUp,
  startSearch,
  tickSearch,
} from "./search.ts";
import { SlotLog } from "./slot-log.ts";
import type { SlotMessage } from "./slot-messages.ts";
import { slotPaxosDefaults, type SlotPaxosOptions } from "./slot-paxos-options.ts";
import {
  barrierOf,
  deliver,
  createElectorate,
  electorateOf,
  isElectable,
  isInStep,
  isTrusted,
  request,
  roleName,
  sendOver,
  setEpochs,
  statusOf,
  type SlotState,
} from "./slot-state.ts";

/** What one replica's core begins with. */
export interface SlotPaxosCoreOptions {
  readonly id: NodeId;
  readonly members: Members;
  readonly recovered: RecoveredState;
  readonly hooks: LeaderHooks;
  readonly slotPaxos?: Partial<SlotPaxosOptions>;
}

/**
 * Multi-Paxos as the papers have it: an instance of Paxos for each slot, phase 1 for all of them at once when a leader
 * begins, phase 2 for each by itself, in any order. Starts looking for a leader at once.
 */
export function createSlotPaxosCore(options: SlotPaxosCoreOptions): ReplicaCore<ReplicaMessage> {
  const state = createState(options);
  startSearch(state);
  settle(state);
  return {
    step: (input) => {
      if (state.out.isFatal) return;
      dispatch(state, input);
      settle(state);
    },
    effects: (): Effects<ReplicaMessage> => {
      sendDue(state);
      return state.out.drain();
    },
    status: () => statusOf(state),
    get configuration() {
      return state.log.configuration;
    },
    get isInStep() {
      return isInStep(state);
    },
  };
}

function createState({ id, members, recovered, hooks, slotPaxos }: SlotPaxosCoreOptions): SlotState {
  assert(id <= ballotMemberMax, `a member's number fits into a ballot, ${id}`);
  const options: SlotPaxosOptions = { ...slotPaxosDefaults, ...slotPaxos };
  const out = new EffectsBuffer<ReplicaMessage>();
  const initial: LoggedConfiguration = { ...members, outgoing: undefined, position: 0n };
  const log = new SlotLog({ recovered: recovered.log, initial, out, retainedEntriesMax: options.retainedEntriesMax });
  const { position } = log.snapshot;
  const state: SlotState = {
    id,
    options,
    electorate: createElectorate(log.configuration, options),
    hooks,
    out,
    log,
    proposals: new ProposalBook(out, options.waitingRequestsMax),
    reads: new ReadBook(),
    links: new Map(),
    search: createSearch(),
    epochs: recovered.epochs,
    ballotFloor: 0,
    role: { kind: "looking" },
    next: undefined,
    sessions: 0,
    durableToken: 0,
    voteToken: 0,
    epochsToken: 0,
    delivered: position,
    applied: position,
    restore: undefined,
    due: { ballot: 0, slots: new Set() },
    asking: undefined,
    committedAtLead: 0n,
  };
  enterRecovered(state);
  return state;
}

/** A crash may have come between the write of the known prefix and that of the ballot it enters. */
function enterRecovered(state: SlotState): void {
  const { log, epochs } = state;
  let { current } = epochs;
  for (const { entry } of log.held(log.snapshot.position, log.committed)) current = Math.max(current, barrierOf(entry));
  if (current === epochs.current) return;
  log.saveChosen();
  setEpochs(state, { accepted: Math.max(epochs.accepted, current), current });
}

/** What follows from a step, whatever it was: progress of the leader, changes of role, requests that may go on. */
function settle(state: SlotState): void {
  for (let changes = 0; ; changes += 1) {
    assert(changes < 8, "a step ends in a role");
    progress(state);
    if (state.next === undefined) break;
    changeRole(state);
  }
  forwardWaiting(state);
}

function progress(state: SlotState): void {
  const { role } = state;
  if (role.kind === "leading" && role.ballot < state.epochs.accepted) {
    request(state, { to: "looking", reason: `ballot ${state.epochs.accepted} was led` });
  } else if (role.kind === "leading" && state.next === undefined) {
    considerPromises(state, role);
    acceptOwn(state, role);
    advanceLeading(state, role);
    considerMembers(state, role);
  } else {
    deliver(state);
  }
  considerInStep(state);
}

/** Nothing of a role outlives it: not its requests, not its reads, not what was prepared on its state. */
function changeRole(state: SlotState): void {
  const { next, role } = state;
  state.next = undefined;
  if (next === undefined) return;
  const from = roleName(state);
  if (role.kind === "leading") {
    for (const [to, { link }] of role.peers) sendOver(state, { to, link }, { kind: "refuse", session: 0 });
    state.hooks.leadershipLost();
  }
  if (isInStep(state)) state.out.event({ kind: "leader", leader: undefined, epoch: state.epochs.accepted });
  state.reads.reset();
  state.proposals.dropUnnamed();
  state.asking = undefined;
  state.role = { kind: "looking" };
  if (next.to === "looking") startSearch(state);
  else if (next.to === "following") enterFollowing(state, next.leader, next.ballot);
  else if (!isElectable(state)) startSearch(state);
  else {
    const leading = createLeading(state);
    state.role = leading;
    for (const voter of electorateOf(state).voters) sendPrepare(state, leading, voter);
  }
  const to = roleName(state);
  const reason = next.to === "following" ? `${next.leader} has ballot ${next.ballot}` : next.reason;
  if (from !== to) state.out.event({ kind: "role", from, to, reason });
}

function enterFollowing(state: SlotState, leader: NodeId, ballot: number): void {
  const link = state.links.get(leader);
  if (link === undefined) return startSearch(state);
  state.sessions += 1;
  const session = state.sessions;
  state.committedAtLead = state.log.committed;
  state.role = {
    kind: "following",
    leader,
    ballot,
    link,
    session,
    barrier: 0n,
    round: 0,
    committed: 0n,
    inStep: false,
    silentTicks: 0,
  };
  state.proposals.resend(ballot);
}

function dispatch(state: SlotState, input: Input<ReplicaMessage>): void {
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
      state.durableToken = input.token;
      state.log.persisted(input.token);
      return considerEarly(state);
    case "applied":
      state.applied = input.position;
      if (state.role.kind === "leading") forgetApplied(state, state.role);
      return;
    case "snapshot":
      // One of others that is not restored yet is ahead of it.
      if (input.snapshot.position > state.log.snapshot.position) state.log.saveSnapshot(input.snapshot);
      return;
    case "propose": {
      const { proposal, kind: _kind, ...made } = input;
      return state.proposals.add(proposal, made);
    }
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

/** Without a leader in step there is nobody to tell. */
function report(state: SlotState, bytes: Uint8Array): void {
  const { role } = state;
  if (!isInStep(state) || role.kind === "looking") return;
  if (role.kind === "leading") return state.hooks.reported(state.id, bytes);
  sendOver(state, { to: role.leader, link: role.link }, { kind: "report", session: role.session, bytes });
}

function tick(state: SlotState): void {
  tickSearch(state);
  tickAsking(state);
  const { role } = state;
  if (role.kind === "leading") return tickLeading(state, role);
  if (role.kind === "looking") return;
  role.silentTicks += 1;
  if (role.silentTicks < state.options.silenceTicks) return;
  request(state, { to: "looking", reason: `leader ${role.leader} is silent` });
}

function linkUp(state: SlotState, peer: NodeId, link: LinkId): void {
  const known = state.links.get(peer);
  if (known === link) return;
  if (known !== undefined) linkDown(state, peer, known);
  state.links.set(peer, link);
  searchLinkUp(state, peer);
  const { role } = state;
  if (role.kind !== "leading") return;
  if (role.phase === "discovery") sendPrepare(state, role, peer);
  else if (role.barrier > 0n) sendLead(state, role, peer, link);
}

/** A broken link may have swallowed messages: what needs its order begins anew. */
function linkDown(state: SlotState, peer: NodeId, link: LinkId): void {
  if (state.links.get(peer) !== link) return;
  state.links.delete(peer);
  searchLinkDown(state, peer);
  if (state.asking?.link === link) state.asking = undefined;
  const { role } = state;
  if (role.kind === "following" && role.link === link) {
    request(state, { to: "looking", reason: `the link to leader ${peer} broke` });
  } else if (role.kind === "leading") {
    role.peers.delete(peer);
    role.promises.delete(peer);
  }
}

interface Incoming {
  readonly from: NodeId;
  readonly link: LinkId;
  readonly message: ReplicaMessage;
}

function onMessage(state: SlotState, { from, link, message }: Incoming): void {
  // Links are numbered, so this leaves out what an earlier connection still brings.
  if (state.links.get(from) !== link) return;
  const { role } = state;
  switch (message.kind) {
    case "heartbeat":
      return onHeartbeat(state, from, message);
    case "prepare":
    case "accept":
    case "lead":
    case "chosen":
      return onBallot(state, { from, link, message });
    case "promise":
      if (role.kind === "leading") onPromise(state, role, from, message);
      return;
    case "accepted":
      if (role.kind === "leading") onAccepted(state, role, from, message);
      return;
    case "followed":
      if (role.kind === "leading") onFollowed(state, role, { from, link, message });
      return;
    case "preempted":
      return onPreempted(state, message);
    case "forward":
      if (role.kind === "leading") onForward(state, role, from, message);
      return;
    case "readRequest":
      if (role.kind === "leading") onReadRequest(state, from, message);
      return;
    case "report":
      if (role.kind === "leading" && role.phase === "broadcast") state.hooks.reported(from, message.bytes);
      return;
    case "answered":
    case "readAnswer":
    case "refuse":
      if (role.kind === "following" && role.link === link) onAnswer(state, role, message);
      return;
    case "ask":
      return onAsk(state, from, link, message);
    case "learn":
      return onLearn(state, from, message.entry);
    case "state":
      return onState(state, from, message);
    case "told":
      return onTold(state, from, message);
    default:
    // Of another protocol: members of one ensemble run the same one.
  }
}

/** Whatever bears a ballot makes its owner the one to follow, unless a higher one is known. */
function onBallot(
  state: SlotState,
  {
    from,
    link,
    message,
  }: {
    readonly from: NodeId;
    readonly link: LinkId;
    readonly message: Extract<SlotMessage, { readonly kind: "prepare" | "accept" | "lead" | "chosen" }>;
  },
): void {
  const { ballot } = message;
  if (refuseLower(state, from, ballot) || memberOf(ballot) !== from) return;
  // A member that may not promise follows whoever leads, not whoever tries.
  const isOfLeader = message.kind === "lead" && message.barrier > 0n;
  if (state.role.kind !== "following" || state.role.ballot !== ballot) {
    if (!isTrusted(state) && !isOfLeader) return;
    state.next = { to: "following", leader: from, ballot };
    changeRole(state);
  }
  const { role } = state;
  if (role.kind !== "following") return;
  role.silentTicks = 0;
  if (message.kind === "prepare") onPrepare(state, from, link, message);
  else if (message.kind === "accept") onAccept(state, role, message);
  else if (message.kind === "lead") onLead(state, role, message);
  else onChosen(state, role, message.committed);
}
