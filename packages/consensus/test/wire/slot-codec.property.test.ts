import fc from "fast-check";
import { expect, test } from "vitest";
import type { SlotMessage } from "../../src/index.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/replica-codec.ts";

const count = fc.maxSafeNat();
const long = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const bytes = fc.uint8Array({ maxLength: 100 });
const ids = fc.array(fc.nat(255), { maxLength: 9 });
const members = fc.record({ voters: ids, observers: ids });
const configuration = fc.record({
  voters: ids,
  observers: ids,
  outgoing: fc.option(fc.array(fc.nat(255), { minLength: 1, maxLength: 9 }), { nil: undefined }),
});
const plain = { zxid: long, client: long, sequence: count, payload: bytes };
const kind = fc.constantFrom("txn" as const, "reject" as const, "noop" as const, "config" as const);
const entry = fc.oneof(fc.record({ ...plain, kind }), fc.record({ ...plain, kind, configuration }));
const logged = fc.tuple(configuration, long).map(([known, position]) => ({ ...known, position }));

function of<Kind extends SlotMessage["kind"], Fields extends object>(
  kind: Kind,
  fields: Fields,
): fc.Arbitrary<SlotMessage> {
  return fc.record({ kind: fc.constant(kind), ...fields } as never) as unknown as fc.Arbitrary<SlotMessage>;
}

const record = fc.option(fc.record({ ballot: count, entry }), { nil: undefined });
const message: fc.Arbitrary<SlotMessage> = fc.oneof(
  of("prepare", { ballot: count, from: long }),
  of("promise", { ballot: count, committed: long, entered: count, part: count, parts: count, record }),
  of("accept", { ballot: count, committed: long, entry }),
  of("accepted", { ballot: count, first: long, last: long }),
  of("preempted", { ballot: count, leader: count }),
  of("chosen", { ballot: count, committed: long }),
  of("lead", { ballot: count, round: count, barrier: long, committed: long, admit: long }),
  of("followed", { ballot: count, round: count, voting: fc.boolean(), committed: long }),
  of("forward", { ballot: count, session: count, client: long, sequence: count, payload: bytes }),
  of("forward", { ballot: count, session: count, client: long, sequence: count, payload: bytes, members }),
  of("ask", { after: long }),
  of("learn", { entry }),
  of("state", {
    position: long,
    part: count,
    configuration: fc.option(logged, { nil: undefined }),
    chunk: fc.option(bytes, { nil: undefined }),
    last: fc.boolean(),
  }),
  of("told", { committed: long }),
);

test("every message of per-slot Paxos comes back from its bytes as it was", () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
    }),
    { numRuns: 1500 },
  );
});

test("bytes that are no message of per-slot Paxos are refused with a code, whatever they are", () => {
  const damaged = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 80 }).map((given) => {
      given[0] = 64 + ((given[0] ?? 0) % 16);
      return given;
    }),
    fc.tuple(message, fc.nat(), fc.nat(255)).map(([sent, place, value]) => {
      const encoded = encodeMessage(sent).slice();
      encoded[place % encoded.length] = value;
      return encoded;
    }),
    fc.tuple(message, fc.nat()).map(([sent, length]) => encodeMessage(sent).slice(0, length % 40)),
  );
  fc.assert(
    fc.property(damaged, (given) => {
      try {
        const read = decodeMessage(given);
        expect(decodeMessage(encodeMessage(read))).toEqual(read);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "malformed-message" });
      }
    }),
    { numRuns: 2500 },
  );
});

// The bytes of version 1. A change here is a change of the format: it needs another version.
test("an accept has these bytes in version 1", () => {
  const accept: SlotMessage = {
    kind: "accept",
    ballot: 3,
    committed: 1n,
    entry: { zxid: 2n, kind: "noop", client: 5n, sequence: 6, payload: Uint8Array.of(7, 8) },
  };
  const hex = Buffer.from(encodeMessage(accept)).toString("hex");
  expect(hex).toBe("4200000000000008400100000000000000020000000000000002050000000000000000000000000018400708");
});
