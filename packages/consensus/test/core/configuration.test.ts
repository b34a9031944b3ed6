import { expect, test } from "vitest";
import { changeTo, quorumOf } from "../../src/core/configuration.ts";
import { majority } from "../../src/core/quorum.ts";

const present = { voters: [1, 2, 3], observers: [], outgoing: undefined };

test("a change of observers alone, or of the order of voters, names no voters before it: one entry is enough", () => {
  expect(changeTo(present, { voters: [3, 2, 1], observers: [4] })).toEqual({
    voters: [3, 2, 1],
    observers: [4],
    outgoing: undefined,
  });
});

test.each([[[1, 2]], [[1, 2, 3, 4]], [[1, 2, 4]]])("a change of voters to %j names those before it", (voters) => {
  expect(changeTo(present, { voters, observers: [] }).outgoing).toEqual([1, 2, 3]);
});

test("while a change is under way those before it and those after it decide together", () => {
  const quorum = quorumOf({ voters: [1, 2], observers: [], outgoing: [2, 3, 4] }, majority);
  expect(quorum.voters).toEqual([1, 2, 3, 4]);
  expect(quorum.isQuorum(new Set([1, 2]))).toBe(false);
  expect(quorum.isQuorum(new Set([2, 3, 4]))).toBe(false);
  expect(quorum.isQuorum(new Set([1, 2, 4]))).toBe(true);
});
