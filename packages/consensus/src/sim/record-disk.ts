import { assert, type Prng } from "@tutti/stdx";
import { chosenBallot, type AcceptedEntry } from "../core/accepted-entry.ts";
import type { Epochs, PendingWrite, Token, Write } from "../core/effects.ts";
import { emptySnapshot, type Entry, type Snapshot } from "../core/entry.ts";
import type { RecoveredState } from "../core/replica-core.ts";
import { isSuccessor, type Zxid } from "../core/zxid.ts";

/** What has reached the platter of one simulated node. */
export interface DiskImage {
  snapshot: Snapshot;
  base: Zxid;
  entries: Entry[];
  epochs: Epochs;
  /** What per-slot Paxos accepted, in the order in which the slots were first written, and up to where it is chosen. */
  slots: Map<Zxid, AcceptedEntry>;
  chosen: Zxid;
}

/**
 * A disk that holds log records rather than bytes, for level A of the simulator. Writes reach the platter in order,
 * each after its own delay. A crash keeps a prefix of what was under way, and of an append a prefix of its entries.
 */
export interface RecordDisk {
  readonly image: DiskImage;
  submit(pending: PendingWrite): void;
  /** Begins a flush of all that is pending; returns how many writes that are. */
  begin(): number;
  /** The oldest `count` writes reach the platter, as one group; returns the token of the last. */
  complete(count: number): Token | undefined;
  readonly pendingCount: number;
  crash(chance: Prng): void;
  wipe(): void;
  recover(): RecoveredState;
}

function blankImage(voting: boolean): DiskImage {
  const epochs = { accepted: 0, current: 0, voting };
  return { snapshot: emptySnapshot, base: 0n, entries: [], epochs, slots: new Map(), chosen: 0n };
}

export interface RecordDiskOptions {
  /** True starts with a vote, as after an explicit bootstrap. */
  readonly voting: boolean;
  readonly retainedEntriesMax: number;
  /** Distorts a write before it is made: how a planted fault reaches the disk. */
  readonly distort?: (write: Write) => Write | undefined;
  /** Lets the epoch overtake the records before it: a planted fault. */
  readonly epochFirst?: boolean;
  /** Told of every slot that reaches the platter. */
  readonly accepted?: (accepted: AcceptedEntry) => void;
}

export function createRecordDisk(options: RecordDiskOptions): RecordDisk {
  let image = blankImage(options.voting);
  let pending: PendingWrite[] = [];
  let flushing = 0;

  const perform = (given: Write): void => {
    const write = options.distort === undefined ? given : options.distort(given);
    if (write === undefined) return;
    performWrite(image, write, options.retainedEntriesMax);
    if (write.kind === "accept") for (const accepted of write.accepted) options.accepted?.(accepted);
  };
  return {
    get image() {
      return image;
    },
    get pendingCount() {
      return pending.length;
    },
    submit: (write) => {
      pending.push(write);
      if (options.epochFirst === true && write.write.kind === "epochs") overtakeRecords(pending, flushing);
    },
    begin: () => {
      flushing = pending.length;
      return flushing;
    },
    complete: (count) => {
      flushing = 0;
      const group = pending.splice(0, count);
      for (const { write } of group) perform(write);
      return group.at(-1)?.token;
    },
    crash: (chance) => {
      const surviving = chance.nextBelow(pending.length + 1);
      for (const { write } of pending.slice(0, surviving)) perform(write);
      const torn = pending[surviving];
      if (torn?.write.kind === "append") {
        perform({
          kind: "append",
          entries: torn.write.entries.slice(0, chance.nextBelow(torn.write.entries.length + 1)),
        });
      }
      if (torn?.write.kind === "accept") {
        const { accepted } = torn.write;
        const kept = accepted.slice(0, chance.nextBelow(accepted.length + 1));
        // What is known to be chosen is written last.
        perform({ kind: "accept", accepted: kept, chosen: 0n });
      }
      pending = [];
      flushing = 0;
    },
    wipe: () => {
      image = blankImage(false);
      pending = [];
    },
    recover: () => {
      const { snapshot, base, entries, epochs, slots, chosen } = image;
      const recovered = { log: { snapshot, base, entries: [...entries] }, epochs };
      if (slots.size === 0 && chosen === 0n) return recovered;
      return { ...recovered, log: { ...recovered.log, slots: { accepted: [...slots.values()], chosen } } };
    },
  };
}

/** Moves the last write ahead of the records before it, while the tokens stay where they are. */
function overtakeRecords(pending: PendingWrite[], flushing: number): void {
  for (let index = pending.length - 1; index > flushing; index -= 1) {
    const [left, right] = [pending[index - 1], pending[index]];
    if (left === undefined || right === undefined || left.write.kind === "epochs") return;
    pending[index - 1] = { token: left.token, write: right.write };
    pending[index] = { token: right.token, write: left.write };
  }
}

function performWrite(image: DiskImage, write: Write, retainedEntriesMax: number): void {
  switch (write.kind) {
    case "append":
      for (const entry of write.entries) {
        const end = image.entries.at(-1)?.zxid ?? image.base;
        assert(isSuccessor(end, entry.zxid), "the log on disk has no holes");
        image.entries.push(entry);
      }
      return;
    case "truncate":
      image.entries = image.entries.filter((entry) => entry.zxid <= write.last);
      return;
    case "epochs":
      assert(write.epochs.accepted >= image.epochs.accepted, "the accepted epoch on disk never decreases");
      assert(write.epochs.current >= image.epochs.current, "the current epoch on disk never decreases");
      image.epochs = write.epochs;
      return;
    case "replace":
      image.snapshot = write.snapshot;
      image.base = write.snapshot.position;
      image.entries = [...write.entries];
      return;
    case "accept":
      for (const accepted of write.accepted) {
        const { ballot, entry } = accepted;
        const isPromised = ballot === chosenBallot || ballot === image.epochs.accepted;
        assert(
          isPromised,
          `a disk accepts in the ballot that it has promised, ${image.epochs.accepted}, not ${ballot}`,
        );
        image.slots.set(entry.zxid, accepted);
      }
      if (write.chosen > image.chosen) image.chosen = write.chosen;
      return;
    case "install":
      assert(write.epochs.accepted >= image.epochs.accepted, "the promise on disk is never taken back");
      image.snapshot = write.snapshot;
      image.base = write.snapshot.position;
      image.epochs = write.epochs;
      image.slots = new Map(write.accepted.map((accepted) => [accepted.entry.zxid, accepted]));
      image.chosen = write.snapshot.position;
      return;
    case "snapshot": {
      if (write.snapshot.position <= image.snapshot.position) return;
      image.snapshot = write.snapshot;
      for (const slot of image.slots.keys()) if (slot <= write.snapshot.position) image.slots.delete(slot);
      const covered = image.entries.filter((entry) => entry.zxid <= write.snapshot.position).length;
      const dropped = image.entries.splice(0, Math.max(0, covered - retainedEntriesMax)).at(-1);
      if (dropped !== undefined) image.base = dropped.zxid;
    }
  }
}
