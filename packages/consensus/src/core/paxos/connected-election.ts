import type { Token } from "../effects.ts";
import type { NodeId } from "../entry.ts";
import type { ElectionMessage, Heartbeat } from "../messages.ts";
import { considerFirstStart, isFresh, memberState } from "../zab/election.ts";
import { beginLooking, electorateOf, enter, mayLead, request, type Variant, type ZabState } from "../zab/zab-state.ts";
import { nextBallot } from "./ballot-number.ts";

/**
 * Paxos: any member that a quorum answers may lead, however little it knows, since a leader takes over the best history
 * of its quorum. Heartbeat rounds tell each member whether a quorum answers it (ballot leader election of OmniPaxos,
 * EuroSys 2023): under one-way and partial cuts only such a member is chosen, where a vote for whoever knows most could
 * name one that nobody reaches.
 */
export function createPaxosVariant(): Variant {
  const election = new ConnectedElection();
  return {
    startElection: (state) => election.start(state),
    tick: (state) => election.tick(state),
    receive: (state, from, message) => election.receive(state, from, message),
    linkUp: (state, peer) => election.ask(state, peer),
    linkDown: (state, peer) => election.linkDown(state, peer),
    announceSettled: (state) => election.askAll(state),
    nextEpoch: nextBallot,
    adoptsHistory: true,
  };
}

interface Candidate {
  readonly node: NodeId;
  readonly epoch: number;
  readonly zxid: bigint;
}

class ConnectedElection {
  #round = 0;
  /** Who answered in this round. */
  readonly #answered: Set<NodeId> = new Set<NodeId>();
  /** The last word of each linked peer. */
  readonly #peers: Map<NodeId, Heartbeat> = new Map<NodeId, Heartbeat>();
  #isConnected = false;
  #ticksToRound = 0;
  #hadVote: boolean | undefined;
  /** The write that gave this member its vote. */
  #voteToken: Token = 0;

  start(state: ZabState): void {
    enter(state, beginLooking());
    considerFirstStart(state);
    if (this.#hadVote === false && state.epochs.voting) this.#voteToken = state.out.lastToken;
    this.#hadVote = state.epochs.voting;
    this.#isConnected = this.#isConnected || this.#isAnsweredByQuorum(state);
    this.#beginRound(state);
    this.#considerEarly(state);
  }

  tick(state: ZabState): void {
    this.#ticksToRound -= 1;
    if (this.#ticksToRound <= 0) {
      this.#isConnected = this.#isAnsweredByQuorum(state);
      if (state.role.kind === "looking") this.#decide(state);
      this.#beginRound(state);
    }
    const { role } = state;
    if (role.kind !== "learning" || role.phase !== "discovery") return;
    if (role.phaseTicks < state.options.voteTicks * 2 || this.#peers.get(role.leader)?.state === "leading") return;
    request(state, { to: "looking", reason: `${role.leader} has not begun to lead` });
  }

  receive(state: ZabState, from: NodeId, message: ElectionMessage): void {
    // A peer that cannot be answered must not sway this one.
    if (message.kind !== "heartbeat" || !state.links.has(from)) return;
    if (message.fresh) state.fresh.add(from);
    else state.fresh.delete(from);
    this.#peers.set(from, message);
    if (!message.isAnswer) this.#send(state, from, { round: message.round, isAnswer: true });
    else if (message.round === this.#round) this.#onAnswer(state, from, message);
    const { role } = state;
    if (role.kind === "looking") {
      considerFirstStart(state);
      this.#considerEarly(state);
    } else if (role.kind === "learning") {
      const hasJoinedAnother = message.state === "following" || message.state === "observing";
      if (role.phase !== "discovery" || role.leader !== from || !hasJoinedAnother) return;
      request(state, { to: "looking", reason: `${from} follows another` });
    } else if (role.phase === "discovery" && message.state === "leading") {
      // Two that gather promises would only take them from each other.
      const own = { node: state.id, epoch: state.epochs.current, zxid: state.log.end };
      if (!message.settled && !isBetter({ ...message, node: from }, own)) return;
      request(state, { to: "looking", reason: `${from} leads` });
    }
  }

  ask(state: ZabState, peer: NodeId): void {
    this.#send(state, peer, { round: this.#round, isAnswer: false });
  }

  askAll(state: ZabState): void {
    for (const peer of state.links.keys()) this.ask(state, peer);
  }

  linkDown(state: ZabState, peer: NodeId): void {
    state.fresh.delete(peer);
    this.#peers.delete(peer);
    this.#answered.delete(peer);
  }

  /** A vote counts from when it is durable: else the others promise, this one crashes, and is new again (SEED=2699). */
  #isTrusted(state: ZabState): boolean {
    return state.epochs.voting && state.durableToken >= this.#voteToken;
  }

  /** Whether it may lead. */
  #mayLead(state: ZabState): boolean {
    return mayLead(state) && this.#isTrusted(state);
  }

  #beginRound(state: ZabState): void {
    this.#round += 1;
    this.#answered.clear();
    this.#ticksToRound = state.options.voteTicks;
    this.askAll(state);
  }

