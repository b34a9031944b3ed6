import { expect, test } from "vitest";
import { violationsOf } from "./judge.ts";
import type { RealOperation } from "./real-client.ts";

let turns = 0;

/** A swap under one key that was done, one after the other. */
function swap(value: string, position: bigint, replaced?: readonly [string, bigint]): RealOperation {
  const calledAt = (turns += 1);
  const found = replaced === undefined ? undefined : { value: replaced[0], position: replaced[1] };
  const input = { kind: "swap", key: "k", value } as const;
  return { client: 1, input, calledAt, returnedAt: (turns += 1), outcome: "done", position, found };
}

function inTheEnd(value: string, position: bigint): Parameters<typeof violationsOf>[1] {
  return new Map([[1, new Map([["k", { value, position }]])]]);
}

test("a history whose every answer names the write before is right", () => {
  expect(violationsOf([swap("a", 1n), swap("b", 2n, ["a", 1n])], inTheEnd("b", 2n))).toEqual([]);
});

test("a write whose end nobody knows is placed where the next one found it", () => {
  const unknown = { ...swap("b", 0n), returnedAt: Number.POSITIVE_INFINITY, outcome: "unknown" as const };
  const rest = [swap("a", 1n), unknown, swap("c", 3n, ["b", 2n])];
  expect(violationsOf(rest, inTheEnd("c", 3n))).toEqual([]);
});

test("an acknowledged write that the next one did not find is lost", () => {
  const verdict = violationsOf([swap("a", 1n), swap("b", 2n), swap("c", 3n, ["a", 1n])], inTheEnd("c", 3n));
  expect(verdict.join()).toContain("its output is impossible");
});

test("an acknowledged write that a member does not have in the end is lost", () => {
  expect(violationsOf([swap("a", 1n), swap("b", 2n, ["a", 1n])], inTheEnd("a", 1n))).not.toEqual([]);
});

test("what was said to be lost must not be found", () => {
  const lost = { ...swap("a", 0n), outcome: "lost" as const };
  expect(violationsOf([lost, swap("b", 2n, ["a", 1n])], inTheEnd("b", 2n))).toEqual([
    "a was said to be lost, and is at 1",
  ]);
});

test("one position holds one write, and one write has one position", () => {
  expect(violationsOf([swap("a", 1n), swap("b", 1n, ["a", 1n])], inTheEnd("b", 1n))).toContain(
    "b and a were both put at 1",
  );
  expect(violationsOf([swap("a", 1n), swap("b", 3n, ["a", 2n])], inTheEnd("b", 3n))).toContain(
    "a was put at 1 and at 2",
  );
});

test("a write that was made after another returned comes after it", () => {
  expect(violationsOf([swap("b", 2n, ["a", 1n]), swap("a", 1n)], inTheEnd("b", 2n)).join()).toContain(
    "before a call at",
  );
});
