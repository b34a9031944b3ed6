import type { AcceptedEntry } from "../core/accepted-entry.ts";
import type { Epochs } from "../core/effects.ts";
import type { Entry } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";
import { configurationBytes, decodeConfiguration, encodeConfiguration } from "./configuration-codec.ts";

/** One change of the log, as its bytes hold it. */
export type LogRecord =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "truncate"; readonly last: Zxid }
  | { readonly kind: "epochs"; readonly epochs: Epochs }
  /** Takes the place of what the slot held. */
  | ({ readonly kind: "accepted" } & AcceptedEntry)
  /** What the slots hold up to there is chosen. */
  | { readonly kind: "chosen"; readonly last: Zxid };

// Numbers are part of the format. Logs of ZAB and of log-structured Paxos hold 1 to 3, those of per-slot Paxos 3 to 5.
const recordKinds = { entry: 1, truncate: 2, epochs: 3, accepted: 4, chosen: 5 } as const;
const entryKinds: readonly Entry["kind"][] = ["txn", "reject", "noop", "config"];
/** Added to the kind of an entry from which on others take part; they stand before its payload. */
const withConfiguration = 16;
/** The kind of a record, and an entry up to its payload. */
const entryHeaderBytes = 1 + 8 + 1 + 8 + 8 + 4;
const ballotBytes = 4;

function recordBytes(record: LogRecord): number {
  switch (record.kind) {
    case "entry":
      return entryHeaderBytes + changeBytes(record.entry) + record.entry.payload.length;
    case "accepted":
      return entryHeaderBytes + ballotBytes + changeBytes(record.entry) + record.entry.payload.length;
    case "truncate":
    case "chosen":
      return 1 + 8;
    case "epochs":
      return 1 + 4 + 4 + 1;
  }
}

function changeBytes({ configuration }: Entry): number {
  return configuration === undefined ? 0 : configurationBytes(configuration);
}

/** All integers are little-endian; a sequence is a 64-bit integer below 2^53. */
export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  let length = 0;
  for (const record of records) length += recordBytes(record);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const record of records) {
    view.setUint8(offset, recordKinds[record.kind]);
    switch (record.kind) {
      case "entry":
        writeEntry(bytes, view, offset + 1, record.entry);
        break;
      case "accepted":
        view.setUint32(offset + 1, record.ballot, true);
        writeEntry(bytes, view, offset + 1 + ballotBytes, record.entry);
        break;
      case "truncate":
      case "chosen":
        view.setBigUint64(offset + 1, record.last, true);
        break;
      case "epochs":
        view.setUint32(offset + 1, record.epochs.accepted, true);
        view.setUint32(offset + 5, record.epochs.current, true);
        view.setUint8(offset + 9, record.epochs.voting ? 1 : 0);
    }
    offset += recordBytes(record);
  }
  return bytes;
}

function writeEntry(bytes: Uint8Array, view: DataView, offset: number, entry: Entry): void {
  view.setBigUint64(offset, entry.zxid, true);
  const { configuration } = entry;
  const payloadAt = offset + entryHeaderBytes - 1 + changeBytes(entry);
  view.setUint8(offset + 8, entryKinds.indexOf(entry.kind) + (configuration === undefined ? 0 : withConfiguration));
  if (configuration !== undefined) encodeConfiguration(view, offset + entryHeaderBytes - 1, configuration);
  view.setBigUint64(offset + 9, BigInt.asUintN(64, entry.client), true);
  view.setBigUint64(offset + 17, BigInt(entry.sequence), true);
  view.setUint32(offset + 25, entry.payload.length, true);
  bytes.set(entry.payload, payloadAt);
}

/** The records of a batch whose checksum held, or undefined when they do not parse all the same. Payloads are views. */
export function decodeRecords(bytes: Uint8Array): readonly LogRecord[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const record = decodeRecord(bytes, view, offset);
    if (record === undefined) return undefined;
    records.push(record);
    offset += recordBytes(record);
  }
  return records;
}

function decodeRecord(bytes: Uint8Array, view: DataView, offset: number): LogRecord | undefined {
  const kind = view.getUint8(offset);
  const left = bytes.length - offset;
  if (kind === recordKinds.truncate && left >= 9) {
    return { kind: "truncate", last: view.getBigUint64(offset + 1, true) };
  }
  if (kind === recordKinds.chosen && left >= 9) return { kind: "chosen", last: view.getBigUint64(offset + 1, true) };
  if (kind === recordKinds.epochs && left >= 10) {
    const accepted = view.getUint32(offset + 1, true);
    const current = view.getUint32(offset + 5, true);
    return { kind: "epochs", epochs: { accepted, current, voting: view.getUint8(offset + 9) === 1 } };
  }
  if (kind === recordKinds.entry) {
    const entry = readEntry(bytes, view, offset + 1);
    return entry === undefined ? undefined : { kind: "entry", entry };
  }
  if (kind !== recordKinds.accepted || left < 1 + ballotBytes) return undefined;
  const entry = readEntry(bytes, view, offset + 1 + ballotBytes);
  if (entry === undefined) return undefined;
  // Kept by itself for as long as its slot is, whereas a log copies what it keeps.
  const own = { ...entry, payload: entry.payload.slice() };
  return { kind: "accepted", ballot: view.getUint32(offset + 1, true), entry: own };
}

function readEntry(bytes: Uint8Array, view: DataView, offset: number): Entry | undefined {
  const headerEnd = offset + entryHeaderBytes - 1;
  if (headerEnd > bytes.length) return undefined;
  const payloadBytes = view.getUint32(offset + 25, true);
  const mark = view.getUint8(offset + 8);
  const kind = entryKinds[mark % withConfiguration];
  const configuration = mark < withConfiguration ? undefined : decodeConfiguration(view, headerEnd);
  if (kind === undefined || (mark >= withConfiguration && configuration === undefined)) return undefined;
  const start = headerEnd + (configuration === undefined ? 0 : configurationBytes(configuration));
  if (start + payloadBytes > bytes.length) return undefined;
  return {
    zxid: view.getBigUint64(offset, true),
    kind,
    ...(configuration === undefined ? {} : { configuration }),
    client: view.getBigUint64(offset + 9, true),
    sequence: Number(view.getBigUint64(offset + 17, true)),
    payload: bytes.subarray(start, start + payloadBytes),
  };
}
