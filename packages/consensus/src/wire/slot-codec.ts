import type { AcceptedEntry } from "../core/accepted-entry.ts";
import type { Entry } from "../core/entry.ts";
import type { SlotMessage } from "../core/slot-paxos/slot-messages.ts";
import { ByteReader, ByteWriter, malformed } from "./byte-cursor.ts";
import {
  memberBytes,
  readConfiguration,
  readIds,
  readLogged,
  writeConfiguration,
  writeIds,
  writeLogged,
} from "./zab-codec.ts";

// Numbers of kinds are part of the format: they are never given to another kind, nor to one of the other codec.
const kinds = {
  prepare: 64,
  promise: 65,
  accept: 66,
  accepted: 67,
  preempted: 68,
  chosen: 69,
  lead: 70,
  followed: 71,
  forward: 72,
  ask: 73,
  learn: 74,
  state: 75,
  told: 76,
} as const satisfies Record<SlotMessage["kind"], number>;

const kindOf: ReadonlyMap<number, SlotMessage["kind"]> = new Map(
  Object.entries(kinds).map(([kind, number]) => [number, kind as SlotMessage["kind"]]),
);
/** Kinds from here on are of this codec. */
export const slotKindMin = 64;
/** More than the fixed part of any message. */
const fixedBytesMax = 160;

const entryKinds: readonly Entry["kind"][] = ["txn", "reject", "noop", "config"];
/** Added to a mark where a configuration, or the members that a request asks for, stand before the rest. */
const withMembers = 4;

function restBytes(message: SlotMessage): number {
  switch (message.kind) {
    case "promise":
      return message.record === undefined ? 0 : entryBytes(message.record.entry);
    case "accept":
    case "learn":
      return entryBytes(message.entry);
    case "forward":
      return message.payload.length + memberBytes(message.members);
    case "state":
      return (message.chunk?.length ?? 0) + memberBytes(message.configuration);
    default:
      return 0;
  }
}

function entryBytes({ payload, configuration }: Entry): number {
  return payload.length + memberBytes(configuration);
}

/** `prefix`, if there is one, stands before the message: room for what a transport has to say about it. */
export function encodeSlotMessage(message: SlotMessage, prefix?: number): Uint8Array {
  const writer = new ByteWriter(fixedBytesMax + restBytes(message));
  if (prefix !== undefined) writer.byte(prefix);
  writer.byte(kinds[message.kind]);
  write(writer, message);
  return writer.finish();
}

function write(writer: ByteWriter, message: SlotMessage): void {
  switch (message.kind) {
    case "prepare":
      writer.count(message.ballot);
      return writer.long(message.from);
    case "promise":
      writer.count(message.ballot);
      writer.long(message.committed);
      writer.count(message.entered);
      writer.count(message.part);
      writer.count(message.parts);
      return writeRecord(writer, message.record);
    case "accept":
      writer.count(message.ballot);
      writer.long(message.committed);
      return writeEntry(writer, message.entry);
    case "accepted":
      writer.count(message.ballot);
      writer.long(message.first);
      return writer.long(message.last);
    case "preempted":
      writer.count(message.ballot);
      return writer.count(message.leader);
    case "chosen":
      writer.count(message.ballot);
      return writer.long(message.committed);
    case "lead":
      writer.count(message.ballot);
      writer.count(message.round);
      writer.long(message.barrier);
      writer.long(message.committed);
      return writer.long(message.admit);
    case "followed":
      writer.count(message.ballot);
      writer.count(message.round);
      writer.flag(message.voting);
      return writer.long(message.committed);
    case "forward":
      writer.count(message.ballot);
      writer.count(message.session);
      writer.long(message.client);
      writer.count(message.sequence);
      writer.flag(message.members !== undefined);
      if (message.members !== undefined) {
        writeIds(writer, message.members.voters);
        writeIds(writer, message.members.observers);
      }
      return writer.rest(message.payload);
    case "ask":
      return writer.long(message.after);
    case "learn":
      return writeEntry(writer, message.entry);
    case "state":
      writer.long(message.position);
      writer.count(message.part);
      writer.flag(message.last);
      writer.byte((message.chunk === undefined ? 0 : 1) + (message.configuration === undefined ? 0 : withMembers));
      if (message.configuration !== undefined) writeLogged(writer, message.configuration);
      return writer.rest(message.chunk ?? new Uint8Array(0));
    case "told":
      return writer.long(message.committed);
  }
}

