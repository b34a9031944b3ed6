import { assert } from "@tutti/stdx";
import { chosenBallot, type AcceptedEntry } from "../accepted-entry.ts";
import type { EffectsBuffer, Epochs, Token } from "../effects.ts";
import type { Entry, Snapshot } from "../entry.ts";
import type { Configuration, LoggedConfiguration } from "../configuration.ts";
import type { RecoveredLog } from "../log-mirror.ts";
import { earlierOf, laterOf, type Zxid } from "../zxid.ts";

/** What one slot holds, and the write that brings it to the disk. */
export interface SlotRecord extends AcceptedEntry {
  readonly token: Token;
  /** Known to be the value of its slot for ever. Not on the disk by itself. */
  chosen: boolean;
}

export interface SlotLogOptions {
  readonly recovered: RecoveredLog;
  /** Who takes part as long as no slot says otherwise. */
  readonly initial: LoggedConfiguration;
  readonly out: Pick<EffectsBuffer<never>, "write">;
  readonly retainedEntriesMax: number;
}

/**
 * The slots of one acceptor as it has asked the disk to hold them. Slots are numbered from 1 without end; they are
 * written in any order and may be written again in a higher ballot, until they are known to be chosen.
 *
 * `committed` is the end of the known prefix: every slot up to it is chosen, and held here or covered by the snapshot.
 */
export class SlotLog {
  #snapshot: Snapshot;
  /** Slots up to here are not held in memory. */
  #base: Zxid;
  /** Slot `base + 1` first. */
  #records: (SlotRecord | undefined)[] = [];
  #committed: Zxid;
  #durableEnd: Zxid;
  /** A snapshot of others that is on its way to the disk. */
  #installing: { readonly token: Token; readonly position: Zxid } | undefined;
  #saving: { readonly token: Token; readonly snapshot: Snapshot }[] = [];
  readonly #out: Pick<EffectsBuffer<never>, "write">;
  readonly #retainedEntriesMax: number;
  readonly #initial: LoggedConfiguration;
  #configuration: LoggedConfiguration;

