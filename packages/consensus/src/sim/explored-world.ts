import { assert } from "@tutti/stdx";
import type { Send } from "../core/effects.ts";
import type { Entry, NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus, Input, ReplicaCore } from "../core/replica-core.ts";
import { epochOf, formatZxid, type Zxid } from "../core/zxid.ts";
import { nextBallot } from "../core/paxos/ballot-number.ts";
import { createVariantCore } from "../core/zab/zab-core.ts";
import { beginLooking, enter, request, type Variant } from "../core/zab/zab-state.ts";
import type { PlantedFault, VariantProtocol } from "./faults.ts";
import { createRecordDisk, type RecordDisk } from "./record-disk.ts";

/** One choice. Those without effect on each other lead to the same state in either order. */
export type Action =
  /** These find a leader, or start again and find one, and go through discovery with it. */
  | { readonly kind: "elect"; readonly leader: NodeId; readonly followers: readonly NodeId[] }
  | { readonly kind: "join"; readonly leader: NodeId; readonly follower: NodeId }
  /** The oldest message on its way from one to the other arrives. */
  | { readonly kind: "deliver"; readonly from: NodeId; readonly to: NodeId }
  /** Everything that this node asked its disk to write is there. */
  | { readonly kind: "flush"; readonly node: NodeId }
  /** The first `kept` of the writes under way survive. */
  | { readonly kind: "crash"; readonly node: NodeId; readonly kept: number }
  | { readonly kind: "cut"; readonly left: NodeId; readonly right: NodeId }
  | { readonly kind: "propose"; readonly node: NodeId };

export interface Bounds {
  readonly servers: number;
  /** Whether each write may be late, and lost in a crash. Else it is made at once, which leaves far fewer states. */
  readonly lateWrites: boolean;
  readonly proposals: number;
  readonly crashes: number;
  readonly cuts: number;
  readonly elections: number;
  readonly joins: number;
}

/** A property that does not hold. */
export class Violation extends Error {}

interface Actor {
  readonly id: NodeId;
  readonly disk: RecordDisk;
  core: ReplicaCore<ReplicaMessage> | undefined;
  durable: number;
  held: Send<ReplicaMessage>[];
  /** How many entries its machine has applied in this life, and the last of them. */
  applied: number;
  appliedEnd: Zxid;
  follows: NodeId | undefined;
  proposals: number;
  /** Two sums over all that it went through: a core is deterministic, so they stand for its state. */
  low: number;
  high: number;
}

interface Link {
  readonly number: number;
  isUp: boolean;
}

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

const variants: Readonly<Record<VariantProtocol, Variant>> = {
  zab: decidedElection,
  paxos: { ...decidedElection, nextEpoch: nextBallot, adoptsHistory: true },
};

/** A few real cores with record disks and FIFO links, moved by actions alone. */
export class ExploredWorld {
  readonly #protocol: VariantProtocol;
  readonly #fault: PlantedFault | undefined;
  readonly #actors: readonly Actor[];
  readonly #links: Map<string, Link> = new Map<string, Link>();
  readonly #wires: Map<string, ReplicaMessage[]> = new Map<string, ReplicaMessage[]>();
  /** What was applied anywhere, in order. */
  readonly #history: Entry[] = [];
  readonly #leaders: Map<number, NodeId> = new Map<number, NodeId>();
  readonly #lateWrites: boolean;
  readonly #left: { crashes: number; cuts: number; elections: number; joins: number; proposals: number };

