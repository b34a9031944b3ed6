import { readFileSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { describe, expect, test } from "vitest";
import type { Configuration } from "../../src/core/configuration.ts";
import type { ReplicaMessage } from "../../src/core/messages.ts";
import { crc32 } from "../../src/log/crc32.ts";
import { decodeRecords, encodeRecords, type LogRecord } from "../../src/log/record-codec.ts";
import {
  decodeSegmentHeader,
  encodeBatch,
  encodeSegmentHeader,
  readSegment,
  segmentSalt,
} from "../../src/log/segment.ts";
import { decodeSnapshot, encodeChunk, encodeSnapshotEnd, encodeSnapshotHead } from "../../src/log/snapshot-file.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/replica-codec.ts";

// What is in the files was written by the version that is named there, and every later one must read it. What this version
// writes must not change without a new name: REWRITE=1 adds what is new, and never replaces a line.

/** One line for each: a name, and its bytes in hex. */
function goldenOf(file: string): { readonly check: (name: string, bytes: Uint8Array) => Uint8Array } {
  const url = new URL(file, import.meta.url);
  const lines = new Map(
    readFileSync(url, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(": ") as [string, string]),
  );
  return {
    check: (name, bytes) => {
      const hex = Buffer.from(bytes).toString("hex");
      if (env["REWRITE"] === "1" && !lines.has(name)) {
        lines.set(name, hex);
        writeFileSync(url, `${readFileSync(url, "utf8")}${name}: ${hex}\n`);
      }
      expect(hex, name).toBe(lines.get(name));
      return new Uint8Array(Buffer.from(lines.get(name) ?? "", "hex"));
    },
  };
}

const payload = new TextEncoder().encode("color=green");
const nothing = new Uint8Array(0);
const joint: Configuration = { voters: [2, 3, 4], observers: [9], outgoing: [1, 2, 3] };
const alone: Configuration = { voters: [2, 3, 4], observers: [9], outgoing: undefined };
const entry = { zxid: 0x3_0000_0007n, kind: "txn", client: 7n, sequence: 12, payload } as const;
const change = { ...entry, zxid: 0x3_0000_0008n, configuration: joint };
const final = {
  zxid: 0x3_0000_0009n,
  kind: "config",
  client: 0n,
  sequence: 0,
  payload: nothing,
  configuration: alone,
} as const;

const slot = { ...entry, zxid: 7n } as const;
/** Of per-slot Paxos, which came with version 2. */
const slotMessages: Readonly<Record<string, ReplicaMessage>> = {
  "2 prepare": { kind: "prepare", ballot: 260, from: 7n },
  "2 promise": {
    kind: "promise",
    ballot: 260,
    committed: 6n,
    entered: 258,
    part: 0,
    parts: 1,
    record: { ballot: 258, entry: slot },
  },
  "2 promise of nothing": {
    kind: "promise",
    ballot: 260,
    committed: 6n,
    entered: 258,
    part: 0,
    parts: 1,
    record: undefined,
  },
  "2 accept": { kind: "accept", ballot: 260, committed: 6n, entry: slot },
  "2 accepted": { kind: "accepted", ballot: 260, first: 7n, last: 9n },
  "2 preempted": { kind: "preempted", ballot: 261, leader: 1 },
  "2 chosen": { kind: "chosen", ballot: 260, committed: 7n },
  "2 lead": { kind: "lead", ballot: 260, round: 4, barrier: 8n, committed: 7n, admit: 0n },
  "2 followed": { kind: "followed", ballot: 260, round: 4, voting: true, committed: 7n },
  "2 forward": { kind: "forward", ballot: 260, session: 5, client: 7n, sequence: 12, payload },
  "2 ask": { kind: "ask", after: 6n },
  "2 learn": { kind: "learn", entry: { ...slot, configuration: joint } },
  "2 state": {
    kind: "state",
    position: 7n,
    part: 1,
    configuration: { ...alone, position: 3n },
    chunk: payload,
    last: true,
  },
  "2 told": { kind: "told", committed: 9n },
};

describe("bytes that earlier versions wrote", () => {
  test("messages", () => {
    const { check } = goldenOf("messages.txt");
    const vote = { leader: 2, zxid: 0x3_0000_0007n, epoch: 3, round: 4, voting: true, fresh: false } as const;
    const messages: Readonly<Record<string, ReplicaMessage>> = {
      "1 notification": { kind: "notification", state: "looking", ...vote, configuration: undefined },
      "1 followerInfo": { kind: "followerInfo", session: 5, acceptedEpoch: 3, voting: true },
      "1 ackEpoch": { kind: "ackEpoch", session: 5, lastZxid: 0x3_0000_0007n, currentEpoch: 2 },
      "1 proposal": { kind: "proposal", session: 5, entry },
      "1 inform of a refusal": { kind: "inform", session: 5, entry: { ...entry, kind: "reject" } },
      "1 snap": { kind: "snap", session: 5, position: 7n, configuration: undefined, chunk: payload, last: true },
      "1 upToDate": { kind: "upToDate", session: 5, committed: 0x3_0000_0007n, guest: false },
      "1 request": { kind: "request", session: 5, client: 7n, sequence: 12, payload },
      "2 notification after a change": {
        kind: "notification",
        state: "leading",
        ...vote,
        configuration: { ...joint, position: 0x3_0000_0008n },
      },
      "2 proposal of a change": { kind: "proposal", session: 5, entry: change },
      "2 proposal of its end": { kind: "proposal", session: 5, entry: final },
      "2 request for members": {
        kind: "request",
        session: 5,
        client: 7n,
        sequence: 13,
        members: { voters: [2, 3], observers: [] },
        payload: nothing,
      },
      "2 snap after a change": {
        kind: "snap",
        session: 5,
        position: 7n,
        configuration: { ...alone, position: 3n },
        chunk: undefined,
        last: true,
      },
      "2 upToDate of a guest": { kind: "upToDate", session: 5, committed: 0x3_0000_0007n, guest: true },
      ...slotMessages,
    };
    for (const [name, message] of Object.entries(messages)) {
      expect(decodeMessage(check(name, encodeMessage(message))), name).toEqual(message);
    }
  });

  test("a segment of the log, with every kind of record", () => {
    const { check } = goldenOf("log.txt");
    const records: Readonly<Record<string, LogRecord>> = {
      "1 entry": { kind: "entry", entry },
      "1 entry that was refused": { kind: "entry", entry: { ...entry, kind: "reject" } },
      "1 truncate": { kind: "truncate", last: 0x3_0000_0006n },
      "1 epochs": { kind: "epochs", epochs: { accepted: 4, current: 3, voting: true } },
      "2 change of members": { kind: "entry", entry: change },
      "2 end of a change": { kind: "entry", entry: final },
      "2 accepted slot": { kind: "accepted", ballot: 260, entry: { ...entry, zxid: 7n } },
      "2 chosen slots": { kind: "chosen", last: 7n },
    };
    for (const [name, record] of Object.entries(records)) {
      expect(decodeRecords(check(name, encodeRecords([record]))), name).toEqual([record]);
    }
    const header = { node: 2, number: 5, previous: 4, previousBytes: 640, base: 0x3_0000_0006n };
    const epochs = { accepted: 4, current: 3, voting: true };
    const head = encodeSegmentHeader({ ...header, epochs });
    const salt = segmentSalt(head);
    const batch = encodeBatch(encodeRecords([{ kind: "entry", entry }]), { salt, sequence: 1, previousCrc: salt });
    const bytes = check("1 segment", new Uint8Array(Buffer.concat([head, batch.bytes])));
    expect(decodeSegmentHeader(bytes)).toEqual({ ...header, epochs });
    expect(readSegment(bytes, bytes.length).records).toEqual([{ kind: "entry", entry }]);
  });

  test("snapshots, before and after members changed", () => {
    const { check } = goldenOf("snapshot.txt");
    const snapshots = {
      "2 plain": { position: 0x3_0000_0007n, chunks: [payload, nothing] },
      "3 after a change": {
        position: 0x3_0000_0009n,
        chunks: [payload],
        configuration: { ...alone, position: 0x3_0000_0009n },
      },
    };
    for (const [name, snapshot] of Object.entries(snapshots)) {
      const parts = [encodeSnapshotHead(2, snapshot), ...snapshot.chunks.map((chunk) => encodeChunk(chunk))];
      const body = new Uint8Array(Buffer.concat(parts));
      const bytes = new Uint8Array(Buffer.concat([body, encodeSnapshotEnd(crc32(body))]));
      expect(decodeSnapshot(check(name, bytes)), name).toEqual(snapshot);
    }
  });
});
