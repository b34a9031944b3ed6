import { assert } from "@tutti/stdx";
import type { AcceptedEntry } from "./accepted-entry.ts";
import type { LoggedConfiguration, Members } from "./configuration.ts";
import { EntryList } from "./entry-list.ts";
import type { Entry, Snapshot } from "./entry.ts";
import type { EffectsBuffer, Token } from "./effects.ts";
import { earlierOf, formatZxid, isSuccessor, type Zxid } from "./zxid.ts";

/** What a replica finds on its disk when it starts. */
export interface RecoveredLog {
  readonly snapshot: Snapshot;
  /** The position just before the first entry; at most the snapshot's. */
  readonly base: Zxid;
  readonly entries: readonly Entry[];
  /** Where a replica of per-slot Paxos wrote here: what its slots hold behind the snapshot, and up to where it is chosen. */
  readonly slots?: { readonly accepted: readonly AcceptedEntry[]; readonly chosen: Zxid };
}

export interface MirrorOptions {
  /** Who takes part where neither snapshot nor entries say so. */
  readonly initial: Members;
  readonly out: Pick<EffectsBuffer<never>, "write">;
  readonly retainedEntriesMax: number;
}

interface InFlight {
  readonly token: Token;
  /** Where the log ends once this write is durable; lowered when a later write cuts below it. */
  end: Zxid;
  readonly snapshot: Snapshot | undefined;
}

/**
 * The log as the core has asked the disk to hold it, with the mark up to which the disk does hold it.
 *
 * Every change goes through here and becomes a write in the same call, so the mirror cannot run ahead of the order of
 * writes (Z3, Z9, Z11 and Z12 of the catalogue are all a memory that disagreed with its log). It keeps the entries after
 * `base`, which is also the window from which a leader serves DIFF: there is no second structure that could have a
 * hole (ZOOKEEPER-4925).
 */
export class LogMirror {
  #snapshot: Snapshot;
  #base: Zxid;
  #entries: EntryList;
  #durableEnd: Zxid;
  /** The one at the base, and all of the entries after it. Never empty. */
  #configurations: LoggedConfiguration[];
  readonly #initial: LoggedConfiguration;
  #inFlight: InFlight[] = [];
  readonly #out: Pick<EffectsBuffer<never>, "write">;
  readonly #retainedEntriesMax: number;

