import { assert } from "@tutti/stdx";
import type { Apply, Send } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus, Input, ReplicaCore } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";
import type { RecordDisk } from "./record-disk.ts";

/** A property that does not hold. */
export class Violation extends Error {}

/** One server: a core while it runs, and its disk. */
export interface Actor {
  readonly id: NodeId;
  readonly disk: RecordDisk;
  core: ReplicaCore<ReplicaMessage> | undefined;
  durable: number;
  held: Send<ReplicaMessage>[];
  /** How many entries its machine has applied in this life, and the last of them. */
  applied: number;
  appliedEnd: Zxid;
  proposals: number;
  /** Two sums over all that it went through: a core is deterministic, so they stand for its state. */
  low: number;
  high: number;
}

interface Link {
  readonly number: number;
  isUp: boolean;
}

/** What a protocol adds: its core, and what is to be seen of it. */
export interface ExploredProtocol {
  readonly servers: number;
  readonly lateWrites: boolean;
  createDisk(id: NodeId): RecordDisk;
  createCore(actor: Actor): ReplicaCore<ReplicaMessage>;
  /** What is sent in place of it; undefined, and it is lost. */
  sent(actor: Actor, send: Send<ReplicaMessage>): Send<ReplicaMessage> | undefined;
  /** It leaves now: what it waited for is on the disk. */
  left(actor: Actor, send: Send<ReplicaMessage>): void;
  applied(actor: Actor, apply: Extract<Apply, { readonly kind: "commit" }>): void;
  stepped(actor: Actor, status: CoreStatus): void;
}

/** A few real cores with record disks and FIFO links, moved by what they are told alone. */
export class ExploredEnsemble {
  readonly actors: readonly Actor[];
  readonly #protocol: ExploredProtocol;
  readonly #links: Map<string, Link> = new Map<string, Link>();
  readonly #wires: Map<string, ReplicaMessage[]> = new Map<string, ReplicaMessage[]>();

  constructor(protocol: ExploredProtocol) {
    this.#protocol = protocol;
    this.actors = Array.from({ length: protocol.servers }, (_, index) => ({
      id: index + 1,
      disk: protocol.createDisk(index + 1),
      core: undefined,
      durable: 0,
      held: [],
      applied: 0,
      appliedEnd: 0n,
      proposals: 0,
      low: index,
      high: index,
    }));
  }

  /** What distinguishes this state from others that are reached within the same bounds: 53 bits. */
  get fingerprint(): number {
    let [low, high] = [0, 0];
    for (const actor of this.actors) {
      low = mix(mix(low, actor.low), 17);
      high = mix(mix(high, actor.high), 29);
    }
    return (low >>> 0) * 0x20_0000 + (high >>> 11);
  }

  /** Routes on which a message is on its way. */
  *busyRoutes(): Iterable<readonly [from: NodeId, to: NodeId]> {
    for (const [route, wire] of this.#wires) {
      if (wire.length === 0) continue;
      const [from = 0, to = 0] = route.split(">").map(Number);
      yield [from, to];
    }
  }

  /** Pairs whose link is up, each once. */
  *linkedPairs(): Iterable<readonly [left: NodeId, right: NodeId]> {
    for (const [pair, { isUp }] of this.#links) {
      const [left = 0, right = 0] = pair.split("-").map(Number);
      if (isUp && left < right) yield [left, right];
    }
  }

  actor(id: NodeId): Actor {
    const actor = this.actors[id - 1];
    assert(actor !== undefined, `${id} is a server`);
    return actor;
  }

  start(actor: Actor): void {
    Object.assign(actor, { durable: 0, held: [], applied: 0, appliedEnd: 0n });
    actor.core = this.#protocol.createCore(actor);
    remember(actor, "start");
    this.#perform(actor);
  }

