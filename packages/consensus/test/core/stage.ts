import { assert } from "@tutti/stdx";
import { createZabCore, type ZabCoreOptions } from "../../src/core/zab/zab-core.ts";
import type { Members } from "../../src/core/configuration.ts";
import type { Send } from "../../src/core/effects.ts";
import type { ProposalRequest } from "../../src/core/entry.ts";
import type { ReplicaMessage } from "../../src/core/messages.ts";
import type { CoreStatus, Input, MembershipView, Prepared, ReplicaCore } from "../../src/core/replica-core.ts";
import { formatZxid, type Zxid } from "../../src/core/zxid.ts";
import { prepareChange } from "../../src/driver/change-members.ts";
import { createRecordDisk, type RecordDisk } from "../../src/sim/record-disk.ts";

interface Actor {
  readonly disk: RecordDisk;
  core: ReplicaCore<ReplicaMessage> | undefined;
  durable: number;
  held: Send<ReplicaMessage>[];
  applied: string[];
  outcomes: string[];
  events: string[];
  writesHeld: boolean;
}

/** All protocols begin with the same. */
export type CreateCore = (options: Omit<ZabCoreOptions, "zab">) => ReplicaCore<ReplicaMessage>;

export interface StageOptions {
  readonly retainedEntriesMax?: number;
  /** False: every disk is empty, as before the first start of an ensemble. */
  readonly voting?: boolean;
  readonly observers?: readonly number[];
  /** They are started with the others, and nothing names them a member. */
  readonly guests?: readonly number[];
}

/**
 * Cores on a stage, moved by hand: every message is delivered, every write completed, only when the script says so.
 * For the historic bugs, whose stories are sequences of exact steps.
 */
export class Stage {
  readonly #actors: Map<number, Actor> = new Map<number, Actor>();
  readonly #members: Members;
  #wire: { readonly from: number; readonly to: number; readonly link: number; readonly message: ReplicaMessage }[] = [];
  readonly #links: Map<string, number> = new Map<string, number>();
  #linkCount = 0;
  #proposals = 0;

  /** How many of each kind have left since they were taken. */
  #left: Map<string, number> = new Map<string, number>();
  readonly #createCore: CreateCore;
  #isLost: (message: ReplicaMessage, from: number, to: number) => boolean = () => false;

