import fc from "fast-check";
import { expect, test } from "vitest";
import { EntryList } from "../../src/core/entry-list.ts";
import type { Entry } from "../../src/core/entry.ts";

const configuration = { voters: [1, 2], observers: [3], outgoing: undefined };
const entry: fc.Arbitrary<Omit<Entry, "zxid">> = fc.record({
  kind: fc.constantFrom<Entry["kind"]>("txn", "reject", "config", "noop"),
  client: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  // Most are small, and some do not fit where the others stand.
  payload: fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    fc.uint8Array({ minLength: 2000, maxLength: 3000 }),
  ),
});
const change = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("push" as const), entry, isConfigured: fc.boolean() }) },
  fc.record({
    kind: fc.constantFrom("dropFirst" as const, "truncate" as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

test("a list gives back the entries that were added and neither dropped nor cut off", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const list = new EntryList([]);
      let expected: Entry[] = [];
      let zxid = 0n;
      for (const one of changes) {
        if (one.kind === "push") {
          zxid += 1n;
          const added: Entry = { zxid, ...one.entry, ...(one.isConfigured ? { configuration } : {}) };
          list.push(added);
          expected.push(added);
        } else {
          const count = Math.floor(one.part * expected.length);
          if (one.kind === "dropFirst") list.dropFirst(count);
          else list.truncate(count);
          expected = one.kind === "dropFirst" ? expected.slice(count) : expected.slice(0, count);
        }
        expect(list.slice(0)).toEqual(expected);
        expect([list.length, list.last]).toEqual([expected.length, expected.at(-1)?.zxid]);
        expect(expected.map((_, index) => list.zxidAt(index))).toEqual(expected.map((known) => known.zxid));
      }
    }),
    { numRuns: 200 },
  );
});

test("a payload that was read stays what it is when its entry is cut off and others are added", () => {
  const make = (zxid: bigint, byte: number): Entry => {
    return { zxid, kind: "txn", client: 0n, sequence: 0, payload: new Uint8Array(50).fill(byte) };
  };
  const list = new EntryList([make(1n, 1)]);
  const { payload } = list.at(0);
  list.truncate(0);
  list.push(make(2n, 2));
  expect(payload.every((byte) => byte === 1)).toBe(true);
});
