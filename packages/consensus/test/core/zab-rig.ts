import { assert } from "@tutti/stdx";
import type { Members } from "../../src/core/configuration.ts";
import type { Send, Token, Write } from "../../src/core/effects.ts";
import { unnamedClient, type Entry, type ProposalRequest, type Snapshot } from "../../src/core/entry.ts";
import type {
  Heartbeat,
  LeaderMessage,
  LearnerMessage,
  Notification,
  ReplicaMessage,
} from "../../src/core/messages.ts";
import { createPaxosCore } from "../../src/core/paxos/paxos-core.ts";
import type { CoreStatus, Input, Prepared, ReplicaCore } from "../../src/core/replica-core.ts";
import { createZabCore } from "../../src/core/zab/zab-core.ts";
import type { ZabOptions } from "../../src/core/zab/zab-options.ts";
import { formatZxid, zxidOf, type Zxid } from "../../src/core/zxid.ts";
import { prepareChange } from "../../src/driver/change-members.ts";
import { createRecordDisk, type RecordDisk } from "../../src/sim/record-disk.ts";

type Kind = ReplicaMessage["kind"];
type Of<K extends Kind> = Extract<ReplicaMessage, { readonly kind: K }>;
/** Without its session, which the rig knows. */
type Said<Message> = Message extends unknown ? Omit<Message, "session"> : never;

/** `1:2` is the second of epoch 1. */
export function zxid(text: string): Zxid {
  const [epoch, counter] = text.split(":").map(Number);
  return zxidOf(epoch ?? 0, counter ?? 0);
}

export function entryAt(text: string, rest: Partial<Entry> = {}): Entry {
  return { zxid: zxid(text), kind: "txn", client: 9n, sequence: 1, payload: new Uint8Array(0), ...rest };
}

export interface RigOptions extends Partial<ZabOptions> {
  readonly protocol?: "zab" | "paxos";
  readonly id?: number;
  readonly members?: Members;
  readonly voting?: boolean;
  readonly epochs?: { readonly accepted: number; readonly current: number };
  readonly entries?: readonly Entry[];
  readonly snapshot?: Snapshot;
  /** What the machine makes of a request. */
  readonly prepare?: (request: ProposalRequest) => Prepared;
}

/** One replica whose peers are played by hand: they say what the script says. */
export class ZabRig {
  readonly id: number;
  readonly disk: RecordDisk;
  readonly applied: string[] = [];
  readonly outcomes: string[] = [];
  readonly reads: string[] = [];
  readonly reported: string[] = [];
  /** The reads of its own about which it asked a leader. */
  readonly readsAsked: number[] = [];
  /** How often the machine was told to forget what it prepared. */
  forgotten = 0;
  fatal: string | undefined;
  writesHeld = false;
  appliesHeld = false;
  readonly #members: Members;
  readonly #core: ReplicaCore<ReplicaMessage>;
  readonly #links: Map<number, number> = new Map<number, number>();
  readonly #sessions: Map<number, number> = new Map<number, number>();
  #sent: { readonly to: number; readonly message: ReplicaMessage }[] = [];
  #held: Send<ReplicaMessage>[] = [];
  #writes: Write["kind"][] = [];
  #durable = 0;
  #calls = 0;

  constructor({
    protocol = "zab",
    id = 1,
    voting = true,
    epochs,
    entries = [],
    snapshot,
    prepare,
    ...rest
  }: RigOptions = {}) {
    const { members = { voters: [1, 2, 3], observers: [] }, ...zab } = rest;
    this.id = id;
    this.#members = members;
    this.disk = createRecordDisk({ voting, retainedEntriesMax: zab.retainedEntriesMax ?? 1000 });
    if (epochs !== undefined) this.disk.image.epochs = { ...epochs, voting };
    this.disk.image.entries.push(...entries);
    if (snapshot !== undefined) Object.assign(this.disk.image, { snapshot, base: snapshot.position });
    const hooks = {
      prepare: (request: ProposalRequest, _position: Zxid, view: Parameters<typeof prepareChange>[1]): Prepared => {
        if (request.members !== undefined) return prepareChange(request.members, view);
        return prepare?.(request) ?? { kind: "txn", payload: request.payload };
      },
      leadershipLost: () => {
        this.forgotten += 1;
      },
      reported: (from: number, bytes: Uint8Array) => {
        this.reported.push(`${from}: ${new TextDecoder().decode(bytes)}`);
      },
    };
    const create = protocol === "zab" ? createZabCore : createPaxosCore;
    this.#core = create({ id, members, recovered: this.disk.recover(), hooks, zab });
    this.#perform();
  }

