import { assert, type Prng } from "@tutti/stdx";
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
  return { snapshot: emptySnapshot, base: 0n, entries: [], epochs: { accepted: 0, current: 0, voting } };
}

export interface RecordDiskOptions {
  /** True starts with a vote, as after an explicit bootstrap. */
  readonly voting: boolean;
  readonly retainedEntriesMax: number;
  /** Distorts a write before it is made: how a planted fault reaches the disk. */
  readonly distort?: (write: Write) => Write | undefined;
  /** Lets the epoch overtake the records before it: a planted fault. */
  readonly epochFirst?: boolean;
}

export function createRecordDisk(options: RecordDiskOptions): RecordDisk {
  let image = blankImage(options.voting);
  let pending: PendingWrite[] = [];
  let flushing = 0;

  const perform = (given: Write): void => {
    const write = options.distort === undefined ? given : options.distort(given);
    if (write !== undefined) performWrite(image, write, options.retainedEntriesMax);
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
      pending = [];
      flushing = 0;
    },
    wipe: () => {
      image = blankImage(false);
      pending = [];
    },
    recover: () => ({
      log: { snapshot: image.snapshot, base: image.base, entries: [...image.entries] },
      epochs: image.epochs,
    }),
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
    case "snapshot": {
      if (write.snapshot.position <= image.snapshot.position) return;
      image.snapshot = write.snapshot;
      const covered = image.entries.filter((entry) => entry.zxid <= write.snapshot.position).length;
      const dropped = image.entries.splice(0, Math.max(0, covered - retainedEntriesMax)).at(-1);
      if (dropped !== undefined) image.base = dropped.zxid;
    }
  }
}
