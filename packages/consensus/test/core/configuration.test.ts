import { expect, test } from "vitest";
import { changeTo } from "../../src/core/configuration.ts";

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
