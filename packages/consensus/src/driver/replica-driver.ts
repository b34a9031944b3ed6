// Over 400 lines: the order of duties is the point of this file, and splitting the loop would hide it.
import { ChurningMap } from "@tutti/stdx";
import { EventEmitter } from "eventemitter3";
import type { Apply, CoreEvent, Effects, Outcome, PendingWrite, Send, Token } from "../core/effects.ts";
import { requestKey, unnamedClient, type Entry, type ProposalRequest, type Snapshot } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { Input, LeaderHooks, Prepared, ReplicaCore } from "../core/replica-core.ts";
import { epochOf, type Zxid } from "../core/zxid.ts";
import { openReadsMax } from "../core/zab/read-book.ts";
import { explainStatus } from "../core/zab/zab-status.ts";
import { ConsensusError } from "../consensus-error.ts";
import type { SnapshotHead } from "../log/snapshot-file.ts";
import type { Wal } from "../log/wal.ts";
import type { Clock } from "../ports/clock.ts";
import type { TransportPort } from "../ports/transport.ts";
import { AnswerTable, type Answer } from "./answer-table.ts";
import { changeOfMachine, prepareChange, problemsOfMembers } from "./change-members.ts";
import { drawSnapshot } from "./draw-snapshot.ts";
import type { Machine } from "./machine.ts";
import { MemberBook } from "./member-book.ts";
import type { ReplicaOptions } from "./open-replica.ts";
import type {
  CallOptions,
  EventSource,
  ProposeOptions,
  ProposeResult,
  Replica,
  ReplicaEvents,
  ReplicaStatus,
} from "./replica.ts";
import { waitForAnswer, type Waiting, type WaitingOptions } from "./wait-for-answer.ts";

export interface DriverSettings {
  readonly members: Members;
  readonly tickMs: number;
  readonly snapshotEntries: number;
  readonly requestBytesMax: number;
  readonly clock: Clock;
}

interface OpenProposal extends Waiting<ProposeResult> {
  readonly request: ProposalRequest;
  /** Set when it is applied here, so that no bound of the table can take it away before the caller has it. */
  answer: Answer | "expired" | undefined;
  /** The leader answered from its table: ours will know at this position. */
  answeredAt: Zxid | undefined;
}

interface OpenRead extends Waiting<void> {
  position: Zxid | undefined;
}

