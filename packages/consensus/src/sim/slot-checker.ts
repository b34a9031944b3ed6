import { assert } from "@tutti/stdx";
import { chosenBallot, type AcceptedEntry } from "../core/accepted-entry.ts";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { Send } from "../core/effects.ts";
import type { Entry, NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import { formatZxid, type Zxid } from "../core/zxid.ts";
import type { ReplicaChecker } from "./checker.ts";
import type { DiskImage } from "./record-disk.ts";
import { nameOf, submissionOf } from "./request-name.ts";

interface Proposal {
  readonly value: string;
  readonly entry: Entry;
  readonly by: Set<NodeId>;
}

/** The value that a quorum of disks accepted in one ballot, the first in which that was so. */
interface Choice {
  readonly value: string;
  readonly ballot: number;
  readonly entry: Entry;
}

/**
 * What per-slot Paxos promises, asserted after every event. Acceptances are counted as they reach the platters: a slot
 * is chosen when a majority of voters have accepted one value in one ballot, whatever any replica believes.
 */
export class SlotChecker implements ReplicaChecker {
  readonly chain: Entry[] = [];
  /** That which decides the slot behind the chosen prefix first; then those that were accepted anywhere behind it. */
  #configurations: LoggedConfiguration[];
  /** Those that decided slots within the chosen prefix, in their order, and the one that decides what is behind it. */
  readonly #deciding: LoggedConfiguration[];
  /** Every slot up to here is chosen. */
  #prefix: Zxid = 0n;
  /** The highest ballot whose barrier lies there: behind it, lower ballots choose nothing, whoever has accepted them. */
  #barred = 0;
  readonly #imageOf: (node: NodeId) => DiskImage;
  readonly #proposals: Map<Zxid, Map<number, Proposal>> = new Map();
  readonly #choices: Map<Zxid, Choice> = new Map<Zxid, Choice>();
  readonly #barriers: Map<number, Zxid> = new Map<number, Zxid>();
  readonly #next: Map<NodeId, Zxid> = new Map<NodeId, Zxid>();
  readonly #leaders: Map<number, NodeId> = new Map<number, NodeId>();
  readonly #keys: Set<string> = new Set<string>();
  readonly #lost: Set<string> = new Set<string>();
  readonly #repeated: Set<string> = new Set<string>();
  readonly #submitted: Map<string, number> = new Map<string, number>();
  readonly #reads: Map<string, Zxid> = new Map<string, Zxid>();
  /** The ballot of the last barrier that was applied. */
  #entered = 0;

  constructor(members: Members, imageOf: (node: NodeId) => DiskImage) {
    this.#configurations = [{ ...members, outgoing: undefined, position: 0n }];
    this.#deciding = [...this.#configurations];
    this.#imageOf = imageOf;
  }

  get configurations(): readonly LoggedConfiguration[] {
    return this.#configurations;
  }

  get committedEnd(): Zxid {
    return this.chain.at(-1)?.zxid ?? 0n;
  }

  /** A slot reached a platter. One ballot proposes one value for it, and at most one value is ever chosen. */
  accepted(node: NodeId, { ballot, entry }: AcceptedEntry): void {
    const slot = entry.zxid;
    const value = valueOf(entry);
    const at = formatZxid(slot);
    const choice = this.#choices.get(slot);
    if (ballot === chosenBallot) {
      assert(choice?.value === value, `what node ${node} takes for chosen at ${at} is chosen, ${value}`);
      return;
    }
    const ballots = this.#proposals.get(slot) ?? new Map<number, Proposal>();
    this.#proposals.set(slot, ballots);
    const proposal = ballots.get(ballot) ?? { value, entry, by: new Set<NodeId>() };
    ballots.set(ballot, proposal);
    assert(proposal.value === value, `ballot ${ballot} proposes one value for ${at}, ${proposal.value} or ${value}`);
    proposal.by.add(node);
    this.#consider(slot, ballot);
    while (this.#choices.has(this.#prefix + 1n)) this.#extendPrefix();
  }

  /** Whether the voters before this slot have chosen what this ballot proposes for it; those of a later slot had no say. */
  #consider(slot: Zxid, ballot: number): void {
    if (ballot < this.#barred && slot > this.#prefix) return;
    const proposal = this.#proposals.get(slot)?.get(ballot);
    const { voters = [] } = this.#deciding.findLast(({ position }) => position < slot) ?? {};
    if (proposal === undefined || voters.filter((voter) => proposal.by.has(voter)).length * 2 <= voters.length) return;
    const choice = this.#choices.get(slot);
    const { value, entry } = proposal;
    const at = formatZxid(slot);
    assert((choice?.value ?? value) === value, `one value is chosen for ${at}, ${choice?.value} or ${value}`);
    if (choice === undefined) this.#choices.set(slot, { value, ballot, entry });
  }

  /** Where the next slot changes the members, the new ones may have chosen what is behind it. */
  #extendPrefix(): void {
    this.#prefix += 1n;
    const { kind, sequence = 0, configuration } = this.#choices.get(this.#prefix)?.entry ?? {};
    if (kind === "noop") this.#barred = Math.max(this.#barred, sequence);
    const later = this.#configurations.slice(1).filter(({ position }) => position > this.#prefix);
    if (configuration === undefined) {
      this.#configurations = [...this.#configurations.slice(0, 1), ...later];
      return;
    }
    const decides = { ...configuration, position: this.#prefix };
    this.#configurations = [decides, ...later];
    this.#deciding.push(decides);
    for (const [slot, ballots] of this.#proposals) {
      if (slot > this.#prefix) for (const ballot of ballots.keys()) this.#consider(slot, ballot);
    }
  }

  started(node: NodeId, snapshot: Zxid): void {
    const known = formatZxid(snapshot);
    assert(snapshot <= this.committedEnd, `the snapshot of node ${node} at ${known} holds chosen slots only`);
    this.#next.set(node, snapshot + 1n);
    const image = this.#imageOf(node);
    const barrier = this.#barriers.get(image.epochs.current) ?? 0n;
    const prefix = image.chosen > image.snapshot.position ? image.chosen : image.snapshot.position;
    const entered = formatZxid(barrier);
    assert(prefix >= barrier, `the disk of node ${node} has entered a ballot, and knows its barrier ${entered}`);
  }

  restored(node: NodeId, snapshot: Zxid): void {
    this.started(node, snapshot);
  }

  /** Asked for, and on its way to the disk: from now on its members may decide. */
  logged(_node: NodeId, { zxid: position, configuration }: Entry): void {
    if (configuration === undefined || position <= this.#prefix) return;
    if (this.#configurations.some((known) => known.position === position)) return;
    this.#configurations.push({ ...configuration, position });
  }

  /** Agreement and total order: every node applies the chosen values, slot by slot, each request once. */
  applied(node: NodeId, entry: Entry, isDuplicate: boolean): void {
    const slot = entry.zxid;
    const at = formatZxid(slot);
    const next = this.#next.get(node);
    assert(next === slot, `node ${node} applies ${next === undefined ? "nothing" : formatZxid(next)} next, not ${at}`);
    this.#next.set(node, slot + 1n);
    const choice = this.#choices.get(slot);
    assert(choice !== undefined, `${at}, applied by ${node}, is accepted by a majority of disks`);
    assert(choice.value === valueOf(entry), `node ${node} applies what is chosen at ${at}, ${choice.value}`);
    const image = this.#imageOf(node);
    const held = image.slots.get(slot);
    const isHeld = slot <= image.snapshot.position || (held !== undefined && valueOf(held.entry) === choice.value);
    assert(isHeld, `node ${node} applies ${at} only when its own disk holds it`);
    if (slot <= this.committedEnd) return;
    this.#extend(entry, choice, isDuplicate);
  }

  #extend(entry: Entry, { ballot }: Choice, isDuplicate: boolean): void {
    this.chain.push(entry);
    const key = nameOf(entry);
    if (entry.kind === "noop") {
      if (entry.sequence === 0) return;
      assert(entry.sequence > this.#entered, `barriers of ballots are applied in their order, ${key}`);
      this.#entered = entry.sequence;
      this.#barriers.set(entry.sequence, entry.zxid);
      return;
    }
    // What is applied behind the barrier of a ballot was never proposed before: its own leader gave it this slot.
    assert(ballot >= this.#entered, `${key} of ballot ${ballot} is not applied behind that of ${this.#entered}`);
    assert(this.#keys.has(key) === isDuplicate, `request ${key} is applied once`);
    if (isDuplicate) return;
    assert(!this.#lost.has(key) || this.#repeated.has(key), `request ${key}, reported lost, is never applied`);
    this.#keys.add(key);
    const submission = submissionOf(entry);
    if (submission === undefined) return;
    const { sequence } = submission;
    const source = `${submission.node}.${submission.life}`;
    const last = this.#submitted.get(source) ?? 0;
    assert(sequence > last, `request ${key} is applied before its later ones, up to ${last}`);
    this.#submitted.set(source, sequence);
  }

  /** Durable before said, checked against the platter and not against what the driver believes. */
  sent(node: NodeId, { message }: Send<ReplicaMessage>): void {
    const image = this.#imageOf(node);
    const { accepted, voting } = image.epochs;
    switch (message.kind) {
      case "prepare":
      case "lead":
      case "promise":
      case "preempted":
        assert(accepted >= message.ballot, `the disk of node ${node} holds the promise of its ${message.kind}`);
        return;
      case "followed":
        if (!message.voting) return;
        assert(voting && accepted >= message.ballot, `the disk of node ${node} holds the promise that it confirms`);
        return;
      case "accepted":
        for (let slot = message.first; slot <= message.last; slot += 1n) {
          const held = image.slots.get(slot);
          const isChosen = held !== undefined && this.#choices.get(slot)?.value === valueOf(held.entry);
          const isHeld = held !== undefined && held.ballot >= message.ballot;
          const at = formatZxid(slot);
          assert(
            slot <= image.snapshot.position || isHeld || isChosen,
            `node ${node} says that it accepted ${at} when its disk holds it`,
          );
        }
        return;
      default:
        return;
    }
  }

  /** One leader for each ballot, which knows all that was applied in lower ones; and applied <= known <= held. */
  status(status: CoreStatus): void {
    const { id, delivered, durable, logged, committed, epoch } = status;
    assert(durable <= logged && committed <= logged, `node ${id} has nothing durable or chosen that it does not hold`);
    assert(delivered <= committed, `node ${id} applies nothing that is not chosen`);
    if (status.role !== "leading" || status.phase !== "broadcast" || this.#leaders.get(epoch) === id) return;
    const known = this.#leaders.get(epoch);
    assert(known === undefined, `ballot ${epoch} has one leader, ${known}, not also ${id}`);
    this.#leaders.set(epoch, id);
    const end = this.chain.findLast(({ zxid }) => (this.#choices.get(zxid)?.ballot ?? 0) < epoch)?.zxid ?? 0n;
    assert(committed >= end, `the leader of ballot ${epoch}, ${id}, knows ${formatZxid(end)}, which was applied`);
  }

  repeated(key: string): void {
    this.#repeated.add(key);
  }

  lost(key: string): void {
    if (this.#repeated.has(key)) return;
    assert(!this.#keys.has(key), `request ${key}, which was applied, is not reported lost`);
    this.#lost.add(key);
  }

  readAsked(read: string): void {
    this.#reads.set(read, this.committedEnd);
  }

  readAnswered(read: string, position: Zxid): void {
    const asked = this.#reads.get(read);
    this.#reads.delete(read);
    const seen = formatZxid(position);
    assert(
      asked === undefined || position >= asked,
      `read ${read} at ${seen} sees what was applied before it was asked`,
    );
  }
}

function valueOf(entry: Entry): string {
  return `${entry.kind} ${nameOf(entry)}`;
}
