import { expect, test } from "vitest";
import { type FinalNode, type Operation, violations, type WatchRecord, watchViolations } from "./history.ts";

const base: Operation = {
  client: 1,
  began: 1,
  ended: 2,
  kind: "set",
  path: "/a",
  value: "x",
  outcome: "ok",
  zxid: 5n,
  mzxid: undefined,
  version: 1,
};
const node = (value: string, mzxid: bigint, version = 1): FinalNode => ({ value, mzxid, version });
const state = (one: FinalNode | undefined): ReadonlyMap<number, ReadonlyMap<string, FinalNode>> =>
  new Map([[1, new Map(one === undefined ? [] : [["/a", one]])]]);

const cases: readonly [name: string, operations: readonly Operation[], FinalNode | undefined, RegExp][] = [
  ["a lost write", [base], node("first", 1n), /acknowledged write is lost/],
  ["a lost node", [base], undefined, /acknowledged write is lost/],
  ["a value of nobody", [base], node("y", 6n), /nobody wrote last/],
  ["two writes at one position", [base, { ...base, client: 2, value: "z" }], node("x", 5n), /one position/],
  [
    "a later write before an earlier one",
    [base, { ...base, client: 2, began: 3, ended: 4, value: "z", zxid: 4n, version: 2 }],
    node("x", 5n),
    /later write has an earlier position/,
  ],
  [
    "a client that goes back in time",
    [base, { ...base, began: 3, ended: 4, kind: "get", zxid: 4n, mzxid: 4n, value: "x" }],
    node("x", 5n),
    /went back in time/,
  ],
  [
    "a read that misses a write",
    [base, { ...base, client: 2, kind: "get", zxid: 7n, mzxid: 3n, value: "x" }],
    node("x", 5n),
    /misses a write/,
  ],
  [
    "a read of what nobody wrote",
    [base, { ...base, client: 2, kind: "get", zxid: 7n, mzxid: 5n, value: "?" }],
    node("x", 5n),
    /nobody wrote/,
  ],
  ["one version twice", [base, { ...base, client: 2, value: "z", zxid: 6n }], node("z", 6n), /same version/],
];

for (const [name, operations, final, expected] of cases) {
  test(`the judge sees ${name}`, () => {
    expect(violations(operations, state(final)).join("\n")).toMatch(expected);
  });
}

test("the judge sees servers that differ, and nothing where nothing is wrong", () => {
  const good = new Map([["/a", node("x", 5n)]]);
  expect(
    violations(
      [base],
      new Map([
        [1, good],
        [2, good],
      ]),
    ),
  ).toEqual([]);
  expect(
    violations(
      [base],
      new Map([
        [1, good],
        [2, new Map([["/a", node("x", 5n, 2)]])],
      ]),
    ).join(),
  ).toMatch(/different/);
});

const watched: WatchRecord = { client: 1, path: "/a", armedZxid: 4n, seenZxid: 9n, eventZxid: 5n };

for (const [name, record, expected] of [
  ["an event that did not come", { ...watched, eventZxid: undefined }, /missed 5/],
  ["an event that came for a later change", { ...watched, eventZxid: 6n }, /passed over 5/],
  ["an event of a change before the watch", { ...watched, armedZxid: 5n, eventZxid: 5n }, /before its watch/],
  ["a second event", { ...watched, armedZxid: undefined }, /without a watch/],
] as const) {
  test(`the judge of watches sees ${name}`, () => {
    expect([...watchViolations([record], [base])].join("\n")).toMatch(expected);
  });
}

test("the judge of watches lets stand what is right", () => {
  const notYet = { ...watched, seenZxid: 4n, eventZxid: undefined };
  expect([...watchViolations([watched, notYet], [base])]).toEqual([]);
});
