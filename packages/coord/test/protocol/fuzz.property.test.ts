import { createPrng } from "@tutti/stdx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CoordError } from "../../src/coord-error.ts";
import { decodeConnectRequest } from "../../src/protocol/connect.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { JuteReader } from "../../src/protocol/jute-reader.ts";
import { opcodes, type RequestType } from "../../src/protocol/opcodes.ts";
import { decodeRequestBody, encodeRequest } from "../../src/protocol/requests.ts";
import { request } from "./arbitraries.ts";

const types = Object.keys(opcodes) as RequestType[];

/** Decodes, and lets nothing through but the one documented refusal. */
function decodeOrRefuse(decode: () => unknown): void {
  try {
    decode();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(CoordError);
    expect((thrown as CoordError).code).toBe("malformed-record");
  }
}

test("arbitrary bytes are decoded or refused with one code, whatever type they claim to be", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...types), (bytes, type) => {
      decodeOrRefuse(() => decodeRequestBody(type, new JuteReader(bytes)));
      decodeOrRefuse(() => decodeConnectRequest(bytes));
    }),
    { numRuns: 5000 },
  );
});

test("a request with damaged bytes is decoded or refused with one code", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(request, damage, fc.nat(), (sent, changes, cut) => {
      const payload = encodeRequest(1, sent).slice(12);
      for (const [at, value] of changes) if (payload.length > 0) payload[at % payload.length] = value;
      decodeOrRefuse(() =>
        decodeRequestBody(sent.type, new JuteReader(payload.subarray(0, cut % (payload.length + 1)))),
      );
    }),
    { numRuns: 2000 },
  );
});

test("a vector that claims two thousand million elements is refused before anything is allocated", () => {
  const bytes = new Uint8Array(16).fill(0x7f);
  expect(() => decodeRequestBody("setWatches", new JuteReader(bytes))).toThrow(/vector has 2139062143 elements/);
});

test("frames come out whole, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), fc.nat(), (payloads, seed) => {
      const stream = payloads.flatMap((payload) => [0, 0, 0, payload.length, ...payload]);
      const prng = createPrng(seed);
      const decoder = new FrameDecoder(1000);
      const seen: number[][] = [];
      for (let at = 0; at < stream.length;) {
        const take = Math.min(stream.length - at, 1 + prng.nextBelow(9));
        const chunk = Uint8Array.from(stream.slice(at, at + take));
        const untouched = Uint8Array.from(chunk);
        at += take;
        decoder.push(chunk);
        for (let step = decoder.next(); step.kind === "frame"; step = decoder.next()) seen.push([...step.payload]);
        expect(chunk).toEqual(untouched);
        expect(decoder.pendingBytes).toBeLessThanOrEqual(1004);
      }
      expect(seen).toEqual(payloads.map((payload) => [...payload]));
    }),
  );
});

test("a frame of exactly the limit is served, one byte more and a negative length end the stream", () => {
  const decoder = new FrameDecoder(8);
  decoder.push(Uint8Array.of(0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9));
  expect(decoder.next().kind).toBe("frame");
  expect(decoder.next()).toEqual({ kind: "illegal-length", length: 9 });
  const negative = new FrameDecoder(8);
  negative.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
  expect(negative.next()).toEqual({ kind: "illegal-length", length: -1 });
});
