// Over 400 lines: the twin of the replica's driver, in the same order of duties, with a checker at every step.
import { assert, type Prng } from "@tutti/stdx";
import type { Send } from "../core/effects.ts";
import {
  requestKey,
  unnamedClient,
  type Entry,
  type NodeId,
  type ProposalRequest,
  type Snapshot,
} from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import { majority } from "../core/quorum.ts";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { CoreStatus, Input, LeaderHooks, Prepared, ReplicaCore } from "../core/replica-core.ts";
import { epochOf, formatZxid, type Zxid } from "../core/zxid.ts";
import { createVariantCore, type ZabCoreOptions } from "../core/zab/zab-core.ts";
import { zabVariant } from "../core/zab/election.ts";
import type { Variant } from "../core/zab/zab-state.ts";
import { createPaxosVariant } from "../core/paxos/connected-election.ts";
import { createSlotPaxosCore } from "../core/slot-paxos/slot-paxos-core.ts";
import type { ZabOptions } from "../core/zab/zab-options.ts";
import { prepareChange } from "../driver/change-members.ts";
import { MemberBook } from "../driver/member-book.ts";
import type { ReplicaChecker } from "./checker.ts";
import type { EventQueue } from "./event-queue.ts";
import type { PlantedFault, SimProtocol, VariantProtocol } from "./faults.ts";
import { explainMessage } from "./explain-message.ts";
import type { RecordDisk } from "./record-disk.ts";
import { encodeSubmission, nameOf, submissionOf } from "./request-name.ts";
import type { NetworkPeer, SimNetwork } from "./sim-network.ts";

/** State of the simulated machine: the requests applied so far. Equal position must mean equal digest. */
interface MachineState {
  applied: Set<string>;
  digest: number;
  position: Zxid;
}

/** Snapshots of the simulated machine are handed around by identity; level A does not look at bytes. */
const snapshotStates: WeakMap<Uint8Array, MachineState> = new WeakMap<Uint8Array, MachineState>();

const variants: Readonly<Record<VariantProtocol, () => Variant>> = {
  zab: () => zabVariant,
  paxos: createPaxosVariant,
};

export interface SimNodeOptions {
  readonly protocol: SimProtocol;
  readonly id: NodeId;
  readonly members: Members;
  /** Whether there is an ensemble that it could join, or it is one of those who begin. */
  readonly mayStart: () => boolean;
  /** Whether members may still change: not when it is settled who is healed. */
  readonly mayReconfigure: () => boolean;
  /** The numbers of all nodes there are. */
  readonly others: () => Iterable<NodeId>;
  readonly zab: Partial<ZabOptions>;
  readonly queue: EventQueue;
  readonly chance: Prng;
  readonly disk: RecordDisk;
  readonly network: () => SimNetwork<ReplicaMessage>;
  readonly checker: ReplicaChecker;
  readonly fault: PlantedFault | undefined;
  readonly tickMs: number;
  readonly diskDelayMeanMs: () => number;
  readonly snapshotEntries: number;
  /** Told of every batch of writes; `rare` when it is more than records: epochs, cuts, snapshots, replacements. */
  readonly wrote: (node: NodeId, rare: boolean) => void;
  readonly trace: (node: NodeId, kind: string, detail: () => string, salt: number) => void;
}

/**
 * The driver of one simulated replica: performs the effects of the real core on a simulated disk and network, in the
 * order that the effects prescribe, and shows every step to the checker.
 */
export class SimNode implements NetworkPeer<ReplicaMessage> {
  readonly id: NodeId;
  readonly #options: SimNodeOptions;
  #core: ReplicaCore<ReplicaMessage> | undefined;
  #life = 0;
  #durable = 0;
  #writing = false;
  #held: Send<ReplicaMessage>[] = [];
  #machine: MachineState = { applied: new Set(), digest: 0, position: 0n };
  #sinceSnapshot = 0;
  #pausedUntilMs = 0;
  #inbox: (() => void)[] = [];
  #tickWaits = false;
  #nextRead = 0;
  readonly #reads: Set<number> = new Set<number>();
  /** The epoch of what its machine prepared and may still expect to come; undefined when it knows of nothing. */
  #preparedIn: number | undefined;
  #nextProposal = 0;
  #nextSubmission = 0;
  readonly #open: Map<number, string> = new Map<number, string>();
  #answers: { readonly proposal: number; readonly position: Zxid }[] = [];
  #members: MemberBook;
  readonly counts: { steps: number; committed: number; lost: number; reads: number; submitted: number } = {
    steps: 0,
    committed: 0,
    lost: 0,
    reads: 0,
    submitted: 0,
  };

