import type { Entry, NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus, LeaderHooks } from "../core/replica-core.ts";
import { epochOf, formatZxid, type Zxid } from "../core/zxid.ts";
import { nextBallot } from "../core/paxos/ballot-number.ts";
import { createVariantCore } from "../core/zab/zab-core.ts";
import { beginLooking, enter, request, type Variant } from "../core/zab/zab-state.ts";
import { ExploredEnsemble, Violation, type Actor } from "./explored-ensemble.ts";
import type { Action, Bounds, ExploredWorld } from "./explored-world.ts";
import type { PlantedFault, VariantProtocol } from "./faults.ts";
import { createRecordDisk } from "./record-disk.ts";

const discoveryKinds: ReadonlySet<string> = new Set([
  "followerInfo",
  "leaderInfo",
  "ackEpoch",
  "pull",
  "offerCut",
  "offerSnap",
  "offerEntry",
  "offerEnd",
]);

/** The election is decided outside: a notification tells its result, 0 that there is none yet. */
const decidedElection: Variant = {
  startElection: (state) => enter(state, beginLooking()),
  tick: () => undefined,
  receive: (state, _from, message) => {
    if (message.kind !== "notification") return;
    const { leader } = message;
    if (leader === 0) request(state, { to: "looking", reason: "lost touch with the quorum" });
    else if (leader === state.id) request(state, { to: "leading" });
    else request(state, { to: "learning", leader });
  },
  linkUp: () => undefined,
  linkDown: () => undefined,
  announceSettled: () => undefined,
  nextEpoch: (highest) => highest + 1,
  adoptsHistory: false,
};

const hooks: LeaderHooks = {
  prepare: ({ payload }) => ({ kind: "txn", payload }),
  leadershipLost: () => undefined,
  reported: () => undefined,
};

const variants: Readonly<Record<VariantProtocol, Variant>> = {
  zab: decidedElection,
  paxos: { ...decidedElection, nextEpoch: nextBallot, adoptsHistory: true },
};

/** Servers of ZAB or Multi-Paxos: election and discovery are one action. */
export class ExploredZab implements ExploredWorld {
  readonly #protocol: VariantProtocol;
  readonly #ensemble: ExploredEnsemble;
  readonly #follows: Map<NodeId, NodeId> = new Map<NodeId, NodeId>();
  /** What was applied anywhere, in order. */
  readonly #history: Entry[] = [];
  readonly #leaders: Map<number, NodeId> = new Map<number, NodeId>();
  readonly #left: { crashes: number; cuts: number; elections: number; joins: number; proposals: number };

