import { assert } from "@tutti/stdx";
import type { AcceptedEntry } from "../../src/core/accepted-entry.ts";
import { changeTo } from "../../src/core/configuration.ts";
import type { Send } from "../../src/core/effects.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { Heartbeat, ReplicaMessage } from "../../src/core/messages.ts";
import type { CoreStatus, Input, LeaderHooks, ReplicaCore } from "../../src/core/replica-core.ts";
import { createSlotPaxosCore } from "../../src/core/slot-paxos/slot-paxos-core.ts";
import type { SlotPaxosOptions } from "../../src/core/slot-paxos/slot-paxos-options.ts";
import { createRecordDisk, type RecordDisk } from "../../src/sim/record-disk.ts";

type Kind = ReplicaMessage["kind"];
type Of<K extends Kind> = Extract<ReplicaMessage, { readonly kind: K }>;

/** The `n`th ballot of a member. */
export function ballotOf(member: number, round: number): number {
  return round * 256 + member;
}

export function entryOf(slot: number, command: string): Entry {
  const payload = new TextEncoder().encode(command);
  return { zxid: BigInt(slot), kind: "txn", client: 9n, sequence: slot, payload };
}

export function commandOf(entry: Entry): string {
  return entry.kind === "noop" ? "no-op" : new TextDecoder().decode(entry.payload);
}

/** One replica of per-slot Paxos whose peers are played by hand: they say what the script says. */
export class SlotRig {
  readonly id: number;
  readonly voters: readonly number[];
  readonly disk: RecordDisk;
  readonly applied: string[] = [];
  readonly outcomes: string[] = [];
  /** The positions at which reads were answered. */
  readonly reads: bigint[] = [];
  /** What it told people, and what was reported to it as a leader. */
  readonly events: string[] = [];
  readonly reported: string[] = [];
  /** How often its machine was told to forget what it had prepared. */
  forgotten = 0;
  /** What it asked its disk for. */
  readonly writes: string[] = [];
  /** Whether it may stop, and why it has. */
  mayStop = false;
  fatal: string | undefined;
  writesHeld = false;
  /** The machine takes its time: that it has applied what it was given is not said. */
  appliesHeld = false;
  /** What its machine makes of a request. */
  prepare: LeaderHooks["prepare"] = ({ payload, members }, _position, { configuration }) =>
    members === undefined
      ? { kind: "txn", payload }
      : { kind: "config", payload, configuration: changeTo(configuration, members) };
  #core: ReplicaCore<ReplicaMessage> | undefined;
  #durable = 0;
  #held: Send<ReplicaMessage>[] = [];
  #sent: { readonly to: number; readonly link: number | undefined; readonly message: ReplicaMessage }[] = [];
  #end = 0n;
  readonly #options: Partial<SlotPaxosOptions>;
  readonly #links: Map<number, number> = new Map<number, number>();
  #initial: readonly number[];
  #observers: readonly number[] = [];
  #proposals = 0;

  constructor(
    id: number,
    voters: readonly number[] = [1, 2, 3],
    { voting = true, ...options }: Partial<SlotPaxosOptions> & { readonly voting?: boolean } = {},
  ) {
    this.id = id;
    this.voters = voters;
    this.#initial = voters;
    this.#options = options;
    this.disk = createRecordDisk({ voting, retainedEntriesMax: 1000 });
  }

  /** These vote at first, and the others observe, or those named; all are linked. */
  only(voters: readonly number[], observers = this.voters.filter((id) => !voters.includes(id))): this {
    this.#initial = voters;
    this.#observers = observers;
    return this;
  }

  /** What the disk holds before the start: accepted slots, and up to where they are known to be chosen. */
  hold(accepted: readonly AcceptedEntry[], chosen: number): this {
    for (const one of accepted) {
      this.disk.image.slots.set(one.entry.zxid, one);
      const { epochs } = this.disk.image;
      if (one.ballot < 0xffff_ffff && one.ballot > epochs.accepted)
        this.disk.image.epochs = { ...epochs, accepted: one.ballot };
    }
    this.disk.image.chosen = BigInt(chosen);
    return this;
  }

  /** The disk holds a snapshot up to there, and nothing of what it covers. */
  covered(position: number): this {
    this.disk.image.snapshot = { position: BigInt(position), chunks: [] };
    this.disk.image.base = BigInt(position);
    return this;
  }

