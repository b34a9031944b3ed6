import { expect, test } from "vitest";
import { decodeConnectResponse, encodeConnectRequest, encodeConnectResponse } from "../../src/protocol/connect.ts";
import type { RequestType } from "../../src/protocol/opcodes.ts";
import { encodeRequest } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../../src/protocol/responses.ts";
import { encodeNotification, encodeReply, type Response } from "../../src/protocol/responses.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Payloads as Apache ZooKeeper 3.8.0 sent them; a successful reply is named by its request. */
const recorded: readonly (readonly [RequestType, string])[] = [
  ["exists", "0000000100000000000003f5ffffff9b"],
  ["create", "0000000200000000000003f600000000000000072f676f6c64656e"],
  [
    "create2",
    "0000000300000000000003f700000000000000082f676f6c64656e3200000000000003f700000000000003f7000001a2066bf751000001a2066bf7510000000000000000000000000000000000000000000000000000000000000000000003f7",
  ],
  [
    "getData",
    "0000000400000000000003f700000000000000010100000000000003f600000000000003f6000001a2066bf750000001a2066bf7500000000000000000000000000100005d990c0005000000010000000000000000000003f6",
  ],
  [
    "getChildren2",
    "0000000500000000000003f7000000000000000200000006636f6e6669670000000571756f7461000000000000000000000000000002c90000000000000000000001a20668b54b00000001fffffffe00000000000000000000000000000001000000020000000000000000",
  ],
  [
    "getAcl",
    "0000000600000000000003f700000000000000010000001f00000005776f726c6400000006616e796f6e6500000000000003f600000000000003f6000001a2066bf750000001a2066bf7500000000000000000000000000100005d990c0005000000010000000000000000000003f6",
  ],
  [
    "multi",
    "0000000700000000000003f800000000000000010000000000000000082f676f6c64656e3300000005000000000000000000000003f800000000000003f8000001a2066bf755000001a2066bf7550000000100000000000000000000000000000000000000000000000000000000000003f80000000d0000000000000000020000000000ffffffff01ffffffff",
  ],
  [
    "multi",
    "0000000800000000000003f900000000ffffffff000000000000000000ffffffff00ffffff9bffffff9bffffffff00fffffffefffffffeffffffff01ffffffff",
  ],
  [
    "multiRead",
    "0000000900000000000003f900000000000000040000000000000000010100000000000003f600000000000003f6000001a2066bf750000001a2066bf7500000000000000000000000000100005d990c0005000000010000000000000000000003f6ffffffff00ffffff9bffffff9bffffffff01ffffffff",
  ],
  ["addWatch", "0000000a00000000000003f90000000000000000"],
  ["getEphemerals", "0000000b00000000000003f90000000000000001000000072f676f6c64656e"],
  ["getAllChildrenNumber", "0000000c00000000000003f90000000000000002"],
  ["whoAmI", "0000000d00000000000003f90000000000000001000000026970000000093132372e302e302e31"],
  ["delete", "0000000e00000000000003fa00000000"],
];

test.each(recorded)("a recorded reply to %s is read and written again byte by byte", (type, payload) => {
  const { header, body } = decodeReplyHeader(Buffer.from(payload, "hex"));
  const response = header.err === 0 ? ({ type, ...decodeResponseBody(type, body) } as Response) : undefined;
  expect(body.remaining).toBe(0);
  expect(hex(encodeReply(header, response).subarray(4))).toBe(payload);
});

test("a recorded connect response is read and written again byte by byte", () => {
  const payload = "00000000000027100100005d990c000500000010357e6f7acb4202576e2d89278e18d3dc00";
  const response = decodeConnectResponse(Buffer.from(payload, "hex"));
  expect(response).toMatchObject({ timeoutMs: 10_000, readOnly: false });
  expect(hex(encodeConnectResponse(response).subarray(4))).toBe(payload);
});

test("a recorded notification is read and written again byte by byte", () => {
  const payload = "ffffffffffffffffffffffff000000000000000100000003000000072f676f6c64656e";
  const { header, body } = decodeReplyHeader(Buffer.from(payload, "hex"));
  const event = decodeWatcherEvent(body);
  expect(event).toEqual({ type: 1, state: 3, path: "/golden" });
  expect(hex(encodeNotification(header.zxid, event).subarray(4))).toBe(payload);
});

test("requests have the documented layout", () => {
  expect(hex(encodeRequest(1, { type: "getData", path: "/a", watch: true }))).toBe(
    "0000000f" + "00000001" + "00000004" + "00000002" + "2f61" + "01",
  );
  const acl = [{ perms: 31, scheme: "world", id: "anyone" }];
  expect(hex(encodeRequest(2, { type: "create", path: "/a", data: null, acl, flags: 1 }))).toBe(
    "00000031" +
      "00000002" +
      "00000001" +
      "000000022f61" +
      "ffffffff" +
      "00000001" +
      "0000001f" +
      "00000005776f726c64" +
      "00000006616e796f6e65" +
      "00000001",
  );
  expect(hex(encodeRequest(3, { type: "multi", ops: [{ type: "check", path: "/a", version: -1 }] }))).toBe(
    "00000024" + "00000003" + "0000000e" + "0000000d00ffffffff" + "000000022f61ffffffff" + "ffffffff01ffffffff",
  );
});

test("a connect request has 45 bytes with the read-only byte and 44 without", () => {
  const request = { protocolVersion: 0, lastZxidSeen: 1n, timeoutMs: 2, sessionId: 3n, password: new Uint8Array(16) };
  const old = "00000000" + "0000000000000001" + "00000002" + "0000000000000003" + "00000010" + "00".repeat(16);
  expect(hex(encodeConnectRequest(request))).toBe("0000002c" + old);
  expect(hex(encodeConnectRequest({ ...request, readOnly: true }))).toBe("0000002d" + old + "01");
});