  constructor(protocol: VariantProtocol, bounds: Bounds, fault: PlantedFault | undefined) {
    this.#protocol = protocol;
    this.#fault = fault;
    const { lateWrites, servers: _servers, ...left } = bounds;
    this.#lateWrites = lateWrites;
    this.#left = left;
    this.#actors = Array.from({ length: bounds.servers }, (_, index) => ({
      id: index + 1,
      disk: createRecordDisk({ voting: true, retainedEntriesMax: 1000 }),
      core: undefined,
      durable: 0,
      held: [],
      applied: 0,
      appliedEnd: 0n,
      follows: undefined,
      proposals: 0,
      low: index,
      high: index,
    }));
    for (const actor of this.#actors) this.#start(actor);
  }

  /** What distinguishes this state from others that are reached within the same bounds: 53 bits. */
  get fingerprint(): number {
    let [low, high] = [0, 0];
    for (const actor of this.#actors) {
      low = mix(mix(low, actor.low), 17);
      high = mix(mix(high, actor.high), 29);
    }
    return (low >>> 0) * 0x20_0000 + (high >>> 11);
  }

  actions(): Action[] {
    const actions: Action[] = [];
    for (const [route, wire] of this.#wires) {
      if (wire.length === 0) continue;
      const [from = 0, to = 0] = route.split(">").map(Number);
      actions.push({ kind: "deliver", from, to });
    }
    for (const { id: node, core, disk } of this.#actors) {
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
      for (const [pair, { isUp }] of this.#links) {
        const [left = 0, right = 0] = pair.split("-").map(Number);
        if (isUp && left < right) actions.push({ kind: "cut", left, right });
      }
    }
    this.#pushElections(actions);
    return actions;
  }

  #pushElections(actions: Action[]): void {
    const free = this.#actors.filter((actor) => this.#isFree(actor));
    if (this.#left.joins > 0) {
      for (const leader of this.#actors) {
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
      if (group.length * 2 <= this.#actors.length) continue;
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
    const following = this.#actors.filter(
      (other) => other.follows === actor.id && other.core !== undefined && other.core.status().role !== "looking",
    );
    return (following.length + 1) * 2 <= this.#actors.length;
  }

  act(action: Action): void {
    switch (action.kind) {
      case "elect":
        this.#left.elections -= 1;
        return this.#elect(action.leader, action.followers);
      case "join":
        this.#left.joins -= 1;
        return this.#meet(action.leader, [action.follower]);
      case "deliver":
        return this.#deliver(action.from, action.to);
      case "flush":
        return this.#flush(this.#actor(action.node));
      case "crash":
        this.#left.crashes -= 1;
        return this.#crash(this.#actor(action.node), action.kept);
      case "cut":
        this.#left.cuts -= 1;
        return this.#cut(action.left, action.right);
      case "propose": {
        this.#left.proposals -= 1;
        const actor = this.#actor(action.node);
        actor.proposals += 1;
        const sequence = actor.proposals;
        const named = { client: BigInt(actor.id), sequence, payload: new Uint8Array(0) };
        return this.#step(actor, { kind: "propose", proposal: sequence, ...named }, "propose");
      }
    }
  }

  #actor(id: NodeId): Actor {
    const actor = this.#actors[id - 1];
    assert(actor !== undefined, `${id} is a server`);
    return actor;
  }

  #start(actor: Actor): void {
    const hooks = {
      prepare: (given: { payload: Uint8Array }) => ({ kind: "txn" as const, payload: given.payload }),
      leadershipLost: () => undefined,
      reported: () => undefined,
    };
    const members = { voters: this.#actors.map(({ id }) => id), observers: [] };
    Object.assign(actor, { durable: 0, held: [], applied: 0, appliedEnd: 0n, follows: undefined });
    const variant = variants[this.#protocol];
    const numbered = this.#fault?.nextEpoch === undefined ? variant : { ...variant, nextEpoch: this.#fault.nextEpoch };
    actor.core = createVariantCore({ id: actor.id, members, recovered: actor.disk.recover(), hooks }, numbered);
    remember(actor, "start");
    this.#perform(actor);
  }

  #crash(actor: Actor, kept: number): void {
    for (const other of this.#actors) this.#cut(actor.id, other.id);
    actor.core = undefined;
    let isFirst = true;
    const nextBelow = (): number => {
      const chosen = isFirst ? kept : 0;
      isFirst = false;
      return chosen;
    };
    actor.disk.crash({ nextUint32: () => 0, nextUnit: () => 0, nextBelow });
    remember(actor, `crash ${kept}`);
  }

  #cut(left: NodeId, right: NodeId): void {
    const link = this.#links.get(`${left}-${right}`);
    if (link?.isUp !== true) return;
    link.isUp = false;
    this.#wires.delete(`${left}>${right}`);
    this.#wires.delete(`${right}>${left}`);
    const { number } = link;
    this.#step(this.#actor(left), { kind: "linkDown", peer: right, link: number }, `down ${right}`);
    this.#step(this.#actor(right), { kind: "linkDown", peer: left, link: number }, `down ${left}`);
  }

  /** A new attempt has a new connection, as in Apache: what was on its way over the old one is lost. */
  #relink(left: NodeId, right: NodeId): void {
    this.#cut(left, right);
    const number = (this.#links.get(`${left}-${right}`)?.number ?? 0) + 1;
    const link: Link = { number, isUp: true };
    this.#links.set(`${left}-${right}`, link).set(`${right}-${left}`, link);
    this.#step(this.#actor(left), { kind: "linkUp", peer: right, link: number }, `up ${right}`);
    this.#step(this.#actor(right), { kind: "linkUp", peer: left, link: number }, `up ${left}`);
  }

  #elect(leader: NodeId, followers: readonly NodeId[]): void {
    const actor = this.#actor(leader);
    if (actor.core === undefined) this.#start(actor);
    else if (actor.core.status().role !== "looking") this.#tell(actor, 0);
    this.#flush(actor);
    this.#tell(actor, leader);
    this.#meet(leader, followers);
  }

  /** Discovery without choices: everything that belongs to it arrives and is written at once. */
  #meet(leader: NodeId, followers: readonly NodeId[]): void {
    for (const id of followers) {
      const actor = this.#actor(id);
      if (actor.core === undefined) this.#start(actor);
      else if (actor.core.status().role !== "looking") this.#tell(actor, 0);
      this.#flush(actor);
      this.#relink(leader, id);
      actor.follows = leader;
      this.#tell(actor, leader);
    }
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const id of followers) {
        for (const [from, to] of [[id, leader] as const, [leader, id] as const]) {
          this.#flush(this.#actor(from));
          for (
            let head = this.#head(from, to);
            head !== undefined && discoveryKinds.has(head.kind);
            head = this.#head(from, to)
          ) {
            this.#deliver(from, to);
            isMoving = true;
          }
        }
      }
    }
  }

  #tell(actor: Actor, leader: NodeId): void {
    const known = { state: "looking", zxid: 0n, epoch: 0, round: 0, voting: true, fresh: false } as const;
    const message: ReplicaMessage = { kind: "notification", leader, configuration: undefined, ...known };
    this.#step(actor, { kind: "message", from: actor.id, link: 0, message }, `leader ${leader}`);
  }

  #head(from: NodeId, to: NodeId): ReplicaMessage | undefined {
    return this.#wires.get(`${from}>${to}`)?.[0];
  }

  #deliver(from: NodeId, to: NodeId): void {
    const link = this.#links.get(`${from}-${to}`);
    const message = this.#wires.get(`${from}>${to}`)?.shift();
    if (message === undefined || link?.isUp !== true) return;
    this.#step(this.#actor(to), { kind: "message", from, link: link.number, message }, `from ${from}`);
  }

  #flush(actor: Actor): void {
    const token = actor.disk.complete(actor.disk.begin());
    if (token === undefined) return;
    actor.durable = token;
    this.#step(actor, { kind: "persisted", token }, `persisted ${token}`);
  }

  #step(actor: Actor, input: Input<ReplicaMessage>, what: string): void {
    if (actor.core === undefined) return;
    remember(actor, what);
    actor.core.step(input);
    this.#perform(actor);
    if (!this.#lateWrites) this.#flush(actor);
  }

  #perform(actor: Actor): void {
    const { core } = actor;
    if (core === undefined) return;
    const effects = core.effects();
    if (effects.fatal !== undefined) throw new Violation(`${actor.id} stops: ${effects.fatal.detail}`);
    for (const write of effects.writes) actor.disk.submit(write);
    const distort = this.#fault?.send;
    for (const send of effects.sends) {
      actor.held.push(distort?.(send, { id: actor.id, status: core.status(), applied: actor.appliedEnd }) ?? send);
    }
    this.#release(actor);
    for (const apply of effects.applies) {
      assert(apply.kind === "commit", "without snapshots nothing is restored");
      this.#apply(actor, apply.entry);
    }
    this.#checkLeader(core.status());
    if (effects.applies.length === 0) return;
    core.step({ kind: "applied", position: actor.appliedEnd });
    this.#perform(actor);
  }

  #release(actor: Actor): void {
    const ready = actor.held.filter((send) => send.after <= actor.durable);
    actor.held = actor.held.filter((send) => send.after > actor.durable);
    for (const { to, link, message } of ready) {
      const present = this.#links.get(`${actor.id}-${to}`);
      if (present?.isUp !== true || (link !== undefined && link !== present.number)) continue;
      const route = `${actor.id}>${to}`;
      const wire = this.#wires.get(route);
      if (wire === undefined) this.#wires.set(route, [message]);
      else wire.push(message);
    }
  }

  /** All apply the same entries in the same order, in every life. */
  #apply(actor: Actor, entry: Entry): void {
    const known = this.#history[actor.applied];
    if (known === undefined) this.#history.push(entry);
    else if (!isSame(known, entry)) {
      throw new Violation(`${actor.id} applies ${nameOf(entry)} where ${nameOf(known)} was applied`);
    }
    actor.applied += 1;
    actor.appliedEnd = entry.zxid;
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

function remember(actor: Actor, what: string): void {
  for (let index = 0; index < what.length; index += 1) {
    const code = what.charCodeAt(index);
    actor.low = mix(actor.low, code);
    actor.high = mix(actor.high, code + 0x9e37);
  }
  actor.low = mix(actor.low, 0x1f);
  actor.high = mix(actor.high, 0x2f);
}

/** One round of Murmur3. */
function mix(sum: number, value: number): number {
  let part = Math.imul(value, 0xcc9e_2d51);
  part = Math.imul((part << 15) | (part >>> 17), 0x1b87_3593);
  const mixed = sum ^ part;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0;
}