  constructor(options: SimNodeOptions) {
    this.id = options.id;
    this.#options = options;
    this.#members = this.#newBook();
  }

  get isUp(): boolean {
    return this.#core !== undefined;
  }

  /** Reads of this life that have no answer. */
  get openReads(): number {
    return this.#reads.size;
  }

  get openProposals(): number {
    return this.#open.size;
  }

  get pendingWrites(): number {
    return this.#options.disk.pendingCount;
  }

  /** True when its disk says that it may vote. */
  get isTrusted(): boolean {
    return this.#options.disk.image.epochs.voting;
  }

  get digest(): number {
    return this.#machine.digest;
  }

  get status(): CoreStatus | undefined {
    return this.#core?.status();
  }

  /** What its own newest configuration says; undefined while it is down. */
  get configuration(): LoggedConfiguration | undefined {
    return this.#core?.configuration;
  }

  #newBook(): MemberBook {
    return new MemberBook(this.id, { ...this.#options.members, outgoing: undefined, position: 0n });
  }

  wants(peer: NodeId): boolean {
    return this.#members.peers.includes(peer);
  }

  start(): void {
    const { id, members, zab, disk, checker, fault } = this.#options;
    if (this.#core !== undefined || !this.#options.mayStart()) return;
    this.#life += 1;
    this.#durable = 0;
    this.#writing = false;
    this.#held = [];
    this.#tickWaits = false;
    let recovered = disk.recover();
    if (fault?.votesWhileEmpty === true) recovered = { ...recovered, epochs: { ...recovered.epochs, voting: true } };
    this.#members = this.#newBook();
    this.#load(recovered.log.snapshot);
    checker.started(id, recovered.log.snapshot.position);
    const options = { id, members, recovered, hooks: this.#hooks() };
    this.#core = this.#createCore(options, { ...zab, quorum: fault?.quorum ?? majority });
    this.#trace("start", () => formatZxid(recovered.log.entries.at(-1)?.zxid ?? recovered.log.base), 1);
    this.#perform();
    this.#tickLater(this.#life);
  }

  #createCore(options: Omit<ZabCoreOptions, "zab">, settings: Partial<ZabOptions>): ReplicaCore<ReplicaMessage> {
    const { protocol, fault } = this.#options;
    if (protocol === "slot-paxos") return createSlotPaxosCore({ ...options, slotPaxos: settings });
    const variant = variants[protocol]();
    const numbered = fault?.nextEpoch === undefined ? variant : { ...variant, nextEpoch: fault.nextEpoch };
    return createVariantCore({ ...options, zab: settings }, numbered);
  }

  crash(): void {
    if (this.#core === undefined) return;
    this.#core = undefined;
    this.#life += 1;
    this.#open.clear();
    this.#answers = [];
    this.#reads.clear();
    this.#preparedIn = undefined;
    if (this.#options.fault?.zombieWrites === true) this.#writeAsZombie();
    else this.#options.disk.crash(this.#options.chance);
    this.#options.network().nodeDown(this.id);
    this.#trace("crash", () => "", 2);
  }

  #writeAsZombie(): void {
    const { queue, disk } = this.#options;
    for (let left = disk.pendingCount; left > 0; left -= 1) {
      queue.at(queue.now + 20 + this.#options.chance.nextBelow(100), () => {
        disk.complete(1);
      });
    }
  }

  wipe(): void {
    this.crash();
    this.#options.disk.wipe();
    this.#trace("wipe", () => "", 3);
  }

  /** Nothing happens on this node for a while: a long collection, a stopped process. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = this.#options.queue.now + durationMs;
    this.#trace("pause", () => `${durationMs} ms`, 4);
  }

  propose(request: ProposalRequest): void {
    const proposal = (this.#nextProposal += 1);
    this.#open.set(proposal, requestKey(request));
    this.#later(() => this.#step({ kind: "propose", proposal, ...request }));
  }

  /** As `Replica.submit`: taken only while there is a leader to take it. */
  submit(): void {
    const life = this.#life;
    this.#later(() => {
      if (this.#core?.isInStep !== true) return;
      const sequence = (this.#nextSubmission += 1);
      this.counts.submitted += 1;
      this.#step({ kind: "submit", payload: encodeSubmission({ node: this.id, life, sequence }) });
    });
  }

  read(): void {
    const read = (this.#nextRead += 1);
    this.#options.checker.readAsked(this.#readName(read));
    this.#later(() => this.#readNow(read));
  }

  #readNow(read: number): void {
    const { checker, fault } = this.#options;
    const status = this.#core?.status();
    if (fault?.readsUnconfirmed === true && status?.role === "leading" && status.phase === "broadcast") {
      checker.readAnswered(this.#readName(read), status.committed);
      return;
    }
    if (this.#core !== undefined) this.#reads.add(read);
    this.#step({ kind: "read", read });
  }

  linkUp(peer: NodeId, link: number): void {
    this.#later(() => this.#step({ kind: "linkUp", peer, link }));
  }

  linkDown(peer: NodeId, link: number): void {
    this.#later(() => this.#step({ kind: "linkDown", peer, link }));
  }

  receive(from: NodeId, link: number, message: ReplicaMessage): void {
    this.#later(() => {
      this.#trace("receive", () => `${from} ${explainMessage(message)}`, from);
      this.#step({ kind: "message", from, link, message });
    });
  }

  /** Runs now, or when the pause is over: in order of arrival, unless this life has ended by then. */
  #later(action: () => void): void {
    if (this.#options.queue.now >= this.#pausedUntilMs && this.#inbox.length === 0) return action();
    const life = this.#life;
    this.#inbox.push(() => {
      if (life === this.#life) action();
    });
    if (this.#inbox.length === 1) this.#resumeLater();
  }

  #resumeLater(): void {
    this.#options.queue.at(this.#pausedUntilMs, () => {
      if (this.#options.queue.now < this.#pausedUntilMs) return this.#resumeLater();
      const waiting = this.#inbox;
      this.#inbox = [];
      for (const action of waiting) action();
    });
  }

