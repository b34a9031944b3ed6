import fc from "fast-check";
import { expect, test } from "vitest";
import type { ZabMessage } from "../../src/core/messages.ts";
import { decodeZabMessage, encodeZabMessage } from "../../src/wire/zab-codec.ts";

const count = fc.maxSafeNat();
const signed = fc.maxSafeInteger();
const long = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const bytes = fc.uint8Array({ maxLength: 100 });
const ids = fc.array(count, { maxLength: 5 });
const outgoing = fc.option(fc.array(count, { minLength: 1, maxLength: 5 }), { nil: undefined });
const configuration = fc.record({ voters: ids, observers: ids, outgoing });
const logged = fc.option(fc.record({ voters: ids, observers: ids, outgoing, position: long }), { nil: undefined });
const entry = fc.record(
  {
    zxid: long,
    kind: fc.constantFrom("txn" as const, "reject" as const, "config" as const),
    client: long,
    sequence: count,
    payload: bytes,
    configuration,
  },
  { requiredKeys: ["zxid", "kind", "client", "sequence", "payload"] },
);

function of<Kind extends ZabMessage["kind"], Fields extends object>(
  kind: Kind,
  fields: Fields,
): fc.Arbitrary<ZabMessage> {
  const record = fc.record({ kind: fc.constant(kind), session: count, ...fields } as never);
  return record as unknown as fc.Arbitrary<ZabMessage>;
}

const notification = fc.record({
  kind: fc.constant("notification" as const),
  state: fc.constantFrom("looking" as const, "following" as const, "observing" as const, "leading" as const),
  leader: count,
  zxid: long,
  epoch: signed,
  round: count,
  voting: fc.boolean(),
  fresh: fc.boolean(),
  configuration: logged,
});

const heartbeat = fc
  .record({
    kind: fc.constant("heartbeat" as const),
    round: count,
    isAnswer: fc.boolean(),
    state: fc.constantFrom("looking" as const, "following" as const, "observing" as const, "leading" as const),
    settled: fc.boolean(),
    connected: fc.boolean(),
    zxid: long,
    epoch: count,
    fresh: fc.boolean(),
  })
  .chain((fields) =>
    fc
      .constantFrom(
        { voting: false, electable: false },
        { voting: true, electable: false },
        { voting: true, electable: true },
      )
      .map((voice) => ({ ...fields, ...voice })),
  );

const message: fc.Arbitrary<ZabMessage> = fc.oneof(
  notification,
  heartbeat,
  of("pull", { zxid: long }),
  of("offerCut", { zxid: long }),
  of("offerSnap", {
    position: long,
    configuration: logged,
    chunk: fc.option(bytes, { nil: undefined }),
    last: fc.boolean(),
  }),
  of("offerEntry", { entry }),
  of("offerEnd", { zxid: long }),
  of("followerInfo", { acceptedEpoch: count, voting: fc.boolean() }),
  of("ackEpoch", { lastZxid: long, currentEpoch: signed }),
  of("ack", { zxid: long }),
  of("pong", { round: count }),
  of("request", { client: long, sequence: count, payload: bytes }),
  of("request", { client: long, sequence: count, members: fc.record({ voters: ids, observers: ids }), payload: bytes }),
  of("readRequest", { read: count }),
  of("report", { bytes }),
  of("leaderInfo", { epoch: count }),
  of("diff", { zxid: long }),
  of("trunc", { zxid: long }),
  of("snap", {
    position: long,
    configuration: logged,
    chunk: fc.option(bytes, { nil: undefined }),
    last: fc.boolean(),
  }),
  of("proposal", { entry }),
  of("newLeader", { epoch: count, committed: long }),
  of("upToDate", { committed: long, guest: fc.boolean() }),
  of("commit", { zxid: long }),
  of("inform", { entry }),
  of("ping", { round: count }),
  of("answered", { client: long, sequence: count, position: long, refused: fc.boolean() }),
  of("readAnswer", { read: count, position: long }),
  of("refuse", {}),
);

test("every message comes back from its bytes as it was", () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(decodeZabMessage(encodeZabMessage(sent))).toEqual(sent);
    }),
    { numRuns: 2000 },
  );
});

test("bytes that are no message are refused with a code, whatever they are", () => {
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(message, fc.nat(), fc.nat(255)).map(([sent, place, value]) => {
      const encoded = encodeZabMessage(sent).slice();
      encoded[place % encoded.length] = value;
      return encoded;
    }),
    fc.tuple(message, fc.nat()).map(([sent, length]) => encodeZabMessage(sent).slice(0, length % 30)),
  );
  fc.assert(
    fc.property(damaged, (given) => {
      try {
        const read = decodeZabMessage(given);
        expect(decodeZabMessage(encodeZabMessage(read))).toEqual(read);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "malformed-message" });
      }
    }),
    { numRuns: 3000 },
  );
});

// The bytes of version 1. A change here is a change of the format: it needs another version.
test("version 1 has these bytes", () => {
  const proposal: ZabMessage = {
    kind: "proposal",
    session: 3,
    entry: { zxid: 0x1_0000_0002n, kind: "txn", client: 5n, sequence: 6, payload: Uint8Array.of(7, 8) },
  };
  const hex = Buffer.from(encodeZabMessage(proposal)).toString("hex");
  expect(hex).toBe("140000000000000840020000000100000001050000000000000000000000000018400708");
});