  constructor(
    voters: readonly number[],
    createCore: CreateCore = createZabCore,
    { retainedEntriesMax = 1000, voting = true, observers = [], guests = [] }: StageOptions = {},
  ) {
    this.#members = { voters, observers };
    this.#createCore = createCore;
    for (const id of [...voters, ...observers, ...guests]) {
      const disk = createRecordDisk({ voting, retainedEntriesMax });
      this.#actors.set(id, {
        disk,
        core: undefined,
        durable: 0,
        held: [],
        applied: [],
        outcomes: [],
        events: [],
        writesHeld: false,
      });
    }
  }

  #actor(id: number): Actor {
    const actor = this.#actors.get(id);
    assert(actor !== undefined, `${id} is on the stage`);
    return actor;
  }

  #step(id: number, input: Input<ReplicaMessage>): void {
    this.#actor(id).core?.step(input);
    this.#perform(id);
  }

  #perform(id: number): void {
    const actor = this.#actor(id);
    const { core, disk } = actor;
    if (core === undefined) return;
    const effects = core.effects();
    assert(effects.fatal === undefined, `replica ${id} goes on: ${effects.fatal?.detail}`);
    for (const write of effects.writes) disk.submit(write);
    actor.held.push(...effects.sends);
    let last: Zxid | undefined;
    for (const apply of effects.applies) {
      if (apply.kind === "commit") {
        last = apply.entry.zxid;
        actor.applied.push(formatZxid(last));
      } else {
        last = apply.snapshot.position;
        actor.applied.push(`${formatZxid(last)}[${apply.snapshot.chunks.join(" ")}]`);
      }
    }
    for (const event of effects.events) {
      actor.events.push(
        event.kind === "role" ? `${event.from} > ${event.to}` : `leader ${event.leader ?? "none"} in ${event.epoch}`,
      );
    }
    for (const outcome of effects.outcomes) actor.outcomes.push(outcome.kind);
    if (!actor.writesHeld) this.#completeWrites(id);
    const ready = actor.held.filter((send) => send.after <= actor.durable);
    actor.held = actor.held.filter((send) => send.after > actor.durable);
    for (const { to, link, message } of ready) {
      const present = this.#links.get(`${id}>${to}`);
      if (present === undefined || (link !== undefined && link !== present)) continue;
      this.#left.set(message.kind, (this.#left.get(message.kind) ?? 0) + 1);
      if (!this.#isLost(message, id, to)) this.#wire.push({ from: id, to, link: present, message });
    }
    if (last !== undefined) this.#step(id, { kind: "applied", position: last });
  }

  #completeWrites(id: number): void {
    const actor = this.#actor(id);
    const token = actor.disk.complete(actor.disk.begin());
    if (token === undefined) return;
    actor.durable = token;
    this.#step(id, { kind: "persisted", token });
  }

  /** Delivers the oldest message that `pick` chooses; false when there is none. */
  deliver(pick: (message: ReplicaMessage, from: number, to: number) => boolean = () => true): boolean {
    const index = this.#wire.findIndex(({ message, from, to }) => pick(message, from, to));
    const [sent] = index < 0 ? [] : this.#wire.splice(index, 1);
    if (sent === undefined) return false;
    const { from, to, link, message } = sent;
    if (this.#links.get(`${to}>${from}`) === link) this.#step(to, { kind: "message", from, link, message });
    return true;
  }

  /** Delivers everything that comes up until nothing is under way, letting time pass when it is quiet. */
  settle(ticks: number = 12): void {
    for (let tick = 0; tick < ticks; tick += 1) {
      for (let guard = 0; this.deliver(); guard += 1) assert(guard < 10_000, "a conversation ends");
      for (const id of this.#actors.keys()) this.#step(id, { kind: "tick" });
    }
    while (this.deliver());
  }

  start(...ids: readonly number[]): void {
    for (const id of ids) {
      const actor = this.#actor(id);
      const hooks = {
        prepare: ({ payload, members }: ProposalRequest, _position: Zxid, view: MembershipView): Prepared =>
          members === undefined ? { kind: "txn", payload } : prepareChange(members, view),
        leadershipLost: () => undefined,
        reported: () => undefined,
      };
      Object.assign(actor, { durable: 0, held: [], applied: [], outcomes: [], events: [], writesHeld: false });
      actor.core = this.#createCore({ id, members: this.#members, recovered: actor.disk.recover(), hooks });
      this.#perform(id);
      for (const [other, { core }] of this.#actors) if (other !== id && core !== undefined) this.link(id, other);
    }
  }

  /** The process dies; of what its disk was asked to write, nothing more arrives. */
  crash(...ids: readonly number[]): void {
    for (const id of ids) {
      const actor = this.#actor(id);
      actor.core = undefined;
      actor.disk.crash({ nextUint32: () => 0, nextUnit: () => 0, nextBelow: () => 0 });
      for (const other of this.#actors.keys()) if (other !== id) this.cut(id, other);
    }
  }

  link(left: number, right: number): void {
    this.#linkCount += 1;
    const link = this.#linkCount;
    this.#links.set(`${left}>${right}`, link).set(`${right}>${left}`, link);
    this.#step(left, { kind: "linkUp", peer: right, link });
    this.#step(right, { kind: "linkUp", peer: left, link });
  }

  cut(left: number, right: number): void {
    const link = this.#links.get(`${left}>${right}`);
    if (link === undefined) return;
    this.#links.delete(`${left}>${right}`);
    this.#links.delete(`${right}>${left}`);
    this.#wire = this.#wire.filter((sent) => sent.link !== link);
    this.#step(left, { kind: "linkDown", peer: right, link });
    this.#step(right, { kind: "linkDown", peer: left, link });
  }

  /** A request for the machine, or for other members. */
  propose(id: number, members?: Members): void {
    this.#proposals += 1;
    const proposal = this.#proposals;
    const request = { client: BigInt(id), sequence: proposal, payload: new Uint8Array(0) };
    const asked = members === undefined ? {} : { members };
    this.#step(id, { kind: "propose", proposal, ...request, ...asked });
  }

  /** From now on these messages leave and do not arrive. */
  lose(isLost: (message: ReplicaMessage, from: number, to: number) => boolean): void {
    this.#isLost = isLost;
  }

  /** The disk is a new one: it has forgotten everything, its vote too. */
  wipe(id: number): void {
    this.crash(id);
    this.#actor(id).disk.wipe();
  }

  /** Lets time pass until all that run are in step with one leader, and says how long it took. */
  settleUntilInStep(ticksMax = 400): number {
    for (let ticks = 0; ticks < ticksMax; ticks += 1) {
      const running = [...this.#actors.keys()].filter((id) => this.#actor(id).core !== undefined);
      const leaders = new Set(running.map((id) => this.status(id).leader));
      if (leaders.size === 1 && !leaders.has(undefined)) return ticks;
      this.settle(1);
    }
    return Number.POSITIVE_INFINITY;
  }

  holdWrites(id: number): void {
    this.#actor(id).writesHeld = true;
  }

  releaseWrites(id: number): void {
    this.#actor(id).writesHeld = false;
    this.#completeWrites(id);
  }

  /** A member that a leader once asked for its promise, which vanished then. */
  promise(id: number, epoch: number): void {
    const { disk } = this.#actor(id);
    disk.submit({ token: 0, write: { kind: "epochs", epochs: { ...disk.image.epochs, accepted: epoch } } });
    disk.complete(1);
  }

  /** The messages that have left since the last call, by kind, in the order of the first of each. */
  takeCosts(): string {
    const costs = [...this.#left].map(([kind, count]) => `${count} ${kind}`);
    this.#left.clear();
    return costs.join(", ");
  }

  /** The machine of this replica gives a snapshot of all that it has applied up to there. */
  saveSnapshot(id: number, position: bigint, bytes: readonly number[] = []): void {
    const chunks = bytes.map((byte) => Uint8Array.of(byte));
    this.#step(id, { kind: "snapshot", snapshot: { position, chunks } });
  }

  get wire(): readonly string[] {
    return this.#wire.map(({ from, to, message }) => `${from}>${to} ${message.kind}`);
  }

  status(id: number): CoreStatus {
    const { core } = this.#actor(id);
    assert(core !== undefined, `${id} is running`);
    return core.status();
  }

  leader(): number | undefined {
    return [...this.#actors.keys()].find((id) => {
      const status = this.#actor(id).core?.status();
      return status?.role === "leading" && status.phase === "broadcast";
    });
  }

  applied(id: number): string {
    return this.#actor(id).applied.join(" ");
  }

  outcomes(id: number): string {
    return this.#actor(id).outcomes.join(" ");
  }

  /** What it told people in this life. */
  events(id: number): readonly string[] {
    return this.#actor(id).events;
  }

  disk(id: number): string {
    const { image } = this.#actor(id).disk;
    const entries = image.entries.map((entry) => formatZxid(entry.zxid));
    return `e${image.epochs.current}/${image.epochs.accepted} ${entries.join(" ")}`.trim();
  }
}
