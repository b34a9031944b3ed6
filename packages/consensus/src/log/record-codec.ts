import type { Epochs } from "../core/effects.ts";
import type { Entry } from "../core/entry.ts";
import type { Zxid } from "../core/zxid.ts";
import { configurationBytes, decodeConfiguration, encodeConfiguration } from "./configuration-codec.ts";

/** One change of the log, as its bytes hold it. */
export type LogRecord =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "truncate"; readonly last: Zxid }
  | { readonly kind: "epochs"; readonly epochs: Epochs };

/** `change`: an entry from which on others take part. */
const recordKinds = { entry: 1, truncate: 2, epochs: 3, change: 4 } as const;
/** By the number on the disk. */
const entryKinds: readonly Entry["kind"][] = ["txn", "reject", "config"];
const entryHeaderBytes = 1 + 8 + 1 + 8 + 8 + 4;

function recordBytes(record: LogRecord): number {
  if (record.kind === "entry") {
    const { payload, configuration } = record.entry;
    const changeBytes = configuration === undefined ? 0 : configurationBytes(configuration);
    return entryHeaderBytes + changeBytes + payload.length;
  }
  return record.kind === "truncate" ? 1 + 8 : 1 + 4 + 4 + 1;
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
      case "entry": {
        const { entry } = record;
        const { configuration } = entry;
        const payloadAt = offset + recordBytes(record) - entry.payload.length;
        if (configuration !== undefined) {
          view.setUint8(offset, recordKinds.change);
          encodeConfiguration(view, offset + entryHeaderBytes, configuration);
        }
        view.setBigUint64(offset + 1, entry.zxid, true);
        view.setUint8(offset + 9, entryKinds.indexOf(entry.kind));
        view.setBigUint64(offset + 10, BigInt.asUintN(64, entry.client), true);
        view.setBigUint64(offset + 18, BigInt(entry.sequence), true);
        view.setUint32(offset + 26, entry.payload.length, true);
        bytes.set(entry.payload, payloadAt);
        break;
      }
      case "truncate":
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

/** The records of a batch whose checksum held, or undefined when they do not parse all the same. */
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
  if (kind === recordKinds.epochs && left >= 10) {
    const accepted = view.getUint32(offset + 1, true);
    const current = view.getUint32(offset + 5, true);
    return { kind: "epochs", epochs: { accepted, current, voting: view.getUint8(offset + 9) === 1 } };
  }
  return left < entryHeaderBytes ? undefined : decodeEntry(bytes, view, offset);
}

function decodeEntry(bytes: Uint8Array, view: DataView, offset: number): LogRecord | undefined {
  const kind = view.getUint8(offset);
  const isChange = kind === recordKinds.change;
  const entryKind = entryKinds[view.getUint8(offset + 9)];
  if ((kind !== recordKinds.entry && !isChange) || entryKind === undefined) return undefined;
  const configuration = isChange ? decodeConfiguration(view, offset + entryHeaderBytes) : undefined;
  if (isChange && configuration === undefined) return undefined;
  const payloadBytes = view.getUint32(offset + 26, true);
  const start = offset + entryHeaderBytes + (configuration === undefined ? 0 : configurationBytes(configuration));
  if (bytes.length < start + payloadBytes) return undefined;
  const entry: Entry = {
    zxid: view.getBigUint64(offset + 1, true),
    kind: entryKind,
    ...(configuration === undefined ? {} : { configuration }),
    client: view.getBigUint64(offset + 10, true),
    sequence: Number(view.getBigUint64(offset + 18, true)),
    payload: bytes.slice(start, start + payloadBytes),
  };
  return { kind: "entry", entry };
}
