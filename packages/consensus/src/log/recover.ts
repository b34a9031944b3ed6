import { ConsensusError } from "../consensus-error.ts";
import type { AcceptedEntry } from "../core/accepted-entry.ts";
import type { Epochs } from "../core/effects.ts";
import { emptySnapshot, type Entry, type Snapshot } from "../core/entry.ts";
import type { RecoveredState } from "../core/replica-core.ts";
import { isSuccessor, type Zxid } from "../core/zxid.ts";
import type { Disk } from "../ports/disk.ts";
import type { LogRecord } from "./record-codec.ts";
import { decodeSegmentHeader, readSegment, type SegmentHeader } from "./segment.ts";
import { decodeSnapshot, parseSnapshotName } from "./snapshot-file.ts";

/** What was found on a disk beside the state itself. */
export interface RecoveryReport {
  /** Bytes of a last write that never became durable. They were never acknowledged, and were cut off. */
  readonly tornBytes: number;
  /**
   * What had been durable and does not verify, or undefined. Such a replica starts without a vote, from what is left,
   * and votes again when it has repaired itself from its peers.
   */
  readonly damage: string | undefined;
}

/** A live segment file: where it begins in the log and how many of its bytes count. */
export interface KnownSegment {
  readonly number: number;
  readonly base: Zxid;
  readonly endBytes: number;
}

