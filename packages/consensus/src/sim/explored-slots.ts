import { assert } from "@tutti/stdx";
import type { Send } from "../core/effects.ts";
import { requestKey, type NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { LeaderHooks } from "../core/replica-core.ts";
import { createSlotPaxosCore } from "../core/slot-paxos/slot-paxos-core.ts";
import { ExploredEnsemble, Violation, type Actor } from "./explored-ensemble.ts";
import type { Action, Bounds, ExploredWorld } from "./explored-world.ts";
import { createRecordDisk } from "./record-disk.ts";
import { SlotChecker } from "./slot-checker.ts";

/** Phase 1, and what a candidate fetches and asks until it is over. */
const phase1: ReadonlySet<string> = new Set(["prepare", "promise", "lead", "followed", "ask", "learn", "told"]);

/** Time is a choice: whoever hears a tick has waited too long, and there is never a second round. */
const timing = { silenceTicks: 1, joinTicks: 1, voteTicks: 1000, pingTicks: 1000 };

/**
 * Servers of per-slot Paxos. Phase 1 is one action, with a quorum that is asked for promises; phase 2 is one message at a
 * time, among these. Everybody may be a candidate at any time, and what older leaders said still arrives.
 */
export class ExploredSlots implements ExploredWorld {
  readonly #ensemble: ExploredEnsemble;
  readonly #checker: SlotChecker;
  /** What the machine of each server has applied in this life, by request. */
  readonly #applied: Map<NodeId, Set<string>> = new Map<NodeId, Set<string>>();
  /** The last heartbeat round of each. */
  readonly #rounds: Map<NodeId, number> = new Map<NodeId, number>();
  /** Whom each asked for promises, when it last did. */
  readonly #asked: Map<NodeId, readonly NodeId[]> = new Map<NodeId, readonly NodeId[]>();
  /** Whose phase 1 is under way. */
  #candidate: NodeId = 0;
  readonly #left: { crashes: number; elections: number; proposals: number };

  constructor({ servers, lateWrites, crashes, elections, proposals }: Bounds) {
    this.#left = { crashes, elections, proposals };
    const members = { voters: Array.from({ length: servers }, (_, index) => index + 1), observers: [] };
    this.#checker = new SlotChecker(members, (id) => this.#ensemble.actor(id).disk.image);
    this.#ensemble = new ExploredEnsemble({
      servers,
      lateWrites,
      createDisk: (id) =>
        createRecordDisk({
          voting: true,
          retainedEntriesMax: 1000,
          accepted: (accepted) => this.#checker.accepted(id, accepted),
        }),
      createCore: ({ id, disk }) => {
        const known = new Set<string>();
        this.#applied.set(id, known);
        this.#checker.started(id, 0n);
        const hooks: LeaderHooks = {
          prepare: (made) => (known.has(requestKey(made)) ? { kind: "known" } : { kind: "txn", payload: made.payload }),
          leadershipLost: () => undefined,
          reported: () => undefined,
        };
        return createSlotPaxosCore({ id, members, recovered: disk.recover(), hooks, slotPaxos: timing });
      },
      sent: (actor, send) => (this.#isLost(actor, send) ? undefined : send),
      left: ({ id }, send) => this.#checker.sent(id, send),
      applied: ({ id }, { entry }) => {
        const known = this.#applied.get(id);
        const key = requestKey(entry);
        this.#checker.applied(id, entry, entry.kind === "txn" && known?.has(key) === true);
        if (entry.kind === "txn") known?.add(key);
      },
      stepped: (_actor, status) => this.#checker.status(status),
    });
    for (const actor of this.#ensemble.actors) this.#ensemble.start(actor);
    for (const { id: left } of this.#ensemble.actors) {
      for (const { id: right } of this.#ensemble.actors) if (left < right) this.#ensemble.relink(left, right);
    }
  }

  /** Of what need not arrive only that arrives which belongs to a leader and the quorum that it asked for promises. */
  #isLost({ id, core }: Actor, { to, message }: Send<ReplicaMessage>): boolean {
    switch (message.kind) {
      case "heartbeat":
        if (!message.isAnswer) this.#rounds.set(id, message.round);
        return true;
      case "prepare":
        return this.#candidate !== id || this.#isStranger(id, to);
      case "lead":
        return core?.status().phase !== "discovery" || this.#isStranger(id, to);
      case "accept":
      case "chosen":
        return this.#isStranger(id, to);
      default:
        return false;
    }
  }

  #isStranger(leader: NodeId, member: NodeId): boolean {
    return this.#asked.get(leader)?.includes(member) !== true;
  }

  get fingerprint(): number {
    return this.#ensemble.fingerprint;
  }

  actions(): Action[] {
    const actions: Action[] = [];
    for (const [from, to] of this.#ensemble.busyRoutes()) actions.push({ kind: "deliver", from, to });
    for (const { id: node, core, disk } of this.#ensemble.actors) {
      if (core === undefined) continue;
      if (disk.pendingCount > 0) actions.push({ kind: "flush", node });
      for (let kept = 0; this.#left.crashes > 0 && kept <= disk.pendingCount; kept += 1) {
        actions.push({ kind: "crash", node, kept });
      }
      const { role, phase } = core.status();
      if (this.#left.proposals > 0 && role === "leading" && phase === "broadcast") {
        actions.push({ kind: "propose", node });
      }
    }
    if (this.#left.elections > 0) this.#pushElections(actions);
    return actions;
  }

  #pushElections(actions: Action[]): void {
    const ids = this.#ensemble.actors.map(({ id }) => id);
    for (const leader of ids) {
      const others = ids.filter((id) => id !== leader);
      for (let set = 1; set < 1 << others.length; set += 1) {
        const followers = others.filter((_, index) => (set & (1 << index)) !== 0);
        if (followers.length === Math.floor(ids.length / 2)) actions.push({ kind: "elect", leader, followers });
      }
    }
  }

  /** What the checker or the core itself asserts is a property too. */
  act(action: Action): void {
    try {
      this.#act(action);
    } catch (thrown) {
      throw thrown instanceof Violation ? thrown : new Violation(String(thrown), { cause: thrown });
    }
  }

  #act(action: Action): void {
    const ensemble = this.#ensemble;
    switch (action.kind) {
      case "elect":
        this.#left.elections -= 1;
        return this.#elect(action.leader, action.followers);
      case "deliver":
        return ensemble.deliver(action.from, action.to);
      case "flush":
        return ensemble.flush(ensemble.actor(action.node));
      case "crash":
        this.#left.crashes -= 1;
        return ensemble.crash(ensemble.actor(action.node), action.kept);
      case "propose":
        this.#left.proposals -= 1;
        return ensemble.propose(ensemble.actor(action.node));
      case "join":
      case "cut":
        throw new RangeError(`per-slot Paxos is explored without ${action.kind}`);
    }
  }

  #elect(leader: NodeId, followers: readonly NodeId[]): void {
    const candidate = this.#ensemble.actor(leader);
    for (const id of [leader, ...followers]) this.#begin(this.#ensemble.actor(id));
    for (const follower of followers) this.#ensemble.relink(leader, follower);
    this.#asked.set(leader, followers);
    this.#candidate = leader;
    // A first quorum of answers begins a new round.
    for (let round = 1; round <= 2 && candidate.core?.status().role === "looking"; round += 1) {
      for (const { id, core } of this.#ensemble.actors) {
        if (id !== leader && core !== undefined) this.#answerHeartbeat(candidate, id);
      }
    }
    assert(candidate.core?.status().role === "leading", `${leader} tries to lead`);
    const pairs = followers.flatMap((id) => [[leader, id] as const, [id, leader] as const]);
    this.#ensemble.deliverAll(pairs, phase1);
    this.#candidate = 0;
  }

  /** Starts again, or gives up whom it follows and what it leads. */
  #begin(actor: Actor): void {
    const ensemble = this.#ensemble;
    if (actor.core === undefined) {
      ensemble.start(actor);
      for (const { id, core } of ensemble.actors)
        if (id !== actor.id && core !== undefined) ensemble.relink(actor.id, id);
    } else if (actor.core.status().role !== "looking") {
      ensemble.step(actor, { kind: "tick" }, "tick");
    }
    ensemble.flush(actor);
  }

  #answerHeartbeat(candidate: Actor, from: NodeId): void {
    const message: ReplicaMessage = {
      kind: "heartbeat",
      round: this.#rounds.get(candidate.id) ?? 0,
      isAnswer: true,
      state: "looking",
      settled: false,
      connected: false,
      zxid: 0n,
      epoch: 0,
      voting: true,
      electable: true,
      fresh: false,
    };
    const link = this.#ensemble.linkNumber(candidate.id, from);
    this.#ensemble.step(candidate, { kind: "message", from, link, message }, `answer of ${from}`);
  }
}