function writeRecord(writer: ByteWriter, record: AcceptedEntry | undefined): void {
  writer.flag(record !== undefined);
  if (record === undefined) return;
  writer.count(record.ballot);
  writeEntry(writer, record.entry);
}

function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.long(entry.zxid);
  const { configuration } = entry;
  writer.byte(entryKinds.indexOf(entry.kind) + (configuration === undefined ? 0 : withMembers));
  writer.long(entry.client);
  writer.count(entry.sequence);
  if (configuration !== undefined) writeConfiguration(writer, configuration);
  writer.rest(entry.payload);
}

/** Throws `malformed-message` for anything that `encodeSlotMessage` does not make. */
export function decodeSlotMessage(bytes: Uint8Array): SlotMessage {
  const reader = new ByteReader(bytes);
  const number = reader.byte();
  const kind = kindOf.get(number);
  if (kind === undefined) throw malformed(`there is no message of kind ${number}`);
  const message = read(reader, kind);
  reader.end();
  return message;
}

function read(reader: ByteReader, kind: SlotMessage["kind"]): SlotMessage {
  switch (kind) {
    case "prepare":
      return { kind, ballot: reader.count(), from: reader.long() };
    case "promise": {
      const [ballot, committed, entered] = [reader.count(), reader.long(), reader.count()];
      const [part, parts] = [reader.count(), reader.count()];
      return { kind, ballot, committed, entered, part, parts, record: readRecord(reader) };
    }
    case "accept":
      return { kind, ballot: reader.count(), committed: reader.long(), entry: readEntry(reader) };
    case "accepted":
      return { kind, ballot: reader.count(), first: reader.long(), last: reader.long() };
    case "preempted":
      return { kind, ballot: reader.count(), leader: reader.count() };
    case "chosen":
      return { kind, ballot: reader.count(), committed: reader.long() };
    case "lead": {
      const [ballot, round] = [reader.count(), reader.count()];
      return { kind, ballot, round, barrier: reader.long(), committed: reader.long(), admit: reader.long() };
    }
    case "followed": {
      const [ballot, round, voting] = [reader.count(), reader.count(), reader.flag()];
      return { kind, ballot, round, voting, committed: reader.long() };
    }
    case "forward": {
      const [ballot, session, client] = [reader.count(), reader.count(), reader.long()];
      const sequence = reader.count();
      const asked = reader.flag() ? { members: { voters: readIds(reader), observers: readIds(reader) } } : {};
      return { kind, ballot, session, client, sequence, ...asked, payload: reader.rest() };
    }
    case "ask":
      return { kind, after: reader.long() };
    case "learn":
      return { kind, entry: readEntry(reader) };
    case "state": {
      const [position, part, last, mark] = [reader.long(), reader.count(), reader.flag(), reader.byte()];
      const configuration = mark >= withMembers ? readLogged(reader) : undefined;
      const chunk = reader.rest();
      return { kind, position, part, configuration, last, chunk: mark % withMembers === 1 ? chunk : undefined };
    }
    case "told":
      return { kind, committed: reader.long() };
  }
}

function readRecord(reader: ByteReader): AcceptedEntry | undefined {
  return reader.flag() ? { ballot: reader.count(), entry: readEntry(reader) } : undefined;
}

function readEntry(reader: ByteReader): Entry {
  const [zxid, mark] = [reader.long(), reader.byte()];
  const kind = entryKinds[mark % withMembers];
  if (kind === undefined || mark >= 2 * withMembers) throw malformed(`there is no entry of kind ${mark}`);
  const [client, sequence] = [reader.long(), reader.count()];
  const change = mark < withMembers ? {} : { configuration: readConfiguration(reader) };
  return { zxid, kind, client, sequence, ...change, payload: reader.rest() };
}