  constructor({ recovered, initial, out, retainedEntriesMax }: SlotLogOptions) {
    this.#out = out;
    this.#retainedEntriesMax = retainedEntriesMax;
    this.#initial = initial;
    this.#configuration = recovered.snapshot.configuration ?? initial;
    this.#snapshot = recovered.snapshot;
    const { position } = recovered.snapshot;
    // What a slot at or below the snapshot held need not be what was chosen there: the snapshot may have come from others.
    this.#base = position;
    this.#committed = position;
    this.#durableEnd = position;
    const { accepted, chosen } = recovered.slots ?? { accepted: [], chosen: 0n };
    for (const { ballot, entry } of accepted) {
      if (entry.zxid <= position) continue;
      this.#put({ ballot, entry, token: 0, chosen: ballot === chosenBallot || entry.zxid <= chosen });
    }
    this.advance();
    this.persisted(0);
    assert(this.#committed >= chosen || position >= chosen, "a disk holds every slot that it knows to be chosen");
  }

  /** The newest snapshot that is durable, or on its way in the place of the history. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get base(): Zxid {
    return this.#base;
  }

  get committed(): Zxid {
    return this.#committed;
  }

  /** The highest slot that holds anything. */
  get end(): Zxid {
    return this.#base + BigInt(this.#records.length);
  }

  /** Every slot up to here is on the disk. */
  get durableEnd(): Zxid {
    return this.#durableEnd;
  }

  /** The end of the known prefix on the disk. */
  get durablePrefix(): Zxid {
    return earlierOf(this.#committed, this.#durableEnd);
  }

  /** The newest of the known prefix: it says who decides the slot behind that prefix. */
  get configuration(): LoggedConfiguration {
    return this.#configuration;
  }

  get(slot: Zxid): SlotRecord | undefined {
    return this.#records[Number(slot - this.#base) - 1];
  }

  /** Whether its slot holds this value, chosen or not. */
  holds(entry: Entry): boolean {
    const held = this.get(entry.zxid);
    return held !== undefined && isSameValue(held.entry, entry);
  }

  /** Writes what a ballot proposes for a slot that is not known to be chosen. */
  accept(ballot: number, entry: Entry): Token {
    const held = this.get(entry.zxid);
    assert(held?.chosen !== true && entry.zxid > this.#committed, "a chosen slot is not written again");
    assert(held === undefined || held.ballot <= ballot, "a slot is written in ballots that go up");
    return this.#write(ballot, entry);
  }

  /** The slot is known to be chosen with this value. False where another is known to be. */
  learn(entry: Entry): boolean {
    if (entry.zxid <= this.#base) return true;
    const held = this.get(entry.zxid);
    if (held !== undefined && this.holds(entry)) held.chosen = true;
    else if (held?.chosen === true) return false;
    else this.#write(chosenBallot, entry);
    return true;
  }

  /** Has the disk know how far the known prefix reaches. What comes next may rely on it. */
  saveChosen(): void {
    this.#out.write({ kind: "accept", accepted: [], chosen: this.#committed });
  }

  /** Takes chosen slots into the known prefix, as far as there is none missing. Returns those taken. */
  advance(): readonly Entry[] {
    const taken: Entry[] = [];
    for (;;) {
      const next = this.get(this.#committed + 1n);
      if (next?.chosen !== true) return taken;
      this.#committed += 1n;
      taken.push(next.entry);
      const { configuration, zxid } = next.entry;
      if (configuration !== undefined) this.#configuration = { ...configuration, position: zxid };
    }
  }

  /** What the slots after `slot` hold, up to and with `last`, in order; holes are left out. */
  held(slot: Zxid, last: Zxid = this.end): readonly SlotRecord[] {
    const start = Math.max(0, Number(slot - this.#base));
    return this.#records.slice(start, Number(last - this.#base)).filter((record) => record !== undefined);
  }

  /** Puts a snapshot of others in the place of all slots up to its position. What is accepted behind it stays. */
  install(snapshot: Snapshot, epochs: Epochs): Token {
    assert(snapshot.position > this.#committed, "a snapshot is installed that knows more");
    const kept = this.held(snapshot.position);
    const accepted = kept.map(({ ballot, entry, chosen }) => ({ ballot: chosen ? chosenBallot : ballot, entry }));
    const token = this.#out.write({ kind: "install", snapshot, accepted, epochs });
    // Until then the disk knows what it knew before (SEED=710109 of level B with changes of members).
    this.#durableEnd = this.durablePrefix;
    this.#installing = { token, position: snapshot.position };
    this.#base = snapshot.position;
    this.#records = [];
    for (const record of kept) this.#put({ ...record, token });
    this.#committed = snapshot.position;
    this.#snapshot = snapshot;
    this.#configuration = snapshot.configuration ?? this.#initial;
    return token;
  }

  /** Has the disk keep a snapshot of this replica's own state. */
  saveSnapshot(snapshot: Snapshot): Token {
    assert(snapshot.position <= this.#committed, "a snapshot lies inside the known prefix");
    const token = this.#out.write({ kind: "snapshot", snapshot });
    this.#saving.push({ token, snapshot });
    return token;
  }

  /** The disk reports that every write up to `token` is durable. */
  persisted(token: Token): void {
    while (this.#saving[0] !== undefined && this.#saving[0].token <= token) {
      const saved = this.#saving.shift();
      if (saved !== undefined && saved.snapshot.position > this.#snapshot.position) this.#adopt(saved.snapshot);
    }
    if (this.#installing !== undefined && this.#installing.token <= token) {
      this.#durableEnd = laterOf(this.#durableEnd, this.#installing.position);
      this.#installing = undefined;
    }
    for (;;) {
      const next = this.get(this.#durableEnd + 1n);
      if (next === undefined || next.token > token) return;
      this.#durableEnd += 1n;
    }
  }

  #write(ballot: number, entry: Entry): Token {
    const token = this.#out.write({ kind: "accept", accepted: [{ ballot, entry }], chosen: this.#committed });
    this.#put({ ballot, entry, token, chosen: ballot === chosenBallot });
    if (this.#durableEnd >= entry.zxid) this.#durableEnd = entry.zxid - 1n;
    return token;
  }

  #put(record: SlotRecord): void {
    this.#records[Number(record.entry.zxid - this.#base) - 1] = record;
  }

  /** Of what a snapshot covers, the last entries are kept for those who lack a little. */
  #adopt(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    // A list gives up a negative number of records by giving up none.
    const surplus = Number(snapshot.position - this.#base) - this.#retainedEntriesMax;
    this.#base += BigInt(this.#records.splice(0, surplus).length);
  }
}

/** Two proposals of one request, or two no-ops of one leader, are one value. */
function isSameValue(left: Entry, right: Entry): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || left.client !== right.client || left.sequence !== right.sequence) return false;
  if (!isSameConfiguration(left.configuration, right.configuration)) return false;
  const { payload } = right;
  return left.payload.length === payload.length && left.payload.every((byte, index) => byte === payload[index]);
}

function isSameConfiguration(left: Configuration | undefined, right: Configuration | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const listsOf = ({ voters, observers, outgoing = [] }: Configuration): string =>
    [voters, observers, outgoing].map((ids) => ids.join()).join(";");
  return listsOf(left) === listsOf(right);
}
