import { assert } from "@tutti/stdx";
import type { Epochs, Write } from "../core/effects.ts";
import type { Snapshot } from "../core/entry.ts";
import type { RecoveredState } from "../core/replica-core.ts";
import type { Zxid } from "../core/zxid.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { encodeRecords, type LogRecord } from "./record-codec.ts";
import { recover, segmentName, type KnownSegment, type LogTail, type RecoveryReport } from "./recover.ts";
import {
  alignedBytes,
  batchHeaderBytes,
  encodeBatch,
  encodeSegmentHeader,
  segmentHeaderBytes,
  segmentSalt,
} from "./segment.ts";
import { snapshotName, type SnapshotHead } from "./snapshot-file.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";

export interface WalOptions {
  readonly disk: Disk;
  readonly node: number;
  /** True lets a blank disk vote at once. Default false: see the first start of an ensemble. */
  readonly bootstrap?: boolean;
  /** Segments are created at this size, zero-filled: a file that grows costs more per sync. Default 4 MiB. */
  readonly segmentBytes?: number;
  /** Sees what was read before anything is written, and throws where nothing may be. */
  readonly check?: (recovered: RecoveredState, report: RecoveryReport) => void;
}

/** The durable state of one replica. */
export interface Wal {
  readonly recovered: RecoveredState;
  readonly report: RecoveryReport;
  /** Performs the writes in order; durable when it resolves. One call at a time. After a rejection nothing is certain. */
  persist(writes: readonly Write[]): Promise<void>;
  /**
   * Begins a file for a snapshot, beside `persist`. Finished, it is found there when a write of this snapshot comes, which
   * then takes no time.
   */
  stageSnapshot(head: SnapshotHead): Promise<StagedSnapshot>;
  /** Nothing more is coming for now: marks what is there as durable, so that later damage is told from a torn write. */
  seal(): Promise<void>;
  close(): Promise<void>;
}

/** A snapshot that is written chunk by chunk. */
export type StagedSnapshot = Pick<SnapshotWriter, "append" | "finish" | "abandon">;

const segmentBytesDefault = 4 * 1024 * 1024;
/** What a new segment is filled with, piece by piece. */
const zeros = new Uint8Array(256 * 1024);
/** Made anew at every start. */
const spareName = "spare.tmp";

/** Opens the log on a disk: recovers what is there, and begins a segment of its own for this life. */
export async function openWal(options: WalOptions): Promise<Wal> {
  const blank: Epochs = { accepted: 0, current: 0, voting: options.bootstrap ?? false };
  const recovery = await recover(options.disk, options.node, blank);
  options.check?.(recovery.state, recovery.report);
  const writer = new WalWriter(options, recovery.state, recovery.segments, recovery.nextNumber, recovery.snapshots);
  await writer.begin(recovery.tail);
  return {
    recovered: recovery.state,
    report: recovery.report,
    persist: (writes) => writer.persist(writes),
    stageSnapshot: (position) => writer.stageSnapshot(position),
    seal: () => writer.seal(),
    close: () => writer.close(),
  };
}

class WalWriter {
  readonly #disk: Disk;
  readonly #node: number;
  readonly #segmentBytes: number;
  #segments: KnownSegment[];
  #snapshots: Zxid[];
  #nextNumber: number;
  #epochs: Epochs;
  #end: Zxid;
  /** Where the log ends on disk; behind `#end` while a batch is being put together. */
  #flushedEnd: Zxid;
  #file: DiskFile | undefined;
  /** Finished, and not yet written in the order of the log. */
  readonly #staged = new Map<Zxid, SnapshotWriter>();
  /** A zero-filled file for the next segment, on its way or ready. */
  #spare: Promise<DiskFile> | undefined;
  #capacity = 0;
  #offset = 0;
  #salt = 0;
  #sequence = 0;
  #previousCrc = 0;
  readonly #restartAt: Zxid | undefined;
  /** What the log says about slots that are chosen. */
  #chosen: Zxid;