  crash(actor: Actor, kept: number): void {
    for (const other of this.actors) this.cut(actor.id, other.id);
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

  cut(left: NodeId, right: NodeId): void {
    const link = this.#links.get(`${left}-${right}`);
    if (link?.isUp !== true) return;
    link.isUp = false;
    this.#wires.delete(`${left}>${right}`);
    this.#wires.delete(`${right}>${left}`);
    const { number } = link;
    this.step(this.actor(left), { kind: "linkDown", peer: right, link: number }, `down ${right}`);
    this.step(this.actor(right), { kind: "linkDown", peer: left, link: number }, `down ${left}`);
  }

  /** A new attempt has a new connection, as in Apache: what was on its way over the old one is lost. */
  relink(left: NodeId, right: NodeId): void {
    this.cut(left, right);
    const number = this.linkNumber(left, right) + 1;
    const link: Link = { number, isUp: true };
    this.#links.set(`${left}-${right}`, link).set(`${right}-${left}`, link);
    this.step(this.actor(left), { kind: "linkUp", peer: right, link: number }, `up ${right}`);
    this.step(this.actor(right), { kind: "linkUp", peer: left, link: number }, `up ${left}`);
  }

  linkNumber(left: NodeId, right: NodeId): number {
    return this.#links.get(`${left}-${right}`)?.number ?? 0;
  }

  head(from: NodeId, to: NodeId): ReplicaMessage | undefined {
    return this.#wires.get(`${from}>${to}`)?.[0];
  }

  /** The oldest message on its way from one to the other arrives. */
  deliver(from: NodeId, to: NodeId): void {
    const link = this.#links.get(`${from}-${to}`);
    const message = this.#wires.get(`${from}>${to}`)?.shift();
    if (message === undefined || link?.isUp !== true) return;
    this.step(this.actor(to), { kind: "message", from, link: link.number, message }, `from ${from}`);
  }

  /** Delivers at once, between these pairs, whatever is of one of these kinds and stands first on its route. */
  deliverAll(pairs: readonly (readonly [NodeId, NodeId])[], kinds: ReadonlySet<string>): void {
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const [from, to] of pairs) {
        this.flush(this.actor(from));
        for (let head = this.head(from, to); head !== undefined && kinds.has(head.kind); head = this.head(from, to)) {
          this.deliver(from, to);
          isMoving = true;
        }
      }
    }
  }

  flush(actor: Actor): void {
    const token = actor.disk.complete(actor.disk.begin());
    if (token === undefined) return;
    actor.durable = token;
    this.step(actor, { kind: "persisted", token }, `persisted ${token}`);
  }

  propose(actor: Actor): void {
    actor.proposals += 1;
    const sequence = actor.proposals;
    const named = { client: BigInt(actor.id), sequence, payload: new Uint8Array(0) };
    this.step(actor, { kind: "propose", proposal: sequence, ...named }, "propose");
  }

  step(actor: Actor, input: Input<ReplicaMessage>, what: string): void {
    if (actor.core === undefined) return;
    remember(actor, what);
    actor.core.step(input);
    this.#perform(actor);
    if (!this.#protocol.lateWrites) this.flush(actor);
  }

  #perform(actor: Actor): void {
    const { core } = actor;
    if (core === undefined) return;
    const effects = core.effects();
    if (effects.fatal !== undefined) throw new Violation(`${actor.id} stops: ${effects.fatal.detail}`);
    for (const write of effects.writes) actor.disk.submit(write);
    for (const send of effects.sends) {
      const sent = this.#protocol.sent(actor, send);
      if (sent !== undefined) actor.held.push(sent);
    }
    this.#release(actor);
    for (const apply of effects.applies) {
      assert(apply.kind === "commit", "without snapshots nothing is restored");
      this.#protocol.applied(actor, apply);
      actor.applied += 1;
      actor.appliedEnd = apply.entry.zxid;
    }
    this.#protocol.stepped(actor, core.status());
    if (effects.applies.length === 0) return;
    core.step({ kind: "applied", position: actor.appliedEnd });
    this.#perform(actor);
  }

  #release(actor: Actor): void {
    const ready = actor.held.filter((send) => send.after <= actor.durable);
    actor.held = actor.held.filter((send) => send.after > actor.durable);
    for (const send of ready) {
      const { to, link, message } = send;
      const present = this.#links.get(`${actor.id}-${to}`);
      if (present?.isUp !== true || (link !== undefined && link !== present.number)) continue;
      this.#protocol.left(actor, send);
      const route = `${actor.id}>${to}`;
      const wire = this.#wires.get(route);
      if (wire === undefined) this.#wires.set(route, [message]);
      else wire.push(message);
    }
  }
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