  start(): this {
    const hooks: LeaderHooks = {
      prepare: (...given) => this.prepare(...given),
      leadershipLost: () => void (this.forgotten += 1),
      reported: (from, bytes) => void this.reported.push(`${from}: ${bytes.join()}`),
    };
    const members = { voters: this.#initial, observers: this.#observers };
    this.#durable = 0;
    this.#held = [];
    this.#sent = [];
    this.applied.length = 0;
    const recovered = this.disk.recover();
    this.#core = createSlotPaxosCore({ id: this.id, members, recovered, hooks, slotPaxos: this.#options });
    this.#perform();
    for (const peer of this.voters) if (peer !== this.id) this.linkUp(peer);
    return this;
  }

  /** The process dies, and of what its disk was asked to write nothing more arrives. It starts again. */
  restart(): this {
    this.disk.crash({ nextUint32: () => 0, nextUnit: () => 0, nextBelow: () => 0 });
    this.writesHeld = false;
    return this.start();
  }

  cut(peer: number, link: number = this.#links.get(peer) ?? peer): void {
    this.#step({ kind: "linkDown", peer, link });
  }

  linkUp(peer: number): void {
    this.#step({ kind: "linkUp", peer, link: this.#links.get(peer) ?? peer });
  }

  /** The link breaks, and there is another. */
  linkAgain(peer: number): void {
    const link = this.#links.get(peer) ?? peer;
    this.#step({ kind: "linkDown", peer, link });
    this.#links.set(peer, link + 10);
    this.linkUp(peer);
  }

  hear(from: number, message: ReplicaMessage, link: number = this.#links.get(from) ?? from): void {
    this.#step({ kind: "message", from, link, message });
  }

  /** All of that is there before it does anything. */
  hearAtOnce(from: number, messages: readonly ReplicaMessage[]): void {
    for (const message of messages) {
      this.#core?.step({ kind: "message", from, link: this.#links.get(from) ?? from, message });
    }
    this.#perform();
  }

  tick(count = 1): void {
    for (let left = count; left > 0; left -= 1) this.#step({ kind: "tick" });
  }

  propose(command: string): void {
    this.#proposals += 1;
    const payload = new TextEncoder().encode(command);
    const request = { client: BigInt(this.id), sequence: this.#proposals, payload };
    this.#step({ kind: "propose", proposal: this.#proposals, ...request });
  }

  /** Somebody wants these to take part. */
  change(voters: readonly number[], observers: readonly number[] = []): void {
    this.#proposals += 1;
    const request = { client: BigInt(this.id), sequence: this.#proposals, payload: new Uint8Array(0) };
    this.#step({ kind: "propose", proposal: this.#proposals, ...request, members: { voters, observers } });
  }

  submit(mark: number): void {
    this.#step({ kind: "submit", payload: Uint8Array.of(mark) });
  }

  report(mark: number): void {
    this.#step({ kind: "report", bytes: Uint8Array.of(mark) });
  }

  /** The machine gives a snapshot of all that it has applied up to there. */
  saveSnapshot(position: number): void {
    this.#step({ kind: "snapshot", snapshot: { position: BigInt(position), chunks: [] } });
  }

  /** The machine says now what it has applied. */
  releaseApplied(): void {
    this.appliesHeld = false;
    this.#step({ kind: "applied", position: this.#end });
  }

  read(): void {
    this.#proposals += 1;
    this.#step({ kind: "read", read: this.#proposals });
  }

  releaseWrites(): void {
    this.writesHeld = false;
    this.#completeWrites();
  }

  /** What has left since the last call, of one kind. */
  take<K extends Kind>(kind: K, to?: number): readonly Of<K>[] {
    const isTaken = (sent: { readonly to: number; readonly message: ReplicaMessage }): boolean =>
      sent.message.kind === kind && (to === undefined || sent.to === to);
    const taken = this.#sent.filter(isTaken);
    this.#sent = this.#sent.filter((sent) => !isTaken(sent));
    return taken.map(({ message }) => message as Of<K>);
  }

  /** Over which links those of one kind have left since the last call, or "any". */
  takeLinks(kind: Kind): readonly (number | "any")[] {
    const taken = this.#sent.filter(({ message }) => message.kind === kind);
    this.take(kind);
    return taken.map(({ link }) => link ?? "any");
  }

  status(): CoreStatus {
    assert(this.#core !== undefined, "the replica is running");
    return this.#core.status();
  }

  /** Somebody has promised this ballot: those of this member will be higher. */
  heardOf(ballot: number): this {
    const [peer = 0] = this.voters.filter((voter) => voter !== this.id);
    this.hear(peer, { kind: "preempted", ballot, leader: 0 });
    return this;
  }

  /** The others answer its heartbeats, and nobody leads: it becomes a candidate. Returns its ballot. */
  becomeCandidate(others: readonly number[] = this.voters.filter((voter) => voter !== this.id)): number {
    for (let tick = 0; tick < 20 && this.status().role !== "leading"; tick += 1) {
      for (const other of others) {
        for (const { round } of this.take("heartbeat", other)) this.hear(other, answerOf(round));
      }
      this.tick();
    }
    assert(this.status().role === "leading", "a member that a quorum answers becomes a candidate");
    return this.status().epoch;
  }

  /** `from` promises, telling what it accepted; with `partsMax` not all of that arrives. */
  promise(
    from: number,
    records: readonly AcceptedEntry[] = [],
    { committed = 0, entered = 0, partsMax = Number.POSITIVE_INFINITY } = {},
  ): void {
    const ballot = this.status().epoch;
    const parts = Math.max(1, records.length);
    for (let part = 0; part < Math.min(parts, partsMax); part += 1) {
      const record = records[part];
      const head = { kind: "promise", ballot, committed: BigInt(committed), entered } as const;
      this.hear(from, { ...head, part, parts, record });
    }
  }

  /** It leads: one other has promised, and accepted its barrier in the slot behind what it knows. */
  lead(): this {
    this.becomeCandidate();
    const [other = 0] = this.#initial.filter((voter) => voter !== this.id);
    this.promise(other);
    this.confirm(other);
    this.accept(other, Number(this.status().committed) + 1);
    assert(this.status().phase === "broadcast", "a leader whose barrier is chosen takes requests");
    for (const kind of ["accept", "chosen", "prepare"] as const) this.take(kind);
    return this;
  }

  /** It follows the owner of this ballot, whose barrier in the first slot it knows. */
  follow(ballot: number): this {
    const leader = ballot % 256;
    const entry: Entry = { ...entryOf(1, ""), kind: "noop", client: 0n, sequence: ballot };
    this.hear(leader, { kind: "lead", ballot, round: 1, barrier: 1n, committed: 0n, admit: 0n });
    this.hear(leader, { kind: "accept", ballot, committed: 1n, entry });
    assert(this.status().phase === "broadcast", "who has the barrier of its leader is in step");
    return this;
  }

  confirm(from: number): void {
    const ballot = this.status().epoch;
    for (const { round } of this.take("lead", from)) {
      this.hear(from, { kind: "followed", ballot, round, voting: true, committed: 0n });
    }
  }

  /** `from` accepts everything up to there. */
  accept(from: number, first: number, last: number = first): void {
    const ballot = this.status().epoch;
    this.hear(from, { kind: "accepted", ballot, first: BigInt(first), last: BigInt(last) });
  }

  #step(input: Input<ReplicaMessage>): void {
    this.#core?.step(input);
    this.#perform();
  }

  #perform(): void {
    const effects = this.#core?.effects();
    if (effects === undefined) return;
    this.fatal = effects.fatal?.detail;
    assert(this.fatal === undefined || this.mayStop, `the replica goes on: ${this.fatal}`);
    for (const write of effects.writes) this.disk.submit(write);
    this.writes.push(...effects.writes.map(({ write }) => write.kind));
    for (const event of effects.events) {
      this.events.push(event.kind === "role" ? `${event.from} > ${event.to}` : `leader ${event.leader ?? "none"}`);
    }
    this.#held.push(...effects.sends);
    for (const apply of effects.applies) {
      if (apply.kind === "commit") {
        this.#end = apply.entry.zxid;
        this.applied.push(`${this.#end} ${commandOf(apply.entry)}`);
      } else {
        this.#end = apply.snapshot.position;
        this.applied.push(`${this.#end} snapshot`);
      }
    }
    for (const { position } of effects.reads) this.reads.push(position);
    for (const outcome of effects.outcomes) this.outcomes.push(outcome.kind);
    if (!this.writesHeld) this.#completeWrites();
    const ready = this.#held.filter((send) => send.after <= this.#durable);
    this.#held = this.#held.filter((send) => send.after > this.#durable);
    for (const { to, link, message } of ready) this.#sent.push({ to, link, message });
    if (effects.applies.length > 0 && !this.appliesHeld) this.#step({ kind: "applied", position: this.#end });
  }

  #completeWrites(): void {
    const token = this.disk.complete(this.disk.begin());
    if (token === undefined) return;
    this.#durable = token;
    this.#step({ kind: "persisted", token });
  }
}

/** What somebody who looks says to whom it can hear. */
export function answerOf(round: number): Heartbeat {
  return {
    kind: "heartbeat",
    round,
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
}