  constructor(protocol: VariantProtocol, bounds: Bounds, fault: PlantedFault | undefined) {
    this.#protocol = protocol;
    const { lateWrites, servers, ...left } = bounds;
    this.#left = left;
    const variant = variants[protocol];
    const numbered = fault?.nextEpoch === undefined ? variant : { ...variant, nextEpoch: fault.nextEpoch };
    const members = { voters: Array.from({ length: servers }, (_, index) => index + 1), observers: [] };
    this.#ensemble = new ExploredEnsemble({
      servers,
      lateWrites,
      createDisk: () => createRecordDisk({ voting: true, retainedEntriesMax: 1000 }),
      createCore: ({ id, disk }) => {
        this.#follows.delete(id);
        return createVariantCore({ id, members, recovered: disk.recover(), hooks }, numbered);
      },
      sent: ({ id, core, appliedEnd }, send) => {
        if (fault?.send === undefined || core === undefined) return send;
        return fault.send(send, { id, status: core.status(), applied: appliedEnd });
      },
      left: () => undefined,
      applied: (actor, { entry }) => this.#apply(actor, entry),
      stepped: (_actor, status) => this.#checkLeader(status),
    });
    for (const actor of this.#ensemble.actors) this.#ensemble.start(actor);
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
    if (this.#left.cuts > 0) {
      for (const [left, right] of this.#ensemble.linkedPairs()) actions.push({ kind: "cut", left, right });
    }
    this.#pushElections(actions);
    return actions;
  }

  #pushElections(actions: Action[]): void {
    const free = this.#ensemble.actors.filter((actor) => this.#isFree(actor));
    if (this.#left.joins > 0) {
      for (const leader of this.#ensemble.actors) {
        const status = leader.core?.status();
        if (status?.role !== "leading" || status.phase === "discovery") continue;
        for (const follower of free) {
          if (follower !== leader) actions.push({ kind: "join", leader: leader.id, follower: follower.id });
        }
      }
    }
    if (this.#left.elections === 0) return;
    for (let set = 1; set < 1 << free.length; set += 1) {
      const group = free.filter((_, index) => (set & (1 << index)) !== 0);
      if (group.length * 2 <= this.#ensemble.actors.length) continue;
      // In ZAB who knows most wins; in Paxos anybody may.
      const winners =
        this.#protocol === "paxos" ? group : [group.reduce((best, one) => (isFitter(one, best) ? one : best))];
      for (const winner of winners) {
        const followers = group.filter((actor) => actor !== winner).map(({ id }) => id);
        actions.push({ kind: "elect", leader: winner.id, followers });
      }
    }
  }

  /** Down, or looking, or leading without a quorum that follows. */
  #isFree(actor: Actor): boolean {
    const status = actor.core?.status();
    if (status === undefined || status.role === "looking") return true;
    if (status.role !== "leading") return false;
    const following = this.#ensemble.actors.filter(
      ({ id, core }) => this.#follows.get(id) === actor.id && core !== undefined && core.status().role !== "looking",
    );
    return (following.length + 1) * 2 <= this.#ensemble.actors.length;
  }

  act(action: Action): void {
    const ensemble = this.#ensemble;
    switch (action.kind) {
      case "elect":
        this.#left.elections -= 1;
        return this.#elect(action.leader, action.followers);
      case "join":
        this.#left.joins -= 1;
        return this.#meet(action.leader, [action.follower]);
      case "deliver":
        return ensemble.deliver(action.from, action.to);
      case "flush":
        return ensemble.flush(ensemble.actor(action.node));
      case "crash":
        this.#left.crashes -= 1;
        return ensemble.crash(ensemble.actor(action.node), action.kept);
      case "cut":
        this.#left.cuts -= 1;
        return ensemble.cut(action.left, action.right);
      case "propose":
        this.#left.proposals -= 1;
        return ensemble.propose(ensemble.actor(action.node));
    }
  }

  #elect(leader: NodeId, followers: readonly NodeId[]): void {
    const actor = this.#ensemble.actor(leader);
    this.#makeLook(actor);
    this.#tell(actor, leader);
    this.#meet(leader, followers);
  }

  /** Discovery without choices: everything that belongs to it arrives and is written at once. */
  #meet(leader: NodeId, followers: readonly NodeId[]): void {
    for (const id of followers) {
      const actor = this.#ensemble.actor(id);
      this.#makeLook(actor);
      this.#ensemble.relink(leader, id);
      this.#follows.set(id, leader);
      this.#tell(actor, leader);
    }
    const pairs = followers.flatMap((id) => [[id, leader] as const, [leader, id] as const]);
    this.#ensemble.deliverAll(pairs, discoveryKinds);
  }

  #makeLook(actor: Actor): void {
    if (actor.core === undefined) this.#ensemble.start(actor);
    else if (actor.core.status().role !== "looking") this.#tell(actor, 0);
    this.#ensemble.flush(actor);
  }

  #tell(actor: Actor, leader: NodeId): void {
    const known = { state: "looking", zxid: 0n, epoch: 0, round: 0, voting: true, fresh: false } as const;
    const message: ReplicaMessage = { kind: "notification", leader, configuration: undefined, ...known };
    this.#ensemble.step(actor, { kind: "message", from: actor.id, link: 0, message }, `leader ${leader}`);
  }

  /** All apply the same entries in the same order, in every life. */
  #apply(actor: Actor, entry: Entry): void {
    const known = this.#history[actor.applied];
    if (known === undefined) this.#history.push(entry);
    else if (!isSame(known, entry)) {
      throw new Violation(`${actor.id} applies ${nameOf(entry)} where ${nameOf(known)} was applied`);
    }
  }

  /** An epoch has one leader, whose log holds all of earlier epochs that was applied. A deposed one may lack later ones. */
  #checkLeader({ id, role, phase, epoch, logged }: CoreStatus): void {
    if (role !== "leading" || phase !== "broadcast") return;
    const other = this.#leaders.get(epoch);
    if (other !== undefined && other !== id) throw new Violation(`${other} and ${id} both lead in epoch ${epoch}`);
    this.#leaders.set(epoch, id);
    const end = this.#history.findLast((entry) => epochOf(entry.zxid) < epoch);
    if (end !== undefined && end.zxid > logged)
      throw new Violation(`leader ${id} lacks ${nameOf(end)}, which was applied`);
  }
}

/** As votes are compared. A server that is down has its disk to speak for it. */
function isFitter(left: Actor, right: Actor): boolean {
  const [a, b] = [fitness(left), fitness(right)];
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  if (a.logged !== b.logged) return a.logged > b.logged;
  return left.id > right.id;
}

function fitness({ core, disk }: Actor): { readonly epoch: number; readonly logged: Zxid } {
  if (core !== undefined) return core.status();
  return { epoch: disk.image.epochs.current, logged: disk.image.entries.at(-1)?.zxid ?? disk.image.base };
}

function isSame(left: Entry, right: Entry): boolean {
  return left.zxid === right.zxid && left.client === right.client && left.sequence === right.sequence;
}

function nameOf(entry: Entry): string {
  return `${formatZxid(entry.zxid)} (request ${entry.sequence} of ${entry.client})`;
}