/** The loop of one replica: persist, send, apply, answer, tell; in this order, for every batch of effects. */
export class ReplicaDriver implements Replica {
  readonly stopped: Promise<ConsensusError | undefined>;
  readonly #settings: DriverSettings;
  readonly #members: MemberBook;
  readonly #memberMax: number;
  readonly #machine: Machine;
  readonly #wal: Omit<Wal, "recovered">;
  readonly #core: ReplicaCore<ReplicaMessage>;
  /** Whether the protocol itself sees to it that no request gets two positions. */
  readonly #primaryOrder: boolean;
  readonly #port: TransportPort;
  readonly #emitter: EventEmitter<ReplicaEvents> = new EventEmitter<ReplicaEvents>();
  readonly #table: AnswerTable = new AnswerTable();
  readonly #clock: Clock;
  readonly #stopTicks: () => void;
  readonly #client: bigint;
  readonly #proposals: ChurningMap<number, OpenProposal> = new ChurningMap<number, OpenProposal>();
  readonly #byKey: ChurningMap<string, OpenProposal> = new ChurningMap<string, OpenProposal>();
  readonly #reads: ChurningMap<number, OpenRead> = new ChurningMap<number, OpenRead>();
  /** Those of the above that wait only until something is applied. */
  readonly #answered: Set<OpenProposal> = new Set<OpenProposal>();
  readonly #positioned: Set<OpenRead> = new Set<OpenRead>();
  readonly #closing: AbortController = new AbortController();
  readonly #counts: { proposed: number; applied: number; lost: number; snapshots: number; persists: number } = {
    proposed: 0,
    applied: 0,
    lost: 0,
    snapshots: 0,
    persists: 0,
  };
  #resolveStopped: (error: ConsensusError | undefined) => void = () => undefined;
  #sequence = 0;
  #calls = 0;
  #pending: PendingWrite[] = [];
  #held: Send<ReplicaMessage>[] = [];
  #durable = 0;
  #flushing: Promise<void> | undefined;
  /** The last batch of the log is not marked as durable yet. Done when the log has been quiet for a tick. */
  #isSealDue = false;
  #isPerformDue = false;
  #applied: Zxid;
  #sinceSnapshot = 0;
  /** A snapshot on its way to the disk. */
  #drawing: Promise<void> | undefined;
  /** States that took the place of the machine's own. */
  #loads = 0;
  #performing = false;
  #taken: { readonly position: Zxid; readonly bytes: number }[] = [];
  #error: ConsensusError | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ReplicaOptions, settings: DriverSettings, wal: Wal) {
    const { id, machine, protocol, transport } = options;
    this.#settings = settings;
    this.#machine = machine;
    // What was recovered goes into core and machine, and is not held beside them.
    const { recovered, ...log } = wal;
    this.#wal = log;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const { snapshot } = recovered.log;
    this.#applied = snapshot.position;
    this.#members = new MemberBook(id, { ...settings.members, outgoing: undefined, position: 0n });
    this.#members.load(snapshot);
    this.#memberMax = protocol.capabilities.memberMax;
    if (snapshot.position > 0n) this.#load(snapshot);
    this.#clock = settings.clock;
    this.#client = this.#clock.drawName();
    const { members } = settings;
    this.#primaryOrder = protocol.capabilities.primaryOrder;
    this.#core = protocol.create({ id, members, recovered, hooks: this.#hooks() });
    this.#members.log(this.#core.configuration);
    this.#port = transport.attach(id, this.#members.peers, {
      linkUp: (peer, link) => this.#step({ kind: "linkUp", peer, link }),
      linkDown: (peer, link) => this.#step({ kind: "linkDown", peer, link }),
      message: (from, link, message) => this.#stepSoon({ kind: "message", from, link, message }),
    });
    this.#stopTicks = this.#clock.every(settings.tickMs, () => this.#tick());
    this.#perform();
  }

  get events(): EventSource<ReplicaEvents> {
    return this.#emitter;
  }

  status(): ReplicaStatus {
    const { report: recovery } = this.#wal;
    return { ...this.#core.status(), applied: this.#applied, recovery, counts: { ...this.#counts } };
  }

  config(): LoggedConfiguration {
    return this.#core.configuration;
  }

  async reconfigure(
    { voters, observers }: Members,
    options: ProposeOptions = {},
  ): Promise<{ readonly position: Zxid }> {
    const members: Members = { voters: [...voters], observers: [...observers] };
    const problems = problemsOfMembers(members, this.#memberMax);
    if (problems.length > 0) throw new ConsensusError("invalid-options", problems.join("; "));
    const deadlineMs = options.timeoutMs === undefined ? undefined : this.#clock.nowMs() + options.timeoutMs;
    const { position } = await this.#propose(new Uint8Array(0), options, members).catch((thrown: unknown) => {
      const { code, answer } = ConsensusError.from(thrown, "proposal-lost");
      if (code !== "proposal-rejected" || answer === undefined) throw thrown;
      throw new ConsensusError("proposal-rejected", new TextDecoder().decode(answer), { answer, cause: thrown });
    });
    const left = deadlineMs === undefined ? {} : { timeoutMs: Math.max(1, deadlineMs - this.#clock.nowMs()) };
    let stopWaiting = (): void => undefined;
    await this.#wait<void>(
      { ...options, ...left, maybeApplied: true },
      () => stopWaiting(),
      ({ resolve }) => {
        stopWaiting = this.#members.whenAlone(position, resolve);
      },
    );
    return { position };
  }

  toString(): string {
    return explainStatus(this.#core.status());
  }

  propose(request: Uint8Array, options: ProposeOptions = {}): Promise<ProposeResult> {
    return this.#propose(request, options, undefined);
  }

  async #propose(request: Uint8Array, options: ProposeOptions, members: Members | undefined): Promise<ProposeResult> {
    if (request.length > this.#settings.requestBytesMax) {
      const limit = this.#settings.requestBytesMax;
      throw new ConsensusError("proposal-too-large", `${request.length} bytes are above the limit of ${limit}`);
    }
    const given = options.request ?? { client: this.#client, sequence: (this.#sequence += 1) };
    // The log keeps 64 bits without a sign; the name must be the same before and after it went through there.
    const name = { client: BigInt.asUintN(64, given.client), sequence: given.sequence };
    if (name.client === unnamedClient) throw new ConsensusError("invalid-options", "a client's name is not 0");
    if (!Number.isSafeInteger(name.sequence) || name.sequence < 1) {
      throw new ConsensusError("invalid-options", `sequence ${name.sequence} is not a positive integer`);
    }
    const known = this.#table.lookup(name.client, name.sequence);
    if (known !== undefined && this.#error === undefined) return resultOf(known);
    const proposal = (this.#calls += 1);
    const asked = members === undefined ? {} : { members };
    const made: ProposalRequest = { ...name, payload: request.slice(), ...asked };
    const end = (): void => {
      this.#proposals.delete(proposal);
      this.#byKey.delete(requestKey(made));
      this.#core.step({ kind: "forget", proposal });
    };
    return this.#wait<ProposeResult>({ ...options, maybeApplied: true }, end, (waiting) => {
      if (this.#byKey.has(requestKey(made))) {
        waiting.reject(new ConsensusError("overloaded", `request ${requestKey(made)} is already under way here`));
        return;
      }
      const open: OpenProposal = { ...waiting, request: made, answer: undefined, answeredAt: undefined };
      this.#proposals.set(proposal, open);
      this.#byKey.set(requestKey(made), open);
      this.#counts.proposed += 1;
      this.#step({ kind: "propose", proposal, ...made });
    });
  }

  submit(request: Uint8Array): boolean {
    const limit = this.#settings.requestBytesMax;
    if (request.length > limit) {
      throw new ConsensusError("proposal-too-large", `${request.length} bytes are above the limit of ${limit}`);
    }
    if (this.#error !== undefined || !this.#core.isInStep) return false;
    this.#counts.proposed += 1;
    this.#stepSoon({ kind: "submit", payload: request });
    return true;
  }

  toLeader(bytes: Uint8Array): void {
    this.#step({ kind: "report", bytes });
  }

  async read<Result>(query: () => Result, options: CallOptions = {}): Promise<Result> {
    if (this.#reads.size >= openReadsMax) {
      throw new ConsensusError("overloaded", `${openReadsMax} reads are open at this replica`);
    }
    const read = (this.#calls += 1);
    await this.#wait<void>(
      { ...options, maybeApplied: false },
      () => this.#reads.delete(read),
      (waiting) => {
        this.#reads.set(read, { ...waiting, position: undefined });
        this.#step({ kind: "read", read });
      },
    );
    return query();
  }

  #wait<Value>(options: WaitingOptions, end: () => void, begin: (waiting: Waiting<Value>) => void): Promise<Value> {
    const place = { clock: this.#clock, closing: this.#closing.signal, stoppedBy: () => this.#error };
    return waitForAnswer(place, options, { begin, end });
  }

  #tick(): void {
    this.#step({ kind: "tick" });
    if (!this.#isSealDue || this.#flushing !== undefined || this.#error !== undefined) return;
    this.#isSealDue = false;
    this.#flushing = this.#seal();
  }

  #step(input: Input<ReplicaMessage>): void {
    if (this.#error !== undefined) return;
    this.#core.step(input);
    this.#perform();
  }

  /** What has arrived together is performed together, of all connections: one write for all entries, one ack for all writes. */
  #stepSoon(input: Input<ReplicaMessage>): void {
    if (this.#error !== undefined) return;
    this.#core.step(input);
    if (this.#isPerformDue) return;
    this.#isPerformDue = true;
    this.#clock.soon(() => {
      this.#isPerformDue = false;
      if (this.#error === undefined) this.#perform();
    });
  }

  #perform(): void {
    // A machine or a listener may call back into the replica: its step is performed by the loop that is running.
    if (this.#performing) return;
    this.#performing = true;
    const told: CoreEvent[] = [];
    const before = this.#applied;
    try {
      for (;;) {
        const effects = this.#core.effects();
        if (this.#error !== undefined || !this.#performOnce(effects)) break;
        told.push(...effects.events);
      }
    } catch (thrown) {
      this.#stop(ConsensusError.from(thrown, "machine-failed"));
    } finally {
      this.#performing = false;
    }
    this.#tell(told, before);
  }

  /** Returns false when there was nothing to do. */
  #performOnce(effects: Effects<ReplicaMessage>): boolean {
    if (effects.fatal !== undefined) {
      this.#stop(new ConsensusError(effects.fatal.reason, effects.fatal.detail));
      return false;
    }
    const { writes, sends, applies, reads, outcomes, events } = effects;
    if (this.#members.log(this.#core.configuration)) this.#port.setPeers(this.#members.peers);
    this.#pending.push(...writes);
    if (writes.length > 0) this.#flushing ??= this.#flush();
    for (const send of sends) {
      if (send.after > this.#durable) this.#held.push(send);
      else this.#port.send(send.to, send.link, send.message);
    }
    for (const apply of applies) this.#applyOne(apply);
    for (const { read, position } of reads) {
      const open = this.#reads.get(read);
      if (open === undefined) continue;
      open.position = position;
      this.#positioned.add(open);
    }
    for (const outcome of outcomes) this.#settle(outcome);
    this.#answerDue();
    if (applies.length > 0) {
      this.#core.step({ kind: "applied", position: this.#applied });
      this.#snapshotIfDue();
    }
    return writes.length + sends.length + applies.length + reads.length + outcomes.length + events.length > 0;
  }

  /** One group of writes at a time; what comes meanwhile is the next group. Any failure is final. */
  async #flush(): Promise<void> {
    try {
      for (let writing = this.#writeGroup(); writing !== undefined; writing ??= this.#writeGroup()) {
        this.#durable = await writing;
        this.#release();
        // The disk goes on while what it holds now is applied and answered.
        writing = this.#writeGroup();
        this.#step({ kind: "persisted", token: this.#durable });
      }
      this.#isSealDue = true;
    } catch (thrown) {
      this.#stop(ConsensusError.from(thrown, "storage-failed"));
    } finally {
      this.#flushing = undefined;
    }
  }

  /** Begins to write all that is pending, if anything is. Resolves with the token of the last when all is durable. */
  #writeGroup(): Promise<Token> | undefined {
    const last = this.#pending.at(-1);
    if (last === undefined || this.#error !== undefined) return undefined;
    const group = this.#pending;
    this.#pending = [];
    return this.#persist(group, last.token);
  }

  async #persist(group: readonly PendingWrite[], last: Token): Promise<Token> {
    await this.#wal.persist(group.map((pending) => pending.write));
    this.#counts.persists += 1;
    return last;
  }

  async #seal(): Promise<void> {
    try {
      await this.#wal.seal();
    } catch (thrown) {
      this.#stop(ConsensusError.from(thrown, "storage-failed"));
    } finally {
      this.#flushing = undefined;
      if (this.#pending.length > 0 && this.#error === undefined) this.#flushing = this.#flush();
    }
  }

  /** The one rule of sending: not before the write that the message speaks of is durable. */
  #release(): void {
    if (this.#error !== undefined) return;
    const waiting: Send<ReplicaMessage>[] = [];
    for (const send of this.#held) {
      if (send.after > this.#durable) waiting.push(send);
      else this.#port.send(send.to, send.link, send.message);
    }
    this.#held = waiting;
  }

  #applyOne(apply: Apply): void {
    if (apply.kind === "restore") {
      this.#load(apply.snapshot);
      this.#members.load(apply.snapshot);
      this.#applied = apply.snapshot.position;
      return;
    }
    const { entry } = apply;
    this.#applied = entry.zxid;
    this.#sinceSnapshot += 1;
    this.#counts.applied += 1;
    if (entry.configuration !== undefined) {
      this.#members.apply({ ...entry.configuration, position: entry.zxid });
      this.#port.setPeers(this.#members.peers);
    }
    const answer = this.#answerOf(entry);
    if (answer === undefined || this.#byKey.size === 0) return;
    const open = this.#byKey.get(requestKey(entry));
    if (open !== undefined) open.answer = answer;
  }

  #answerOf(entry: Entry): Answer | "expired" | undefined {
    if (entry.kind === "noop") return undefined;
    if (!this.#primaryOrder && entry.client !== unnamedClient) {
      // Two leaders may have given it a slot each, the second without knowing of the first.
      const known = this.#table.lookup(entry.client, entry.sequence);
      if (known !== undefined) return known;
    }
    const rejected = entry.kind === "reject";
    const bytes = entry.kind === "txn" ? this.#machine.apply(entry.zxid, entry.payload) : entry.payload;
    if (entry.client === unnamedClient) return undefined;
    const answer: Answer = { position: entry.zxid, rejected, answer: bytes };
    this.#table.record(entry.client, entry.sequence, answer);
    return answer;
  }

  #load(snapshot: Snapshot): void {
    const [table, ...chunks] = snapshot.chunks;
    this.#table.decode(table ?? new Uint8Array(0));
    this.#machine.restore(chunks);
    this.#sinceSnapshot = 0;
    this.#loads += 1;
  }

  #snapshotIfDue(): void {
    if (this.#sinceSnapshot < this.#settings.snapshotEntries || this.#drawing !== undefined) return;
    this.#sinceSnapshot = 0;
    const table = this.#table.encode();
    const head: SnapshotHead = { position: this.#applied, ...this.#members.ofSnapshot };
    const view = this.#machine.view?.();
    if (view === undefined) this.#snapshotTaken({ ...head, chunks: [table, ...this.#machine.snapshot()] });
    else this.#drawing = this.#draw(head, table, view);
  }

  async #draw(head: SnapshotHead, table: Uint8Array, view: Iterable<Uint8Array>): Promise<void> {
    const loads = this.#loads;
    const isOver = (): boolean => this.#error !== undefined || this.#loads !== loads;
    try {
      const snapshot = await drawSnapshot({ wal: this.#wal, head, table, view, isOver });
      if (snapshot === undefined || isOver()) return;
      this.#snapshotTaken(snapshot);
      this.#perform();
    } catch (thrown) {
      this.#stop(ConsensusError.from(thrown, "storage-failed"));
    } finally {
      this.#drawing = undefined;
    }
  }

  #snapshotTaken(snapshot: Snapshot): void {
    this.#counts.snapshots += 1;
    this.#core.step({ kind: "snapshot", snapshot });
    const bytes = snapshot.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#taken.push({ position: snapshot.position, bytes });
  }

  #settle(outcome: Outcome): void {
    const open = this.#proposals.get(outcome.proposal);
    if (open === undefined) return;
    if (outcome.kind === "answered") {
      open.answeredAt = outcome.position;
      this.#answered.add(open);
    } else if (outcome.kind === "lost") {
      this.#counts.lost += 1;
      const key = requestKey(open.request);
      const code = outcome.reason === "overloaded" ? "overloaded" : "proposal-lost";
      open.reject(new ConsensusError(code, `request ${key} was not taken (${outcome.reason}) and never will be`));
    } else if (open.answer !== undefined) {
      end(open, open.answer);
    }
  }

  #answerDue(): void {
    for (const open of this.#answered) {
      if (open.answeredAt === undefined || open.answeredAt > this.#applied) continue;
      this.#answered.delete(open);
      const known = open.answer ?? this.#table.lookup(open.request.client, open.request.sequence);
      const key = requestKey(open.request);
      if (known === undefined) open.reject(new ConsensusError("proposal-lost", `request ${key} was never applied`));
      else end(open, known);
    }
    for (const open of this.#positioned) {
      if (open.position === undefined || open.position > this.#applied) continue;
      this.#positioned.delete(open);
      open.resolve();
    }
  }

  #hooks(): LeaderHooks {
    return {
      prepare: (request, position, membership, epoch = epochOf(position)): Prepared => {
        const isNamed = request.client !== unnamedClient;
        if (isNamed && this.#table.lookup(request.client, request.sequence) !== undefined) return { kind: "known" };
        if (request.members !== undefined) return prepareChange(request.members, membership);
        const context = { position, membership, epoch, nowMs: this.#clock.nowMs() };
        const prepared = this.#machine.prepare?.(request.payload, context) ?? { txn: request.payload };
        if ("reject" in prepared) return { kind: "reject", payload: prepared.reject };
        const { txn: payload, members } = prepared;
        if (members === undefined) return { kind: "txn", payload };
        return { kind: "txn", payload, configuration: changeOfMachine(members, membership) };
      },
      leadershipLost: () => this.#machine.leadershipLost?.(),
      reported: (from, bytes) => this.#machine.reported?.(from, bytes),
    };
  }

  /** Last, when the replica is consistent again: a listener may call it, or throw. */
  #tell(events: readonly CoreEvent[], before: Zxid): void {
    if (this.#applied !== before) this.#emitter.emit("commit", { position: this.#applied });
    for (const configuration of this.#members.takeUntold()) this.#emitter.emit("members", configuration);
    const taken = this.#taken;
    this.#taken = [];
    for (const snapshot of taken) this.#emitter.emit("snapshot", snapshot);
    for (const event of events) {
      if (event.kind === "role") this.#emitter.emit("role", { from: event.from, to: event.to, reason: event.reason });
      else this.#emitter.emit("leader", { leader: event.leader, epoch: event.epoch });
    }
  }

  /** Takes this replica out for good: nothing is sent, written or applied any more. */
  #stop(error: ConsensusError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#stopTicks();
    this.#held = [];
    this.#closing.abort(error);
    void this.#port.close();
    this.#resolveStopped(error.code === "closed" ? undefined : error);
    if (error.code !== "closed") this.#emitter.emit("stopped", { error });
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeOnce();
    return this.#closed;
  }

  async #closeOnce(): Promise<void> {
    this.#stop(new ConsensusError("closed", "the replica was closed"));
    await this.#port.close();
    await this.#flushing;
    await this.#drawing;
    await this.#wal.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function resultOf(known: Answer | "expired"): ProposeResult {
  if (known === "expired") {
    throw new ConsensusError("proposal-expired", "the answer to this request is no longer kept", {
      maybeApplied: true,
    });
  }
  const { position, rejected, answer } = known;
  if (rejected) throw new ConsensusError("proposal-rejected", "the machine refused the request", { answer });
  return { position, answer };
}

function end(open: OpenProposal, known: Answer | "expired"): void {
  try {
    open.resolve(resultOf(known));
  } catch (thrown) {
    open.reject(ConsensusError.from(thrown, "proposal-lost"));
  }
}
