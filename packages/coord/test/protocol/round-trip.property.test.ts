import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeConnectRequest, decodeConnectResponse } from "../../src/protocol/connect.ts";
import { encodeConnectRequest, encodeConnectResponse } from "../../src/protocol/connect.ts";
import { JuteReader } from "../../src/protocol/jute-reader.ts";
import { opcodes, requestTypeOf } from "../../src/protocol/opcodes.ts";
import { requestHeaderCodec } from "../../src/protocol/records.ts";
import { decodeRequestBody, encodeRequest } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../../src/protocol/responses.ts";
import { encodeNotification, encodeReply } from "../../src/protocol/responses.ts";
import { int, long, request, response } from "./arbitraries.ts";

const payloadOf = (frame: Uint8Array): Uint8Array => {
  expect(new DataView(frame.buffer, frame.byteOffset).getInt32(0)).toBe(frame.length - 4);
  return frame.subarray(4);
};

test("every request is read back as it was written", () => {
  fc.assert(
    fc.property(int, request, (xid, sent) => {
      const reader = new JuteReader(payloadOf(encodeRequest(xid, sent)));
      expect(requestHeaderCodec.read(reader)).toEqual({ xid, opcode: opcodes[sent.type] });
      expect(requestTypeOf(opcodes[sent.type])).toBe(sent.type);
      expect(decodeRequestBody(sent.type, reader)).toEqual(sent);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test("every reply is read back as it was written", () => {
  fc.assert(
    fc.property(fc.record({ xid: int, zxid: long, err: int }), response, (header, sent) => {
      const { header: readHeader, body } = decodeReplyHeader(payloadOf(encodeReply(header, sent)));
      expect(readHeader).toEqual(header);
      expect({ type: sent.type, ...decodeResponseBody(sent.type, body) }).toEqual(sent);
      expect(body.remaining).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test("notifications and connect records are read back as they were written", () => {
  const password = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null });
  const readOnly = fc.option(fc.boolean(), { nil: undefined });
  const connect = fc.record({ protocolVersion: int, timeoutMs: int, sessionId: long, password, readOnly });
  fc.assert(
    fc.property(connect, long, int, fc.string({ unit: "grapheme" }), (common, zxid, type, path) => {
      const asked = { ...common, lastZxidSeen: zxid };
      expect(decodeConnectRequest(payloadOf(encodeConnectRequest(asked)))).toEqual(asked);
      expect(decodeConnectResponse(payloadOf(encodeConnectResponse(common)))).toEqual(common);
      const { header, body } = decodeReplyHeader(payloadOf(encodeNotification(zxid, { type, path })));
      expect(header).toEqual({ xid: -1, zxid, err: 0 });
      expect(decodeWatcherEvent(body)).toEqual({ type, state: 3, path });
    }),
  );
});
