import { assert } from "@tutti/stdx";
import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { Entry, NodeId } from "../core/entry.ts";
import type { Send } from "../core/effects.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import { counterOf, epochOf, formatZxid, type Zxid } from "../core/zxid.ts";
import type { DiskImage } from "./record-disk.ts";
import { nameOf, submissionOf } from "./request-name.ts";

/** What one node has applied, as the checker follows it. */
interface Follower {
  /** Index into the chain of the next entry it must apply. */
  next: number;
}

/** What a simulated replica shows at every step, whatever its protocol promises. */
export type ReplicaChecker = Pick<
  Checker,
  | "chain"
  | "committedEnd"
  | "configurations"
  | "started"
  | "restored"
  | "logged"
  | "sent"
  | "status"
  | "repeated"
  | "lost"
  | "readAsked"
  | "readAnswered"
> & {
  /** `isDuplicate`: the machine has seen this request, and does not see it again. */
  applied(node: NodeId, entry: Entry, isDuplicate: boolean): void;
};

/** What a checker can look at beside what it is told. */
export interface CheckerSight {
  /** With which the ensemble begins. */
  readonly members: Members;
  /** What the disk of a node holds; undefined where that is not to be seen at this level. */
  readonly imageOf: (node: NodeId) => DiskImage | undefined;
  /** The epoch that a node is in. */
  readonly epochOf: (node: NodeId) => number;
  /** Whether positions may be missing among those that are seen applied: requests that a machine refused, and no-ops. */
  readonly hasRefusals?: boolean;
}

/**
 * Sees everything in a simulated ensemble and asserts, after every event, what the protocol promises. It keeps one
 * chain: the entries in the order in which they were first applied anywhere.
 */
export class Checker {
  readonly chain: Entry[] = [];
  readonly #indexOf: Map<Zxid, number> = new Map<Zxid, number>();
  readonly #keys: Set<string> = new Set<string>();
  readonly #followers: Map<NodeId, Follower> = new Map<NodeId, Follower>();
  readonly #leaders: Map<number, NodeId> = new Map<number, NodeId>();
  readonly #requests: Map<Zxid, string> = new Map<Zxid, string>();
  readonly #lost: Set<string> = new Set<string>();
  readonly #committedIn: number[] = [];
  readonly #entered: Map<NodeId, number> = new Map<NodeId, number>();
  readonly #submitted: Map<string, number> = new Map<string, number>();
  readonly #repeated: Set<string> = new Set<string>();
  readonly #reads: Map<string, Zxid> = new Map<string, Zxid>();
  /** That of the chain's end, and all that were logged anywhere after it. */
  #configurations: LoggedConfiguration[];
  readonly #sight: CheckerSight;

  constructor(sight: CheckerSight) {
    this.#sight = sight;
    this.#configurations = [{ ...sight.members, outgoing: undefined, position: 0n }];
  }

  /** Who takes part by what is applied, first; and by what may yet be. */
  get configurations(): readonly LoggedConfiguration[] {
    return this.#configurations;
  }

  get committedEnd(): Zxid {
    return this.chain.at(-1)?.zxid ?? 0n;
  }

  /** A node starts from its own snapshot. */
  started(node: NodeId, snapshot: Zxid): void {
    this.#followers.set(node, { next: this.#positionAfter(node, snapshot) });
    this.#enteredEpoch(node);
  }

  restored(node: NodeId, snapshot: Zxid): void {
    this.started(node, snapshot);
  }

  /** Agreement and total order: every node applies the same entries in the same order, each once. */
  applied(node: NodeId, entry: Entry): void {
    const follower = this.#followers.get(node);
    assert(follower !== undefined, "only a started node applies");
    const known = this.chain[follower.next];
    const at = formatZxid(entry.zxid);
    if (known === undefined) {
      this.#extend(node, entry);
    } else {
      assert(known.zxid === entry.zxid, `node ${node} applies ${formatZxid(known.zxid)} next, not ${at}`);
      assert(nameOf(known) === nameOf(entry), `every node applies the same transaction at ${at}`);
    }
    follower.next += 1;
    const image = this.#sight.imageOf(node);
    const isHeld = image === undefined || holds(image, entry.zxid);
    assert(isHeld, `node ${node} applies ${at} only when its own disk holds it`);
  }

