import type { Configuration, LoggedConfiguration, Members } from "../core/configuration.ts";
import type { Entry, NodeId } from "../core/entry.ts";
import type {
  Heartbeat,
  LeaderMessage,
  LearnerMessage,
  MemberState,
  Notification,
  ZabMessage,
} from "../core/messages.ts";
import { ByteReader, ByteWriter, malformed } from "./byte-cursor.ts";

/**
 * Version of this encoding, compared in the hello of a link. 2: members may change, and messages name them from the first
 * change on; before that, the bytes are those of version 1.
 */
export const zabWireVersion = 2;

// Numbers of kinds are part of the format: they are never given to another kind.
const kinds = {
  notification: 1,
  followerInfo: 2,
  ackEpoch: 3,
  ack: 4,
  pong: 5,
  request: 6,
  readRequest: 7,
  report: 8,
  offerCut: 9,
  offerSnap: 10,
  offerEntry: 11,
  offerEnd: 12,
  // 13: a request that asks for other members.
  leaderInfo: 16,
  diff: 17,
  trunc: 18,
  snap: 19,
  proposal: 20,
  newLeader: 21,
  upToDate: 22,
  commit: 23,
  inform: 24,
  ping: 25,
  answered: 26,
  readAnswer: 27,
  refuse: 28,
  pull: 29,
  heartbeat: 40,
} as const satisfies Record<ZabMessage["kind"], number>;

const kindOf: ReadonlyMap<number, ZabMessage["kind"]> = new Map(
  Object.entries(kinds).map(([kind, number]) => [number, kind as ZabMessage["kind"]]),
);
const states: readonly MemberState[] = ["looking", "following", "observing", "leading"];
const requestOfMembers = 13;
/** More than the fixed part of any message. */
const fixedBytesMax = 128;

function restBytes(message: ZabMessage): number {
  switch (message.kind) {
    case "request":
      return message.payload.length + memberBytes(message.members);
    case "report":
      return message.bytes.length;
    case "proposal":
    case "inform":
    case "offerEntry":
      return message.entry.payload.length + memberBytes(message.entry.configuration);
    case "offerSnap":
    case "snap":
      return (message.chunk?.length ?? 0) + memberBytes(message.configuration);
    case "notification":
      return memberBytes(message.configuration);
    default:
      return 0;
  }
}

export function memberBytes(members: (Members & Partial<Configuration>) | undefined): number {
  if (members === undefined) return 0;
  return (members.voters.length + members.observers.length + (members.outgoing?.length ?? 0)) * 8;
}

/** `prefix`, if there is one, stands before the message: room for what a transport has to say about it. */
export function encodeZabMessage(message: ZabMessage, prefix?: number): Uint8Array {
  const writer = new ByteWriter(fixedBytesMax + restBytes(message));
  if (prefix !== undefined) writer.byte(prefix);
  const isForMembers = message.kind === "request" && message.members !== undefined;
  writer.byte(isForMembers ? requestOfMembers : kinds[message.kind]);
  if (message.kind === "notification") writeNotification(writer, message);
  else if (message.kind === "heartbeat") writeHeartbeat(writer, message);
  else {
    writer.count(message.session);
    if (isOfLearner(message)) writeOfLearner(writer, message);
    else writeOfLeader(writer, message);
  }
  return writer.finish();
}

function isOfLearner(message: LearnerMessage | LeaderMessage): message is LearnerMessage {
  return kinds[message.kind] < kinds.leaderInfo;
}

function writeNotification(writer: ByteWriter, message: Notification): void {
  writer.byte(states.indexOf(message.state));
  writer.count(message.leader);
  writer.long(message.zxid);
  writer.count(message.epoch);
  writer.count(message.round);
  writer.flag(message.voting);
  writer.flag(message.fresh);
  if (message.configuration !== undefined) writeLogged(writer, message.configuration);
}

export function writeIds(writer: ByteWriter, ids: readonly NodeId[]): void {
  writer.count(ids.length);
  for (const id of ids) writer.count(id);
}

export function writeConfiguration(writer: ByteWriter, { voters, observers, outgoing }: Configuration): void {
  writeIds(writer, voters);
  writeIds(writer, observers);
  writeIds(writer, outgoing ?? []);
}

export function writeLogged(writer: ByteWriter, configuration: LoggedConfiguration): void {
  writer.long(configuration.position);
  writeConfiguration(writer, configuration);
}