/** The last batch of a log: what was read of it need not be on the platter yet. */
export interface LogTail {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Recovery {
  readonly state: RecoveredState;
  readonly report: RecoveryReport;
  /** Oldest first; empty on a blank disk. */
  readonly segments: readonly KnownSegment[];
  readonly tail: LogTail | undefined;
  /** Those up to the one that the state starts from, oldest first. */
  readonly snapshots: readonly Zxid[];
  /** Larger than that of any segment file there is. */
  readonly nextNumber: number;
}

export function segmentName(number: number): string {
  return `log-${number.toString().padStart(10, "0")}`;
}

function parseSegmentName(name: string): number | undefined {
  const match = /^log-(\d{10})$/.exec(name);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

interface Loaded {
  readonly header: SegmentHeader;
  readonly bytes: Uint8Array;
}

/** Reads what a disk holds. Changes nothing. */
export async function recover(disk: Disk, node: number, blank: Epochs): Promise<Recovery> {
  const names = await disk.list();
  const numbers = names.map((name) => parseSegmentName(name)).filter((one) => one !== undefined);
  const newestFirst = numbers.toSorted((left, right) => right - left);
  const damage: string[] = [];
  const chain = await loadChain(disk, node, newestFirst, damage);
  const snapshots = await loadSnapshots(disk, names, damage);
  const replay = replayChain(chain, blank, damage);
  const state = assemble(replay, snapshots, damage);
  return {
    state,
    report: { tornBytes: replay.tornBytes, damage: damage.length === 0 ? undefined : damage.join("; ") },
    segments: replay.segments,
    tail: replay.tail,
    snapshots: snapshots.map(({ position }) => position).filter((position) => position <= state.log.snapshot.position),
    nextNumber: (newestFirst[0] ?? 0) + 1,
  };
}

/** From the newest segment back along the links. A segment gets its name only when it is durable as a whole. */
async function loadChain(
  disk: Disk,
  node: number,
  newestFirst: readonly number[],
  damage: string[],
): Promise<Loaded[]> {
  const chain: Loaded[] = [];
  let wanted: number | undefined;
  for (const number of newestFirst) {
    if (wanted !== undefined && number !== wanted) continue;
    const bytes = await disk.read(segmentName(number));
    const header = bytes === undefined ? undefined : decodeSegmentHeader(bytes);
    if (bytes === undefined || header === undefined || header.number !== number) {
      damage.push(`the header of ${segmentName(number)} does not verify`);
      if (wanted !== undefined) break;
      continue;
    }
    if (header.node !== node) {
      throw new ConsensusError("storage-foreign", `the directory belongs to node ${header.node}, not to node ${node}`);
    }
    chain.unshift({ header, bytes });
    if (header.previous === 0) break;
    wanted = header.previous;
  }
  return chain;
}

async function loadSnapshots(disk: Disk, names: readonly string[], damage: string[]): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  for (const name of names.toSorted()) {
    const position = parseSnapshotName(name);
    if (position === undefined) continue;
    const bytes = await disk.read(name);
    const snapshot = bytes === undefined ? undefined : decodeSnapshot(bytes);
    if (snapshot?.position === position) found.push(snapshot);
    else damage.push(`${name} does not verify`);
  }
  return found;
}

interface Replay {
  readonly base: Zxid;
  readonly entries: Entry[];
  readonly epochs: Epochs;
  readonly slots: Slots;
  readonly tornBytes: number;
  readonly segments: readonly KnownSegment[];
  readonly tail: LogTail | undefined;
}

/** What per-slot Paxos wrote, in any order of slots. */
interface Slots {
  /** Whether it wrote anything. */
  isUsed: boolean;
  readonly accepted: Map<Zxid, AcceptedEntry>;
  chosen: Zxid;
}

function replayChain(chain: readonly Loaded[], blank: Epochs, damage: string[]): Replay {
  const segments: KnownSegment[] = [];
  const base = chain[0]?.header.base ?? 0n;
  let tail: LogTail | undefined;
  const replay = { base, entries: [], epochs: blank, slots: newSlots(), tornBytes: 0, segments };
  for (const [index, { header, bytes }] of chain.entries()) {
    replay.epochs = header.epochs;
    const content = readSegment(bytes, chain[index + 1]?.header.previousBytes);
    const follows = replayRecords(replay, content.records);
    segments.push({ number: header.number, base: header.base, endBytes: content.endBytes });
    const { lastBytes: offset, endBytes } = content;
    tail = offset === endBytes ? undefined : { segment: header.number, offset, bytes: bytes.slice(offset, endBytes) };
    replay.tornBytes += content.tornBytes;
    if (follows && !content.damaged) continue;
    damage.push(`${segmentName(header.number)} does not verify at byte ${content.endBytes}`);
    break;
  }
  return { ...replay, tail };
}

function newSlots(): Slots {
  return { isUsed: false, accepted: new Map(), chosen: 0n };
}

/** Applies records to what was replayed so far; false when they do not follow from it. */
function replayRecords(
  replay: { base: Zxid; readonly entries: Entry[]; epochs: Epochs; readonly slots: Slots },
  records: readonly LogRecord[],
): boolean {
  const { entries, slots } = replay;
  for (const record of records) {
    switch (record.kind) {
      case "epochs":
        replay.epochs = record.epochs;
        break;
      case "truncate":
        while ((entries.at(-1)?.zxid ?? 0n) > record.last) entries.pop();
        // The cut may reach below the oldest segment that is left, when older ones were no longer needed.
        if (entries.length === 0 && record.last < replay.base) replay.base = record.last;
        break;
      case "entry":
        if (!isSuccessor(entries.at(-1)?.zxid ?? replay.base, record.entry.zxid)) return false;
        entries.push(record.entry);
        break;
      case "accepted":
        slots.isUsed = true;
        slots.accepted.set(record.entry.zxid, { ballot: record.ballot, entry: record.entry });
        break;
      case "chosen":
        slots.isUsed = true;
        slots.chosen = record.last;
    }
  }
  return true;
}

/**
 * Joins log and snapshot. A snapshot beyond the end of an undamaged log came with a replacement that a crash
 * interrupted: the old history stands. What is damaged loses its vote, and starts from the newest snapshot there is.
 */
function assemble(replay: Replay, snapshots: readonly Snapshot[], damage: string[]): RecoveredState {
  const { base, entries } = replay;
  if (replay.slots.isUsed) return assembleSlots(replay, snapshots, damage);
  const end = entries.at(-1)?.zxid ?? base;
  const newest = snapshots.at(-1) ?? emptySnapshot;
  const fitting = [emptySnapshot, ...snapshots].findLast(({ position }) => position >= base && position <= end);
  if (fitting === undefined) damage.push("no snapshot that verifies meets the log");
  const epochs = damage.length === 0 ? replay.epochs : withoutVote(replay.epochs);
  if (fitting === undefined || (damage.length > 0 && newest.position > end)) {
    return { log: { snapshot: newest, base: newest.position, entries: [] }, epochs };
  }
  return { log: { snapshot: fitting, base, entries }, epochs };
}

/**
 * What is damaged is not blank: it has accepted an epoch, though nobody may be able to read which. Among voters that are all
 * blank a new ensemble begins, and what the others had acknowledged is lost (SEED=810102 with changes of members, level B: of
 * a single voter no byte could be read).
 */
function withoutVote({ accepted, current }: Epochs): Epochs {
  return { accepted: Math.max(accepted, 1), current, voting: false };
}

/**
 * Slots are written in any order and may have holes, so that only their base says which snapshots they meet: what lies
 * behind it is here. A snapshot beyond everything is as good: each covers a prefix that is chosen for ever.
 *
 * Where anything is damaged, what is left of the slots says nothing: a later value may be missing in any of them. Such a
 * replica learns again what it had, and has no vote until then.
 */
function assembleSlots(
  { base, epochs, slots }: Replay,
  snapshots: readonly Snapshot[],
  damage: string[],
): RecoveredState {
  const newest = snapshots.at(-1) ?? emptySnapshot;
  if (newest.position < base) damage.push("no snapshot that verifies meets the log");
  const snapshot = newest;
  const { position } = snapshot;
  if (damage.length > 0) {
    return { log: { snapshot, base: position, entries: [] }, epochs: withoutVote(epochs) };
  }
  const accepted = [...slots.accepted.values()].filter(({ entry }) => entry.zxid > position);
  return { log: { snapshot, base, entries: [], slots: { accepted, chosen: slots.chosen } }, epochs };
}