  #extend(node: NodeId, entry: Entry): void {
    const at = formatZxid(entry.zxid);
    const end = this.chain.at(-1);
    // Local and global primary order: positions of one leader have no holes, and no later epoch came before.
    assert(end === undefined || entry.zxid > end.zxid, `${at} is applied after everything smaller`);
    const mayMiss = this.#sight.hasRefusals === true;
    const gapless = mayMiss || counterOf(entry.zxid) === 1 || (end !== undefined && entry.zxid === end.zxid + 1n);
    assert(gapless, `${at} is applied only behind what its leader proposed before`);
    this.#enterConfiguration(entry);
    this.#checkMajority(node, entry.zxid);
    const key = nameOf(entry);
    assert(!this.#lost.has(key) || this.#repeated.has(key), `request ${key}, reported lost, is never applied`);
    assert(!this.#keys.has(key), `request ${key} is applied once`);
    this.#keys.add(key);
    this.#checkSubmission(entry);
    this.#indexOf.set(entry.zxid, this.chain.length);
    this.chain.push(entry);
    this.#committedIn.push(this.#sight.epochOf(node));
  }

  /** A leader that has logged a later configuration commits by that one. */
  #checkMajority(node: NodeId, zxid: Zxid): void {
    const isHeld = this.#configurations.some(
      ({ voters, outgoing }) =>
        this.#isOnMajority(voters, zxid) && (outgoing === undefined || this.#isOnMajority(outgoing, zxid)),
    );
    assert(isHeld, `${formatZxid(zxid)}, applied by ${node}, is on a majority of disks`);
  }

  #enterConfiguration({ configuration, zxid }: Entry): void {
    if (configuration !== undefined) this.configurationApplied({ ...configuration, position: zxid });
  }

  /** Also told from outside, where entries that no machine sees are not shown. */
  configurationApplied(configuration: LoggedConfiguration): void {
    const present = this.#configurations[0];
    if (present !== undefined && present.position >= configuration.position) return;
    const later = this.#configurations.filter(({ position }) => position > configuration.position);
    this.#configurations = [configuration, ...later];
  }

  configurationLogged(configuration: LoggedConfiguration): void {
    const present = this.#configurations[0];
    if (present !== undefined && present.position >= configuration.position) return;
    if (this.#configurations.some(({ position }) => position === configuration.position)) return;
    this.#configurations.push(configuration);
  }

  /** A voter whose disk was wiped had it, for all anyone knows; until it is in step again it has no vote to misuse. */
  #isOnMajority(voters: readonly NodeId[], zxid: Zxid): boolean {
    const holders = voters.filter((voter) => {
      const image = this.#sight.imageOf(voter);
      return image === undefined || holds(image, zxid) || !image.epochs.voting;
    });
    return holders.length * 2 > voters.length;
  }

  /** What one life of a replica submitted is applied in its order. Some of it may be lost, none comes late. */
  #checkSubmission(entry: Entry): void {
    const submission = submissionOf(entry);
    if (submission === undefined) return;
    const source = `${submission.node}.${submission.life}`;
    const last = this.#submitted.get(source) ?? 0;
    assert(submission.sequence > last, `request ${nameOf(entry)} is applied before its later ones, up to ${last}`);
    this.#submitted.set(source, submission.sequence);
  }

  /** Log before epoch: a disk that has entered an epoch holds all that was committed before it (ZOOKEEPER-4643). */
  #enteredEpoch(node: NodeId): void {
    const image = this.#sight.imageOf(node);
    if (image === undefined) return;
    const { current } = image.epochs;
    if (this.#entered.get(node) === current) return;
    this.#entered.set(node, current);
    const last = this.#lastBefore(current);
    const at = formatZxid(last);
    assert(
      last === 0n || holds(image, last),
      `node ${node} enters epoch ${current} with ${at}, committed before, on its disk`,
    );
  }

  /**
   * The last position that was first applied under an epoch before this one. An entry of an old epoch may become
   * committed as late as by the history of a new leader, so its own epoch says too little.
   */
  #lastBefore(epoch: number): Zxid {
    const index = this.#committedIn.findLastIndex((committedIn) => committedIn < epoch);
    return this.chain[index]?.zxid ?? 0n;
  }

  #positionAfter(node: NodeId, snapshot: Zxid): number {
    if (snapshot === 0n) return 0;
    const index = this.#indexOf.get(snapshot);
    assert(index !== undefined, `the snapshot of node ${node} at ${formatZxid(snapshot)} holds committed entries only`);
    return index + 1;
  }

  /** Log matching: one position, one request, in every log that ever held it. */
  logged(node: NodeId, entry: Entry): void {
    const key = nameOf(entry);
    const known = this.#requests.get(entry.zxid);
    if (known === undefined) {
      this.#requests.set(entry.zxid, key);
      if (entry.configuration !== undefined) {
        this.#configurations.push({ ...entry.configuration, position: entry.zxid });
      }
    } else assert(known === key, `${formatZxid(entry.zxid)} in the log of ${node} is the request it is everywhere`);
  }

  /** Durable before acknowledged, checked against the platter and not against what the driver believes. */
  sent(
    node: NodeId,
    { message }: Pick<Send<ReplicaMessage>, "message">,
    image: DiskImage | undefined = this.#sight.imageOf(node),
  ): void {
    if (image === undefined) return;
    switch (message.kind) {
      case "ack":
        if (counterOf(message.zxid) === 0) {
          assert(image.epochs.current >= epochOf(message.zxid), `node ${node} acks an epoch that its disk holds`);
        } else {
          assert(holds(image, message.zxid), `node ${node} acks ${formatZxid(message.zxid)} when its disk holds it`);
        }
        return;
      case "leaderInfo":
        assert(image.epochs.accepted >= message.epoch, `leader ${node} announces an epoch that its disk holds`);
        return;
      case "ackEpoch":
        assert(endOf(image) >= message.lastZxid, `node ${node} reports a log end that its disk holds`);
        // The promise is of a later epoch than the one it is in: the disk must know of it.
        assert(image.epochs.accepted > message.currentEpoch, `node ${node} promises an epoch that its disk holds`);
        return;
      case "notification":
        if (message.state === "looking" && message.leader === node) {
          assert(endOf(image) === message.zxid, `node ${node} votes with the log end of its disk`);
        }
        return;
      default:
        return;
    }
  }

  /** Leader uniqueness and completeness, and the order applied <= committed <= logged. */
  status(status: CoreStatus): void {
    const { id, delivered, durable, logged, committed } = status;
    this.#enteredEpoch(id);
    assert(durable <= logged, `node ${id} has nothing durable that it did not log`);
    assert(delivered <= committed, `node ${id} applies nothing that is not committed`);
    if (status.role !== "leading" || status.phase !== "broadcast") return;
    const known = this.#leaders.get(status.epoch);
    if (known === id) return;
    assert(known === undefined, `epoch ${status.epoch} has one leader, ${known}, not also ${id}`);
    this.#leaders.set(status.epoch, id);
    // What a later epoch committed meanwhile need not be known to a leader that hears of its own success late.
    const end = this.#lastBefore(status.epoch);
    assert(logged >= end, `the leader of epoch ${status.epoch}, ${id}, holds ${formatZxid(end)}, which was applied`);
  }

  /** Who was told that a request was applied was told where: it is there, and nowhere else. */
  acknowledged(key: string, position: Zxid): void {
    const index = this.#indexOf.get(position);
    const entry = index === undefined ? undefined : this.chain[index];
    assert(
      entry !== undefined && nameOf(entry) === key,
      `request ${key}, acknowledged, is what was applied at ${formatZxid(position)}`,
    );
  }

  /** The same request is made at several nodes: then one of the proposals may be lost and another applied. */
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

  /** Linearizability of reads: nothing that was applied anywhere before the question is missing from the answer. */
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

function endOf(image: DiskImage): Zxid {
  return image.entries.at(-1)?.zxid ?? image.base;
}

function holds(image: DiskImage, zxid: Zxid): boolean {
  if (zxid <= image.snapshot.position) return true;
  let low = 0;
  let high = image.entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = image.entries[middle]?.zxid ?? 0n;
    if (at === zxid) return true;
    if (at < zxid) low = middle + 1;
    else high = middle;
  }
  return false;
}