  #tickLater(life: number): void {
    const { queue, tickMs } = this.#options;
    queue.at(queue.now + tickMs, () => {
      if (life !== this.#life) return;
      // A stopped process finds one tick when it wakes, however long it slept.
      if (!this.#tickWaits) {
        this.#tickWaits = true;
        this.#later(() => {
          this.#tickWaits = false;
          this.#step({ kind: "tick" });
        });
      }
      this.#tickLater(life);
    });
  }

  #step(input: Input<ReplicaMessage>): void {
    if (this.#core === undefined) return;
    this.counts.steps += 1;
    this.#core.step(input);
    this.#perform();
  }

  /** Persist, send, apply, answer: in this order, until nothing is left to do. */
  #perform(): void {
    const core = this.#core;
    if (core === undefined) return;
    const effects = core.effects();
    if (this.#members.log(core.configuration)) this.#dropLinks();
    if (effects.fatal !== undefined) throw new Error(`node ${this.id} stops: ${effects.fatal.detail}`);
    for (const pending of effects.writes) {
      if (pending.write.kind === "append") {
        for (const entry of pending.write.entries) this.#options.checker.logged(this.id, entry);
      } else if (pending.write.kind === "accept") {
        for (const { entry } of pending.write.accepted) this.#options.checker.logged(this.id, entry);
      }
      this.#options.disk.submit(pending);
      if (this.#options.fault?.durableAtSubmit === true) this.#durable = pending.token;
    }
    if (effects.writes.length > 0 && this.#options.fault?.durableAtSubmit === true) {
      core.step({ kind: "persisted", token: this.#durable });
    }
    this.#writeNext();
    if (effects.writes.length > 0) {
      this.#options.wrote(
        this.id,
        effects.writes.some(({ write }) => write.kind !== "append"),
      );
    }
    for (const send of effects.sends) this.#held.push(this.#distort(core, send));
    this.#release();
    let applied = false;
    for (const apply of effects.applies) {
      applied = true;
      if (apply.kind === "commit") this.#apply(apply.entry);
      else this.#restore(apply.snapshot);
    }
    for (const { read, position } of effects.reads) {
      this.counts.reads += 1;
      this.#reads.delete(read);
      this.#options.checker.readAnswered(this.#readName(read), position);
    }
    for (const outcome of effects.outcomes) {
      if (outcome.kind === "committed") this.#finish(outcome.proposal, true);
      else if (outcome.kind === "lost") this.#finish(outcome.proposal, false);
      else this.#answers.push(outcome);
    }
    for (const event of effects.events) {
      this.#trace("event", () => JSON.stringify(event), 5);
      if (event.kind === "leader" && event.leader === undefined) this.#guessLosses();
    }
    this.#checkAnswers();
    if (applied) {
      core.step({ kind: "applied", position: this.#machine.position });
      this.#snapshotIfDue(core);
    }
    const status = core.status();
    this.#options.checker.status(status);
    if (applied || effects.writes.length > 0 || effects.sends.length > 0) this.#perform();
  }

  #distort(core: ReplicaCore<ReplicaMessage>, send: Send<ReplicaMessage>): Send<ReplicaMessage> {
    const distort = this.#options.fault?.send;
    if (distort === undefined) return send;
    return distort(send, { id: this.id, status: core.status(), applied: this.#machine.position });
  }

  #guessLosses(): void {
    if (this.#options.fault?.lostByGuess !== true) return;
    for (const proposal of [...this.#open.keys()]) this.#finish(proposal, false);
  }

  #writeNext(): void {
    const { disk, queue, chance, diskDelayMeanMs } = this.#options;
    if (this.#writing || disk.pendingCount === 0) return;
    this.#writing = true;
    const life = this.#life;
    // Group commit: one flush covers all that waits when it begins.
    const count = disk.begin();
    const delayMs = -Math.log(1 - chance.nextUnit()) * diskDelayMeanMs();
    queue.at(queue.now + delayMs, () => {
      if (life !== this.#life) return;
      this.#writing = false;
      const token = disk.complete(count);
      this.#writeNext();
      if (token === undefined) return;
      this.#later(() => {
        this.#durable = Math.max(this.#durable, token);
        this.#step({ kind: "persisted", token });
      });
    });
  }

  #release(): void {
    const waiting: Send<ReplicaMessage>[] = [];
    for (const send of this.#held) {
      if (send.after > this.#durable) {
        waiting.push(send);
        continue;
      }
      this.#options.checker.sent(this.id, send);
      this.#options.network().send(this.id, send.to, send.link, send.message);
    }
    this.#held = waiting;
  }

  #apply(entry: Entry): void {
    const machine = this.#machine;
    const isNamed = entry.kind !== "noop" && entry.client !== unnamedClient;
    const isKnown = isNamed && this.#options.protocol === "slot-paxos" && machine.applied.has(requestKey(entry));
    const isDuplicate = isKnown && this.#options.fault?.noDeduplication !== true;
    this.#options.checker.applied(this.id, entry, isDuplicate);
    machine.position = entry.zxid;
    this.#sinceSnapshot += 1;
    this.#trace("apply", () => `${formatZxid(entry.zxid)} ${nameOf(entry)}`, machine.digest);
    if (entry.configuration !== undefined) {
      this.#members.apply({ ...entry.configuration, position: entry.zxid });
      this.#dropLinks();
    }
    if (isDuplicate || entry.kind === "noop") return;
    const submission = submissionOf(entry);
    if (submission === undefined) machine.applied.add(requestKey(entry));
    const sequence = submission === undefined ? entry.sequence : submission.sequence * 64 + submission.node;
    machine.digest = (Math.imul(machine.digest, 31) + Number(entry.client) * 7919 + sequence) | 0;
  }

  #restore(snapshot: Snapshot): void {
    this.#options.checker.restored(this.id, snapshot.position);
    this.#load(snapshot);
    this.#trace("restore", () => formatZxid(snapshot.position), 6);
  }

  #load(snapshot: Snapshot): void {
    const [chunk] = snapshot.chunks;
    const state = chunk === undefined ? undefined : snapshotStates.get(chunk);
    const { applied, digest } = state ?? { applied: new Set<string>(), digest: 0 };
    const table = this.#options.fault?.snapshotWithoutTable === true ? new Set<string>() : new Set(applied);
    this.#machine = { applied: table, digest, position: snapshot.position };
    this.#members.load(snapshot);
    this.#sinceSnapshot = 0;
  }

  /** As the transport does: whoever is no peer any more is left. */
  #dropLinks(): void {
    for (const other of this.#options.others()) {
      if (other !== this.id && !this.wants(other)) this.#options.network().breakLink(this.id, other);
    }
  }

  #snapshotIfDue(core: ReplicaCore<ReplicaMessage>): void {
    if (this.#sinceSnapshot < this.#options.snapshotEntries) return;
    this.#sinceSnapshot = 0;
    const { applied, digest, position } = this.#machine;
    const chunk = new Uint8Array(1);
    const isAhead = this.#options.fault?.snapshotAhead === true;
    snapshotStates.set(chunk, { applied: new Set(applied), digest: isAhead ? digest - 1 : digest, position });
    core.step({ kind: "snapshot", snapshot: { position, chunks: [chunk], ...this.#ofSnapshot() } });
  }

  #ofSnapshot(): Pick<Snapshot, "configuration"> {
    return this.#options.fault?.snapshotWithoutMembers === true ? {} : this.#members.ofSnapshot;
  }

  #checkAnswers(): void {
    const due = this.#answers.filter((answer) => answer.position <= this.#machine.position);
    if (due.length === 0) return;
    this.#answers = this.#answers.filter((answer) => answer.position > this.#machine.position);
    for (const { proposal } of due) {
      const key = this.#open.get(proposal);
      if (key !== undefined) this.#finish(proposal, this.#machine.applied.has(key));
    }
  }

  #finish(proposal: number, committed: boolean): void {
    const key = this.#open.get(proposal);
    if (key === undefined) return;
    this.#open.delete(proposal);
    if (committed) this.counts.committed += 1;
    else this.counts.lost += 1;
    if (!committed) this.#options.checker.lost(key);
  }

  #hooks(): LeaderHooks {
    return {
      prepare: (request, position, membership, epoch = epochOf(position)): Prepared => {
        const isToldOfLoss = this.#preparedIn === undefined || this.#preparedIn === epoch;
        assert(isToldOfLoss, `node ${this.id} forgets what it prepared in ${this.#preparedIn} before it leads again`);
        this.#preparedIn = epoch;
        const known = request.client !== unnamedClient && this.#machine.applied.has(requestKey(request));
        if (known && this.#options.fault?.noDeduplication !== true) return { kind: "known" };
        const { members } = request;
        if (members !== undefined && !this.#options.mayReconfigure()) {
          return { kind: "reject", payload: new Uint8Array(0) };
        }
        if (members !== undefined) return (this.#options.fault?.change ?? prepareChange)(members, membership);
        return { kind: "txn", payload: request.payload };
      },
      leadershipLost: () => {
        this.#preparedIn = undefined;
        this.#trace("event", () => "leadership lost", 7);
      },
      reported: (from) => this.#trace("event", () => `a report of ${from}`, 8),
    };
  }

  #readName(read: number): string {
    return `${this.id}#${this.#life}#${read}`;
  }

  #trace(kind: string, detail: () => string, salt: number): void {
    this.#options.trace(this.id, kind, detail, salt);
  }
}
