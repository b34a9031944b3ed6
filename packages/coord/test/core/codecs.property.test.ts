import fc from "fast-check";
import { expect, test } from "vitest";
import { readTxn, writeTxn } from "../../src/core/txn-codec.ts";
import type { OpTxn, Txn, TxnBody } from "../../src/core/txn.ts";
import { readWriteRequest, writeWriteRequest } from "../../src/core/write-request-codec.ts";
import type { WriteOp, WriteRequest } from "../../src/core/write-request.ts";
import type { ZnodeKind } from "../../src/core/znode-kind.ts";
import { errorCodes } from "../../src/protocol/error-codes.ts";
import { JuteReader } from "../../src/protocol/jute-reader.ts";
import { JuteWriter } from "../../src/protocol/jute-writer.ts";

const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const data = fc.option(fc.uint8Array({ maxLength: 20 }));
const acl = fc.array(fc.record({ perms: int, scheme: fc.string(), id: fc.string() }), { maxLength: 3 });
const path = fc.string();
const password = fc.uint8Array({ maxLength: 16 });
const kind: fc.Arbitrary<ZnodeKind> = fc.oneof(
  fc.constantFrom<ZnodeKind>({ kind: "persistent" }, { kind: "container" }),
  fc.bigInt({ min: 1n, max: 2n ** 55n }).map((sessionId): ZnodeKind => ({ kind: "ephemeral", sessionId })),
  fc.bigInt({ min: 1n, max: 2n ** 40n - 1n }).map((ttlMs): ZnodeKind => ({ kind: "ttl", ttlMs })),
);

const c = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type);
const opTxn: fc.Arbitrary<OpTxn> = fc.oneof(
  fc.record({ type: c("create"), path, data, acl, kind, parentChildCreates: int }),
  fc.record({ type: c("delete"), path }),
  fc.record({ type: c("setData"), path, data, version: int }),
  fc.record({ type: c("setAcl"), path, acl, aversion: int }),
  fc.record({ type: c("check"), path }),
  fc.record({ type: c("error"), err: fc.constantFrom(...Object.values(errorCodes)) }),
);
const body: fc.Arbitrary<TxnBody> = fc.oneof(
  opTxn,
  fc.record({ type: c("multi"), ops: fc.array(opTxn, { maxLength: 4 }) }),
  fc.record({ type: fc.constantFrom("createSession", "attachSession"), timeoutMs: int, password, serverId: int }),
  fc.record({ type: c("closeSession"), paths: fc.array(path, { maxLength: 4 }) }),
);
const txn: fc.Arbitrary<Txn> = fc.record({ sessionId: long, xid: int, zxid: long, timeMs: long, body });

const write = { type: c("create"), path, data, acl, flags: fc.integer({ min: 0, max: 3 }) };
const op: fc.Arbitrary<WriteOp> = fc.oneof(
  fc.record(write),
  fc.record({ type: c("setData"), path, data, version: int }),
  fc.record({ type: c("delete"), path, version: int }),
  fc.record({ type: c("setAcl"), path, acl, version: int }),
  fc.record({ type: c("multi"), ops: fc.array(fc.record(write), { maxLength: 3 }) }),
  fc.record({ type: fc.constantFrom("createSession", "attachSession"), timeoutMs: int, password }),
  fc.record({ type: c("reap"), path }),
  fc.constantFrom<WriteOp>({ type: "malformedMulti" }, { type: "closeSession" }),
  fc.record({ type: c("expireSession"), openedZxid: long }),
);
const ids = fc.array(fc.record({ scheme: fc.string(), id: fc.string() }), { maxLength: 2 });
const request: fc.Arbitrary<WriteRequest> = fc.record({ serverId: int, sessionId: long, xid: int, ids, op });

function bytesOf<T>(put: (writer: JuteWriter, value: T) => void, value: T): Uint8Array {
  const writer = new JuteWriter();
  put(writer, value);
  return writer.finish();
}

test("a transaction comes back from the log as it was", () => {
  fc.assert(
    fc.property(txn, (given) => {
      const reader = new JuteReader(bytesOf(writeTxn, given));
      expect(readTxn(reader)).toEqual(given);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("a request reaches the leader as it was", () => {
  fc.assert(
    fc.property(request, (given) => {
      const reader = new JuteReader(bytesOf(writeWriteRequest, given));
      expect(readWriteRequest(reader)).toEqual(given);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("bytes that are neither are refused with a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const take of [readTxn, readWriteRequest]) {
        try {
          take(new JuteReader(bytes));
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "malformed-record" });
        }
      }
    }),
    { numRuns: 2000 },
  );
});

// The bytes of version 1 of the log's transactions. A change here is a change of the format.
test("a transaction has these bytes", () => {
  const made = bytesOf(writeTxn, {
    sessionId: 1n,
    xid: 2,
    zxid: 3n,
    timeMs: 4n,
    body: {
      type: "create",
      path: "/a",
      data: Uint8Array.of(7),
      acl: [{ perms: 31, scheme: "world", id: "anyone" }],
      kind: { kind: "ephemeral", sessionId: 1n },
      parentChildCreates: 5,
    },
  });
  expect(Buffer.from(made).toString("hex")).toBe(
    "00000000000000010000000200000000000000030000000000000004000000010000" +
      "00022f610000000107000000010000001f00000005776f726c6400000006616e796f6e65000000000000000100000005",
  );
});