  /** To all members, in one link each. */
  linkAll(): this {
    for (const peer of [...this.#members.voters, ...this.#members.observers]) if (peer !== this.id) this.link(peer);
    return this;
  }

  link(peer: number): void {
    const link = (this.#links.get(peer) ?? 0) + 100 + peer;
    this.#links.set(peer, link);
    this.step({ kind: "linkUp", peer, link });
  }

  cut(peer: number): void {
    this.step({ kind: "linkDown", peer, link: this.#links.get(peer) ?? 0 });
  }

  hear(from: number, message: ReplicaMessage, link = this.#links.get(from) ?? 0): void {
    this.step({ kind: "message", from, link, message });
  }

  /** A learner of this leader says it, or the leader of this learner, in its present session. */
  say(from: number, message: Said<LearnerMessage> | Said<LeaderMessage>): void {
    this.hear(from, { ...message, session: this.#sessions.get(from) ?? 0 } as ReplicaMessage);
  }

  tick(count = 1): void {
    for (let left = count; left > 0; left -= 1) this.step({ kind: "tick" });
  }

  propose(command = "", members?: Members): void {
    this.#calls += 1;
    const payload = new TextEncoder().encode(command);
    const asked = members === undefined ? {} : { members };
    const request = { client: BigInt(this.id), sequence: this.#calls, payload, ...asked };
    this.step({ kind: "propose", proposal: this.#calls, ...request });
  }

  read(): void {
    this.#calls += 1;
    this.step({ kind: "read", read: this.#calls });
  }

  submit(): void {
    this.step({ kind: "submit", payload: new Uint8Array(0) });
  }

  step(input: Input<ReplicaMessage>): void {
    this.#core.step(input);
    this.#perform();
  }

  /** Several of them before it does anything. */
  stepAtOnce(inputs: readonly Input<ReplicaMessage>[]): void {
    for (const input of inputs) this.#core.step(input);
    this.#perform();
  }

  releaseWrites(): void {
    this.writesHeld = false;
    this.#completeWrites();
  }

  /** The oldest write alone is on the disk now. */
  completeWrite(): void {
    this.disk.begin();
    this.#persisted(this.disk.complete(1));
  }

  releaseApplies(): void {
    this.appliesHeld = false;
    const [last] = this.applied.at(-1)?.split(" ") ?? [];
    if (last !== undefined) this.step({ kind: "applied", position: zxid(last) });
  }

  /** The newest round of pings that has left. */
  round = 0;

  status(): CoreStatus {
    return this.#core.status();
  }

  get isInStep(): boolean {
    return this.#core.isInStep;
  }

  /** What has left since the last call, of one kind. */
  take<K extends Kind>(kind: K, to?: number): readonly Of<K>[] {
    const isTaken = (sent: { readonly to: number; readonly message: ReplicaMessage }): boolean =>
      sent.message.kind === kind && (to === undefined || sent.to === to);
    const taken = this.#sent.filter(isTaken);
    this.#sent = this.#sent.filter((sent) => !isTaken(sent));
    return taken.map(({ message }) => message as Of<K>);
  }

  /** All that has left since the last call, as `kind>to`, without votes and heartbeats. */
  takeKinds(): string {
    const kinds = this.#sent.filter(({ message }) => message.kind !== "notification" && message.kind !== "heartbeat");
    this.#sent = [];
    return kinds.map(({ to, message }) => `${message.kind}>${to}`).join(" ");
  }

  /** What the disk was asked for since the last call. */
  takeWrites(): string {
    const writes = this.#writes.join(" ");
    this.#writes = [];
    return writes;
  }

  /** The vote that a member with such a log gives. */
  voteFor(leader: number, rest: Partial<Notification> = {}): Notification {
    const { epoch, logged } = this.status();
    return {
      kind: "notification",
      state: "looking",
      leader,
      zxid: logged,
      epoch,
      configuration: undefined,
      round: 1,
      voting: true,
      fresh: false,
      ...rest,
    };
  }

  /** All other voters vote for this one, until it tries to lead. */
  elect(): this {
    const others = this.#members.voters.filter((voter) => voter !== this.id);
    for (const other of others) {
      const [asked] = this.take("notification", other);
      this.hear(other, this.voteFor(this.id, { round: asked?.round ?? 1 }));
    }
    assert(this.status().role === "leading", "whom all vote for leads");
    return this;
  }

  /** A learner asks to join, in a session of its own. */
  ask(from: number, { acceptedEpoch = 0, voting = true } = {}): void {
    this.#sessions.set(from, (this.#sessions.get(from) ?? from * 10) + 1);
    this.say(from, { kind: "followerInfo", acceptedEpoch, voting });
  }

  /** It has promised the epoch, and tells how much it knows. */
  promise(from: number, { last = 0n, currentEpoch = 0 } = {}): void {
    this.say(from, { kind: "ackEpoch", lastZxid: last, currentEpoch });
  }

  /** Its disk holds all of the history. */
  inStep(from: number): void {
    this.say(from, { kind: "ack", zxid: zxidOf(this.status().acceptedEpoch, 0) });
  }

  join(from: number, { last = 0n, currentEpoch = 0, acceptedEpoch = 0, voting = true } = {}): void {
    this.ask(from, { acceptedEpoch, voting });
    this.promise(from, { last, currentEpoch });
    this.inStep(from);
  }

  /** Leads an epoch with these in step, all with this log. What was sent until then is forgotten. */
  lead(learners: readonly number[] = this.#members.voters.filter((voter) => voter !== this.id)): this {
    this.linkAll().elect();
    const { epoch: currentEpoch, logged: last } = this.status();
    for (const learner of learners) this.join(learner, { last, currentEpoch });
    assert(this.isInStep, "a leader with a quorum in step serves");
    this.takeKinds();
    return this;
  }

  /** Decides to follow whom all others follow, and knows its session. */
  choose(leader: number): this {
    const others = this.#members.voters.filter((voter) => voter !== this.id);
    for (const other of others) if (!this.#links.has(other)) this.link(other);
    this.take("followerInfo");
    for (const other of others) {
      const state = other === leader ? "leading" : "following";
      this.hear(other, this.voteFor(leader, { state, zxid: 0n, epoch: 0 }));
    }
    assert(this.status().phase === "discovery", "whom all follow is followed");
    const [info] = this.take("followerInfo", leader);
    this.#sessions.set(leader, info?.session ?? 0);
    return this;
  }

  /** Follows one of Paxos that says so, and knows its session. */
  choosePaxos(leader: number, heartbeat: Heartbeat): void {
    this.hear(leader, heartbeat);
    this.tick(4);
    const [info] = this.take("followerInfo", leader);
    assert(info !== undefined, "who leads is followed");
    this.#sessions.set(leader, info.session);
    this.takeKinds();
  }

  /** In step with a leader of this epoch that had nothing to send. */
  follow(leader: number, epoch = this.status().acceptedEpoch + 1, guest = false): this {
    this.choose(leader);
    this.say(leader, { kind: "leaderInfo", epoch });
    this.say(leader, { kind: "diff", zxid: 0n });
    this.say(leader, { kind: "newLeader", epoch, committed: 0n });
    this.say(leader, { kind: "upToDate", committed: 0n, guest });
    this.takeKinds();
    return this;
  }

  /** A request that comes from a learner. */
  request(from: number, sequence: number, { client = 5n, members }: { client?: bigint; members?: Members } = {}): void {
    const asked = members === undefined ? {} : { members };
    this.say(from, { kind: "request", client, sequence, payload: new Uint8Array(0), ...asked });
  }

  unnamed(from: number): void {
    this.request(from, 0, { client: unnamedClient });
  }

  #perform(): void {
    const effects = this.#core.effects();
    this.fatal ??= effects.fatal?.reason;
    for (const pending of effects.writes) {
      this.disk.submit(pending);
      this.#writes.push(pending.write.kind);
    }
    this.#held.push(...effects.sends);
    let last: Zxid | undefined;
    for (const apply of effects.applies) {
      last = apply.kind === "commit" ? apply.entry.zxid : apply.snapshot.position;
      this.applied.push(apply.kind === "commit" ? formatZxid(last) : `${formatZxid(last)} restored`);
    }
    for (const { read, position } of effects.reads) this.reads.push(`${read} at ${formatZxid(position)}`);
    for (const outcome of effects.outcomes) this.outcomes.push(outcome.kind === "lost" ? outcome.reason : outcome.kind);
    if (!this.writesHeld) this.#completeWrites();
    const ready = this.#held.filter(({ after }) => after <= this.#durable);
    this.#held = this.#held.filter(({ after }) => after > this.#durable);
    for (const { to, link, message } of ready) {
      if (message.kind === "ping") this.round = message.round;
      if (message.kind === "readRequest") this.readsAsked.push(message.read);
      if (link === undefined || link === this.#links.get(to)) this.#sent.push({ to, message });
    }
    if (last !== undefined && !this.appliesHeld) this.step({ kind: "applied", position: last });
  }

  #completeWrites(): void {
    this.#persisted(this.disk.complete(this.disk.begin()));
  }

  #persisted(token: Token | undefined): void {
    if (token === undefined) return;
    this.#durable = token;
    this.step({ kind: "persisted", token });
  }
}