function writeHeartbeat(writer: ByteWriter, message: Heartbeat): void {
  writer.count(message.round);
  writer.flag(message.isAnswer);
  writer.byte(states.indexOf(message.state));
  writer.flag(message.settled);
  writer.flag(message.connected);
  writer.long(message.zxid);
  writer.count(message.epoch);
  writer.byte(message.voting ? (message.electable ? 1 : votesOnly) : 0);
  writer.flag(message.fresh);
}

/** A voice that counts, of a member that may not lead. Version 1 takes it for none. */
const votesOnly = 3;

function writeOfLearner(writer: ByteWriter, message: LearnerMessage): void {
  switch (message.kind) {
    case "followerInfo":
      writer.count(message.acceptedEpoch);
      writer.flag(message.voting);
      return;
    case "ackEpoch":
      writer.long(message.lastZxid);
      writer.count(message.currentEpoch);
      return;
    case "ack":
    case "offerCut":
    case "offerEnd":
      return writer.long(message.zxid);
    case "offerSnap":
      return writeSnap(writer, message);
    case "offerEntry":
      return writeEntry(writer, message.entry);
    case "pong":
      return writer.count(message.round);
    case "request":
      writer.long(message.client);
      writer.count(message.sequence);
      if (message.members !== undefined) {
        writeIds(writer, message.members.voters);
        writeIds(writer, message.members.observers);
      }
      return writer.rest(message.payload);
    case "readRequest":
      return writer.count(message.read);
    case "report":
      return writer.rest(message.bytes);
  }
}

function writeOfLeader(writer: ByteWriter, message: LeaderMessage): void {
  switch (message.kind) {
    case "leaderInfo":
      return writer.count(message.epoch);
    case "diff":
    case "trunc":
    case "commit":
    case "pull":
      return writer.long(message.zxid);
    case "snap":
      return writeSnap(writer, message);
    case "proposal":
    case "inform":
      return writeEntry(writer, message.entry);
    case "newLeader":
      writer.count(message.epoch);
      return writer.long(message.committed);
    case "upToDate":
      writer.long(message.committed);
      if (message.guest) writer.flag(true);
      return;
    case "ping":
      return writer.count(message.round);
    case "answered":
      writer.long(message.client);
      writer.count(message.sequence);
      writer.long(message.position);
      return writer.flag(message.refused);
    case "readAnswer":
      writer.count(message.read);
      return writer.long(message.position);
    case "refuse":
      return;
  }
}

function writeSnap(
  writer: ByteWriter,
  {
    position,
    last,
    chunk,
    configuration,
  }: Pick<Extract<LeaderMessage, { kind: "snap" }>, "position" | "last" | "chunk" | "configuration">,
): void {
  writer.long(position);
  writer.flag(last);
  writer.byte((chunk === undefined ? 0 : 1) + (configuration === undefined ? 0 : withConfiguration));
  if (configuration !== undefined) writeLogged(writer, configuration);
  writer.rest(chunk ?? new Uint8Array(0));
}

/** Added to the mark of what may carry a configuration. */
const withConfiguration = 4;
const entryKinds: readonly Entry["kind"][] = ["reject", "txn", "config"];

function writeEntry(writer: ByteWriter, entry: Entry): void {
  const { configuration } = entry;
  writer.long(entry.zxid);
  writer.byte(entryKinds.indexOf(entry.kind) + (configuration === undefined ? 0 : withConfiguration));
  writer.long(entry.client);
  writer.count(entry.sequence);
  if (configuration !== undefined) writeConfiguration(writer, configuration);
  writer.rest(entry.payload);
}

/** Throws `malformed-message` for anything that `encodeZabMessage` does not make. */
export function decodeZabMessage(bytes: Uint8Array): ZabMessage {
  const reader = new ByteReader(bytes);
  const number = reader.byte();
  if (number === requestOfMembers) return readRequestOfMembers(reader);
  const kind = kindOf.get(number);
  if (kind === undefined) throw malformed(`there is no message of kind ${number}`);
  const message = readMessage(reader, kind);
  reader.end();
  return message;
}

function readMessage(reader: ByteReader, kind: ZabMessage["kind"]): ZabMessage {
  if (kind === "notification") return readNotification(reader);
  if (kind === "heartbeat") return readHeartbeat(reader);
  return readOfSession(reader, kind, reader.count());
}

function readRequestOfMembers(reader: ByteReader): ZabMessage {
  const [session, client, sequence] = [reader.count(), reader.long(), reader.count()];
  const members = { voters: readIds(reader), observers: readIds(reader) };
  return { kind: "request", session, client, sequence, members, payload: reader.rest() };
}