  constructor(recovered: RecoveredLog, { initial, out, retainedEntriesMax }: MirrorOptions) {
    this.#snapshot = recovered.snapshot;
    this.#base = recovered.base;
    this.#entries = new EntryList(recovered.entries);
    this.#out = out;
    this.#retainedEntriesMax = retainedEntriesMax;
    this.#durableEnd = this.end;
    this.#initial = { ...initial, outgoing: undefined, position: 0n };
    this.#configurations = this.#configurationsOf(recovered.snapshot, recovered.entries);
    let previous = this.#base;
    for (const entry of recovered.entries) {
      assert(isSuccessor(previous, entry.zxid), `${formatZxid(entry.zxid)} follows ${formatZxid(previous)} in a log`);
      previous = entry.zxid;
    }
    assert(this.#base <= this.#snapshot.position, "a log reaches back to its snapshot");
    assert(this.#snapshot.position <= this.end, "a log reaches on to its snapshot");
    this.#dropCovered();
  }

  /** The newest snapshot that is durable. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get base(): Zxid {
    return this.#base;
  }

  /** Position of the last entry asked for, durable or not. */
  get end(): Zxid {
    return this.#entries.last ?? this.#base;
  }

  /** Everything up to here is on the disk and belongs to the present history. */
  get durableEnd(): Zxid {
    return this.#durableEnd;
  }

  /** With which the ensemble began, whatever came after it. */
  get initialConfiguration(): LoggedConfiguration {
    return this.#initial;
  }

  /** The newest one, durable or not. */
  get configuration(): LoggedConfiguration {
    return this.#configurations.at(-1) ?? this.#initial;
  }

  /** The newest one up to `position`, which is not below the snapshot's. */
  configurationAt(position: Zxid): LoggedConfiguration {
    return this.#configurations.findLast((one) => one.position <= position) ?? this.#initial;
  }

  /** The one before it, unless a snapshot covers the newest. */
  get previousConfiguration(): LoggedConfiguration | undefined {
    return this.#configurations.at(-2);
  }

  get entryCount(): number {
    return this.#entries.length;
  }

  append(entry: Entry): Token {
    assert(isSuccessor(this.end, entry.zxid), `${formatZxid(entry.zxid)} follows ${formatZxid(this.end)} in a log`);
    this.#entries.push(entry);
    this.#noteConfiguration(entry);
    const token = this.#out.write({ kind: "append", entries: [entry] });
    const last = this.#inFlight.at(-1);
    if (last?.token === token) last.end = entry.zxid;
    else this.#inFlight.push({ token, end: entry.zxid, snapshot: undefined });
    return token;
  }

  /** Drops everything after `last`, which must be held. */
  truncate(last: Zxid): Token {
    assert(this.holds(last), `a log is cut at a position that it holds, ${formatZxid(last)}`);
    assert(last >= this.#snapshot.position, "a log is never cut below its snapshot");
    this.#entries.truncate(this.#indexAfter(last));
    this.#durableEnd = earlierOf(last, this.#durableEnd);
    this.#configurations = this.#configurations.filter(({ position }) => position <= last);
    for (const write of this.#inFlight) write.end = earlierOf(last, write.end);
    const token = this.#out.write({ kind: "truncate", last });
    this.#inFlight.push({ token, end: last, snapshot: undefined });
    return token;
  }

  /** Exchanges the whole history. `safe` is the part of the old history that the new one is known to contain. */
  replace(snapshot: Snapshot, entries: readonly Entry[], safe: Zxid): Token {
    this.#base = snapshot.position;
    this.#entries = new EntryList(entries);
    this.#durableEnd = safe;
    this.#configurations = this.#configurationsOf(snapshot, entries);
    for (const write of this.#inFlight) write.end = safe;
    const token = this.#out.write({ kind: "replace", snapshot, entries });
    this.#inFlight.push({ token, end: this.end, snapshot });
    this.#snapshot = snapshot;
    return token;
  }

  /** Has the disk keep a snapshot of this replica's own state. Entries are dropped only once it is durable. */
  saveSnapshot(snapshot: Snapshot): Token {
    assert(snapshot.position <= this.end, "a snapshot lies inside the log");
    const token = this.#out.write({ kind: "snapshot", snapshot });
    this.#inFlight.push({ token, end: this.#inFlight.at(-1)?.end ?? this.#durableEnd, snapshot });
    return token;
  }

  /** The disk reports that every write up to `token` is durable. */
  persisted(token: Token): void {
    while (this.#inFlight[0] !== undefined && this.#inFlight[0].token <= token) {
      const done = this.#inFlight.shift();
      if (done === undefined) break;
      this.#durableEnd = done.end;
      if (done.snapshot !== undefined && done.snapshot.position > this.#snapshot.position) this.#adopt(done.snapshot);
    }
  }

  /** True when `zxid` is the position of an entry held here, or the base. */
  holds(zxid: Zxid): boolean {
    if (zxid === this.#base) return true;
    const index = this.#indexAfter(zxid) - 1;
    return index >= 0 && this.#entries.zxidAt(index) === zxid;
  }

  /** The entries after `zxid`, oldest first. */
  after(zxid: Zxid): readonly Entry[] {
    return this.#entries.slice(this.#indexAfter(zxid));
  }

  /** The entries after `zxid` up to and with `last`, oldest first. */
  range(zxid: Zxid, last: Zxid): readonly Entry[] {
    return this.#entries.slice(this.#indexAfter(zxid), this.#indexAfter(last));
  }

  /** The position just before the first entry that is larger than `zxid`. */
  floorOf(zxid: Zxid): Zxid {
    const index = this.#indexAfter(zxid) - 1;
    return index < 0 ? this.#base : this.#entries.zxidAt(index);
  }

  #adopt(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    const present = this.#configurations.findLastIndex(({ position }) => position <= snapshot.position);
    this.#configurations.splice(0, Math.max(0, present));
    this.#dropCovered();
  }

  /** Keeps of what the snapshot covers no more than is wanted for those that are a little behind. */
  #dropCovered(): void {
    const droppable = this.#indexAfter(this.#snapshot.position) - this.#retainedEntriesMax;
    if (droppable <= 0) return;
    this.#base = this.#entries.zxidAt(droppable - 1);
    this.#entries.dropFirst(droppable);
  }

  #noteConfiguration({ configuration, zxid }: Entry): void {
    if (configuration !== undefined) this.#configurations.push({ ...configuration, position: zxid });
  }

  /** Those of entries that the snapshot covers are committed, and what came before them is of no use any more. */
  #configurationsOf(snapshot: Snapshot, entries: readonly Entry[]): LoggedConfiguration[] {
    const found = [snapshot.configuration ?? this.#initial];
    for (const { configuration, zxid } of entries) {
      if (configuration !== undefined && zxid > snapshot.position) found.push({ ...configuration, position: zxid });
    }
    return found;
  }

  /** Index of the first entry larger than `zxid`, by bisection. */
  #indexAfter(zxid: Zxid): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries.zxidAt(middle) <= zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
