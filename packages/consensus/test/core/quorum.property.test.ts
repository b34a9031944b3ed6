import fc from "fast-check";
import { expect, test } from "vitest";
import { majority, quorumPosition } from "../../src/core/quorum.ts";
import { counterOf, epochOf, formatZxid, isSuccessor, zxidOf } from "../../src/core/zxid.ts";

test("any two majorities share a voter", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0 }), fc.integer({ min: 0 }), (size, left, right) => {
      const voters = Array.from({ length: size }, (_, index) => index + 1);
      const pick = (bits: number): Set<number> => new Set(voters.filter((voter) => ((bits >> voter) & 1) === 1));
      const [one, other] = [pick(left), pick(right)];
      const quorum = majority(voters);
      if (quorum.isQuorum(one) && quorum.isQuorum(other)) {
        expect([...one].some((voter) => other.has(voter))).toBe(true);
      }
    }),
  );
});

test("a quorum's position is the largest that a majority reached", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 50n }), { minLength: 1, maxLength: 9 }), (positions) => {
      const acked = new Map(positions.map((position, index) => [index + 1, position]));
      const found = quorumPosition(majority([...acked.keys()]), acked);
      const atLeast = (bound: bigint): number => positions.filter((position) => position >= bound).length;
      expect(atLeast(found) * 2).toBeGreaterThan(positions.length);
      expect(atLeast(found + 1n) * 2).toBeLessThanOrEqual(positions.length);
    }),
  );
});

test("a node that does not vote is never counted", () => {
  expect(majority([1, 2, 3]).isQuorum(new Set([1, 4, 5, 6]))).toBe(false);
});

test("epoch and counter of a zxid come apart as they were joined", () => {
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(word, word, (epoch, counter) => {
      const zxid = zxidOf(epoch, counter);
      expect([epochOf(zxid), counterOf(zxid)]).toEqual([epoch, counter]);
      expect(formatZxid(zxid)).toBe(`${epoch}:${counter}`);
    }),
  );
});

test("a log goes on with the next counter of its epoch or the first of a later one", () => {
  expect(isSuccessor(zxidOf(1, 2), zxidOf(1, 3))).toBe(true);
  expect(isSuccessor(zxidOf(1, 2), zxidOf(1, 4))).toBe(false);
  expect(isSuccessor(zxidOf(1, 2), zxidOf(3, 1))).toBe(true);
  expect(isSuccessor(zxidOf(1, 2), zxidOf(3, 2))).toBe(false);
  expect(isSuccessor(zxidOf(2, 2), zxidOf(1, 3))).toBe(false);
  // The end of an epoch is not followed by its overflow into the next.
  expect(isSuccessor(zxidOf(1, 0xffff_ffff), zxidOf(2, 0))).toBe(false);
});