export function readIds(reader: ByteReader): readonly NodeId[] {
  const count = reader.count();
  if (count < 0 || count * 8 > reader.left) throw malformed(`${count} members do not fit into the message`);
  return Array.from({ length: count }, () => reader.count());
}

export function readConfiguration(reader: ByteReader): Configuration {
  const [voters, observers, outgoing] = [readIds(reader), readIds(reader), readIds(reader)];
  return { voters, observers, outgoing: outgoing.length === 0 ? undefined : outgoing };
}

export function readLogged(reader: ByteReader): LoggedConfiguration {
  const position = reader.long();
  return { ...readConfiguration(reader), position };
}

function readHeartbeat(reader: ByteReader): Heartbeat {
  const [round, isAnswer, state] = [reader.count(), reader.flag(), states[reader.byte()]];
  if (state === undefined) throw malformed("a heartbeat from a member in no known state");
  const [settled, connected, zxid, epoch] = [reader.flag(), reader.flag(), reader.long(), reader.count()];
  const voice = reader.byte();
  const [voting, electable] = [voice === 1 || voice === votesOnly, voice === 1];
  const fresh = reader.flag();
  return { kind: "heartbeat", round, isAnswer, state, settled, connected, zxid, epoch, voting, electable, fresh };
}

function readNotification(reader: ByteReader): Notification {
  const state = states[reader.byte()];
  if (state === undefined) throw malformed("a vote from a member in no known state");
  return {
    kind: "notification",
    state,
    leader: reader.count(),
    zxid: reader.long(),
    epoch: reader.count(),
    round: reader.count(),
    voting: reader.flag(),
    fresh: reader.flag(),
    configuration: reader.left === 0 ? undefined : readLogged(reader),
  };
}

type SessionKind = Exclude<ZabMessage["kind"], "notification" | "heartbeat">;

function readOfSession(reader: ByteReader, kind: SessionKind, session: number): LearnerMessage | LeaderMessage {
  switch (kind) {
    case "followerInfo":
      return { kind, session, acceptedEpoch: reader.count(), voting: reader.flag() };
    case "ackEpoch":
      return { kind, session, lastZxid: reader.long(), currentEpoch: reader.count() };
    case "ack":
    case "diff":
    case "trunc":
    case "commit":
    case "pull":
    case "offerCut":
    case "offerEnd":
      return { kind, session, zxid: reader.long() };
    case "pong":
    case "ping":
      return { kind, session, round: reader.count() };
    case "request":
      return { kind, session, client: reader.long(), sequence: reader.count(), payload: reader.rest() };
    case "readRequest":
      return { kind, session, read: reader.count() };
    case "report":
      return { kind, session, bytes: reader.rest() };
    case "leaderInfo":
      return { kind, session, epoch: reader.count() };
    case "offerSnap":
    case "snap": {
      const [position, last, mark] = [reader.long(), reader.flag(), reader.byte()];
      const configuration = mark >= withConfiguration ? readLogged(reader) : undefined;
      const chunk = reader.rest();
      return {
        kind,
        session,
        position,
        last,
        configuration,
        chunk: mark % withConfiguration === 1 ? chunk : undefined,
      };
    }
    case "proposal":
    case "inform":
    case "offerEntry":
      return { kind, session, entry: readEntry(reader) };
    case "newLeader":
      return { kind, session, epoch: reader.count(), committed: reader.long() };
    case "upToDate":
      return { kind, session, committed: reader.long(), guest: reader.left > 0 && reader.flag() };
    case "answered": {
      const [client, sequence, position] = [reader.long(), reader.count(), reader.long()];
      return { kind, session, client, sequence, position, refused: reader.flag() };
    }
    case "readAnswer":
      return { kind, session, read: reader.count(), position: reader.long() };
    case "refuse":
      return { kind, session };
  }
}

function readEntry(reader: ByteReader): Entry {
  const zxid = reader.long();
  const mark = reader.byte();
  const kind = entryKinds[mark % withConfiguration];
  if (kind === undefined || mark >= 2 * withConfiguration) throw malformed(`there is no entry of kind ${mark}`);
  const [client, sequence] = [reader.long(), reader.count()];
  const change = mark < withConfiguration ? {} : { configuration: readConfiguration(reader) };
  return { zxid, kind, client, sequence, ...change, payload: reader.rest() };
}