  #onAnswer(state: ZabState, from: NodeId, message: Heartbeat): void {
    if (!message.voting) return;
    this.#answered.add(from);
    if (this.#isConnected || !this.#isAnsweredByQuorum(state)) return;
    this.#isConnected = true;
    // The others wait for candidates: they should not have to ask first.
    if (state.role.kind === "looking") this.#beginRound(state);
  }

  #isAnsweredByQuorum(state: ZabState): boolean {
    return this.#mayLead(state) && electorateOf(state).quorum.isQuorum(new Set([state.id, ...this.#answered]));
  }

  #send(state: ZabState, to: NodeId, kind: Pick<Heartbeat, "round" | "isAnswer">): void {
    if (!state.links.has(to)) return;
    const { role } = state;
    const message: Heartbeat = {
      kind: "heartbeat",
      ...kind,
      state: memberState(state),
      settled: role.kind !== "looking" && role.phase === "broadcast",
      connected: this.#isConnected,
      zxid: state.log.end,
      epoch: state.epochs.current,
      voting: this.#isTrusted(state),
      electable: this.#mayLead(state),
      fresh: isFresh(state),
    };
    // It promises nothing, and so waits for no write.
    state.out.send({ to, link: undefined, message, after: 0 });
  }

  /** When every linked voter has answered there is nobody left to wait for. */
  #considerEarly(state: ZabState): void {
    if (state.next !== undefined) return;
    const linked = [...electorateOf(state).voters].filter((voter) => state.links.has(voter));
    const hasAll = linked.every((voter) => this.#answered.has(voter) || this.#peers.get(voter)?.voting === false);
    if (this.#mayLead(state) ? this.#isConnected && hasAll : [...this.#peers.values()].some(isLeading))
      this.#decide(state);
  }

  /** Whoever leads; else, of those that a quorum answers, the one that has the least to take over. */
  #decide(state: ZabState): void {
    const isOwnVote = this.#mayLead(state);
    let best: Candidate | undefined;
    let isBestLeading = false;
    if (isOwnVote && this.#isConnected) best = { node: state.id, epoch: state.epochs.current, zxid: state.log.end };
    for (const [node, peer] of this.#peers) {
      if (!peer.electable || !state.links.has(node)) continue;
      const leads = isLeading(peer);
      const isCandidate =
        leads || (state.epochs.voting && peer.state === "looking" && peer.connected && this.#answered.has(node));
      if (!isCandidate || (isBestLeading && !leads)) continue;
      const candidate: Candidate = { node, epoch: peer.epoch, zxid: peer.zxid };
      if (best !== undefined && isBestLeading === leads && !isBetter(candidate, best)) continue;
      best = candidate;
      isBestLeading = leads;
    }
    if (best === undefined) return;
    if (best.node === state.id) request(state, { to: "leading" });
    else request(state, { to: "learning", leader: best.node });
  }
}

function isLeading(peer: Heartbeat): boolean {
  return peer.state === "leading";
}

function isBetter(left: Candidate, right: Candidate): boolean {
  if (left.epoch !== right.epoch) return left.epoch > right.epoch;
  if (left.zxid !== right.zxid) return left.zxid > right.zxid;
  return left.node > right.node;
}