  constructor(
    { disk, node, segmentBytes }: WalOptions,
    { log, epochs }: RecoveredState,
    segments: readonly KnownSegment[],
    nextNumber: number,
    snapshots: readonly Zxid[],
  ) {
    this.#disk = disk;
    this.#node = node;
    this.#segmentBytes = segmentBytes ?? segmentBytesDefault;
    this.#segments = [...segments];
    this.#snapshots = [...snapshots];
    this.#nextNumber = nextNumber;
    this.#epochs = epochs;
    this.#end = log.entries.at(-1)?.zxid ?? log.base;
    for (const { entry } of log.slots?.accepted ?? []) if (entry.zxid > this.#end) this.#end = entry.zxid;
    if (log.slots !== undefined && log.snapshot.position > this.#end) this.#end = log.snapshot.position;
    this.#flushedEnd = this.#end;
    this.#chosen = log.slots?.chosen ?? 0n;
    // A log that did not meet its snapshot begins anew at the snapshot, with nothing before it.
    const isWhole = log.entries.length > 0 || log.slots !== undefined;
    this.#restartAt = !isWhole && log.base === log.snapshot.position ? log.base : undefined;
  }

  /** A segment for this life, so that bytes of the last one need not be overwritten and cannot be taken for ours. */
  async begin(tail: LogTail | undefined): Promise<void> {
    // A name that a killed process gave may be nowhere but in the memory of the system, and the next segment links to it: after
    // a power cut that would be there, and what it links to would not (SEED=810225 with changes of members, level B).
    await this.#disk.syncDirectory();
    if (tail !== undefined) await this.#settle(tail);
    // It may have become half a segment.
    if ((await this.#disk.list()).includes(spareName)) await this.#disk.remove(spareName);
    await this.#roll([], this.#restartAt !== undefined);
    if (this.#restartAt !== undefined) this.#segments = this.#segments.slice(-1);
    await this.#clean();
  }

  /**
   * What was read may be nowhere but in the memory of the system: written by a process that was killed before its sync, or
   * dropped by a sync that failed. Nobody may be told of it before it was written again, and synced.
   */
  async #settle({ segment, offset, bytes }: LogTail): Promise<void> {
    const file = await this.#disk.open(segmentName(segment));
    await file.write(bytes, offset);
    await file.sync();
    await file.close();
  }

  /** Removes what a crash left behind: unfinished files, and segments of a history that was replaced. */
  async #clean(): Promise<void> {
    const kept = new Set(this.#segments.map((segment) => segmentName(segment.number)));
    for (const position of this.#snapshots) kept.add(snapshotName(position));
    for (const name of await this.#disk.list()) {
      const stale = (name.endsWith(".tmp") && name !== spareName) || (/^(log|snapshot)-/.test(name) && !kept.has(name));
      if (stale) await this.#disk.remove(name);
    }
    await this.#disk.syncDirectory();
  }

  async persist(writes: readonly Write[]): Promise<void> {
    let records: LogRecord[] = [];
    for (const write of writes) {
      switch (write.kind) {
        case "append":
          for (const entry of write.entries) records.push({ kind: "entry", entry });
          this.#end = write.entries.at(-1)?.zxid ?? this.#end;
          break;
        case "truncate":
          records.push({ kind: "truncate", last: write.last });
          this.#end = write.last;
          break;
        case "epochs":
          records.push({ kind: "epochs", epochs: write.epochs });
          this.#epochs = write.epochs;
          break;
        case "accept":
          for (const accepted of write.accepted) {
            records.push({ kind: "accepted", ...accepted });
            // The end of a log of slots is the highest one that was ever written.
            if (accepted.entry.zxid > this.#end) this.#end = accepted.entry.zxid;
          }
          if (write.chosen > this.#chosen) records.push({ kind: "chosen", last: write.chosen });
          this.#chosen = write.chosen;
          break;
        case "snapshot":
        case "replace":
        case "install":
          await this.#append(records);
          records = [];
          if (write.kind === "snapshot") await this.#keepSnapshot(write.snapshot);
          else await this.#replace(write);
      }
    }
    await this.#append(records);
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    const payload = encodeRecords(records);
    if (this.#offset + alignedBytes(batchHeaderBytes + payload.length) > this.#capacity) {
      // The records go into the new segment before it gets its name: one sync for both.
      return this.#roll(records, false);
    }
    assert(this.#file !== undefined, "an open log has a segment");
    const place = { salt: this.#salt, sequence: this.#sequence + 1, previousCrc: this.#previousCrc };
    const { bytes, crc } = encodeBatch(payload, place);
    await writeDurably(this.#file, bytes, this.#offset);
    this.#sequence += 1;
    this.#previousCrc = crc;
    this.#flushedEnd = this.#end;
    this.#advance(this.#offset + bytes.length);
  }

  #advance(offset: number): void {
    this.#offset = offset;
    const last = this.#segments.at(-1);
    if (last !== undefined) this.#segments[this.#segments.length - 1] = { ...last, endBytes: offset };
  }

  /** An empty batch behind the last one, written but not synced. The next batch overwrites it. */
  async seal(): Promise<void> {
    if (this.#file === undefined || this.#sequence === 0) return;
    if (this.#offset + batchHeaderBytes > this.#capacity) return;
    const place = { salt: this.#salt, sequence: this.#sequence + 1, previousCrc: this.#previousCrc };
    await this.#file.write(encodeBatch(new Uint8Array(0), place).bytes, this.#offset);
  }

  /**
   * Begins a segment. It is complete and durable before it gets the name under which it is found, so a crash leaves
   * either all of it or the segments before it.
   */
  async #roll(records: readonly LogRecord[], fresh: boolean, base: Zxid = this.#flushedEnd): Promise<void> {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const previous = fresh ? undefined : this.#segments.at(-1);
    const header = encodeSegmentHeader({
      node: this.#node,
      number,
      previous: previous?.number ?? 0,
      previousBytes: previous?.endBytes ?? 0,
      base,
      epochs: this.#epochs,
    });
    const salt = segmentSalt(header);
    const batch =
      records.length === 0 ? undefined : encodeBatch(encodeRecords(records), { salt, sequence: 1, previousCrc: salt });
    const used = segmentHeaderBytes + (batch?.bytes.length ?? 0);
    const content = new Uint8Array(used);
    content.set(header, 0);
    if (batch !== undefined) content.set(batch.bytes, segmentHeaderBytes);
    await this.#file?.close();
    const { file, capacity } = await this.#beginSegment(segmentName(number), content);
    this.#file = file;
    this.#segments.push({ number, base, endBytes: used });
    this.#capacity = capacity;
    this.#offset = used;
    this.#salt = salt;
    this.#sequence = batch === undefined ? 0 : 1;
    this.#previousCrc = batch?.crc ?? salt;
    this.#flushedEnd = this.#end;
  }

  /**
   * The content goes into the spare file, which is long enough and durable, and only then gets the segment's name. The
   * next spare is made meanwhile: filling a file with zeros while commits wait would hold them up for a whole segment.
   */
  async #beginSegment(name: string, content: Uint8Array): Promise<{ file: DiskFile; capacity: number }> {
    const spare = await this.#spare;
    this.#spare = undefined;
    let file = spare;
    let capacity = this.#segmentBytes;
    if (file === undefined || content.length > capacity) {
      await file?.close();
      capacity = Math.max(capacity, alignedBytes(content.length));
      file = await this.#fillSpare(capacity);
    }
    await file.write(content, 0);
    await file.sync();
    await file.close();
    await this.#disk.rename(spareName, name);
    await this.#disk.syncDirectory();
    file = await this.#disk.open(name);
    this.#spare = this.#fillSpare(this.#segmentBytes);
    // Whoever waits for it hears of its failure; until then it is not unhandled.
    this.#spare.catch(() => undefined);
    return { file, capacity };
  }

  async #fillSpare(capacity: number): Promise<DiskFile> {
    const file = await this.#disk.open(spareName);
    for (let at = 0; at < capacity; at += zeros.length) {
      await file.write(zeros.subarray(0, Math.min(zeros.length, capacity - at)), at);
    }
    await file.sync();
    return file;
  }

  async stageSnapshot(head: SnapshotHead): Promise<StagedSnapshot> {
    const writer = await SnapshotWriter.open(this.#disk, this.#node, head);
    return {
      append: (chunk) => writer.append(chunk),
      finish: async () => {
        await writer.finish();
        this.#staged.set(head.position, writer);
      },
      abandon: () => writer.abandon(),
    };
  }

  /** Temporary file, sync, rename, sync of the directory: the name never stands for half a file. */
  async #writeSnapshot(snapshot: Snapshot): Promise<void> {
    const writer = await SnapshotWriter.open(this.#disk, this.#node, snapshot);
    for (const chunk of snapshot.chunks) await writer.append(chunk);
    await writer.finish();
    await writer.publish();
  }

  async #keepSnapshot(snapshot: Snapshot): Promise<void> {
    const staged = this.#staged.get(snapshot.position);
    if (staged === undefined) await this.#writeSnapshot(snapshot);
    else await staged.publish();
    this.#staged.delete(snapshot.position);
    this.#snapshots.push(snapshot.position);
    await this.#roll([], false);
    await this.#prune();
  }

  /**
   * Snapshot and entries take the place of everything. The new segment names no predecessor; the moment it gets its
   * name is the moment at which the old history is gone.
   */
  async #replace(write: Extract<Write, { readonly kind: "replace" | "install" }>): Promise<void> {
    const { snapshot } = write;
    // Of the history that goes.
    for (const staged of this.#staged.values()) await staged.abandon();
    this.#staged.clear();
    const stale = this.#segments;
    const staleSnapshots = this.#snapshots.filter((position) => position !== snapshot.position);
    await this.#writeSnapshot(snapshot);
    this.#segments = [];
    const records = this.#recordsOf(write);
    await this.#roll(records, true, snapshot.position);
    this.#snapshots = [snapshot.position];
    for (const position of staleSnapshots) await this.#disk.remove(snapshotName(position));
    for (const { number } of stale) await this.#disk.remove(segmentName(number));
    await this.#disk.syncDirectory();
  }

  #recordsOf(write: Extract<Write, { readonly kind: "replace" | "install" }>): LogRecord[] {
    const { position } = write.snapshot;
    this.#end = position;
    if (write.kind === "replace") {
      this.#end = write.entries.at(-1)?.zxid ?? position;
      return write.entries.map((entry) => ({ kind: "entry", entry }));
    }
    // The header of the new segment carries them, so they come with the rest or not at all.
    this.#epochs = write.epochs;
    this.#chosen = position;
    for (const { entry } of write.accepted) if (entry.zxid > this.#end) this.#end = entry.zxid;
    const records = write.accepted.map((accepted): LogRecord => ({ kind: "accepted", ...accepted }));
    return [...records, { kind: "chosen", last: position }];
  }

  /** Keeps two snapshots, and the segments from the older one on: if the newer does not verify, nothing is missing. */
  async #prune(): Promise<void> {
    while (this.#snapshots.length > 2) {
      const oldest = this.#snapshots.shift();
      if (oldest !== undefined) await this.#disk.remove(snapshotName(oldest));
    }
    const keepFrom = this.#snapshots[0] ?? 0n;
    if (this.#snapshots.length < 2) return;
    for (;;) {
      const [first, second] = this.#segments;
      if (first === undefined || second === undefined || second.base > keepFrom) break;
      await this.#disk.remove(segmentName(first.number));
      this.#segments.shift();
    }
    await this.#disk.syncDirectory();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const spare = await this.#spare?.catch(() => undefined);
    this.#spare = undefined;
    await spare?.close();
  }
}

async function writeDurably(file: DiskFile, bytes: Uint8Array, offset: number): Promise<void> {
  if (file.writeDurably !== undefined) return file.writeDurably(bytes, offset);
  await file.write(bytes, offset);
  await file.sync();
}
