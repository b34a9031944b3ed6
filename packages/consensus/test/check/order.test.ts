import { describe, expect, test } from "vitest";
import {
  checkSessionOrder,
  counterModel,
  registerModel,
  replayWitness,
  type PositionedOperation,
  type RegisterInput,
  type SessionReply,
} from "../../src/check/index.ts";

describe("the replay of a history with positions", () => {
  const add = (position: bigint, output: number, calledAt: number, returnedAt: number) =>
    ({ process: 1, input: { kind: "add", amount: 1 }, output, calledAt, returnedAt, position }) as const;

  test("follows positions, not times, among calls that overlap", () => {
    expect(replayWitness(counterModel(), [add(2n, 2, 0, 10), add(1n, 1, 5, 9)]).kind).toBe("ok");
  });
  test("finds an output that the order does not explain", () => {
    expect(replayWitness(counterModel(), [add(1n, 1, 0, 1), add(2n, 1, 2, 3)])).toMatchObject({
      kind: "violation",
      reason: "its output is impossible in state 1",
    });
  });
  test("finds positions that turn real time around", () => {
    const verdict = replayWitness(counterModel(), [add(2n, 2, 0, 1), add(1n, 1, 2, 3)]);
    expect(verdict).toMatchObject({ kind: "violation", operation: { position: 2n } });
  });
  test("finds a position that two calls claim", () => {
    expect(replayWitness(counterModel(), [add(1n, 1, 0, 9), add(1n, 2, 0, 9)]).kind).toBe("violation");
  });
  test("takes a hundred thousand calls in its stride", () => {
    const long: PositionedOperation<{ kind: "add"; amount: number }, number>[] = Array.from(
      { length: 100_000 },
      (_, index) => add(BigInt(index + 1), index + 1, index, index + 0.5),
    );
    expect(replayWitness(counterModel(), long).kind).toBe("ok");
  });
});

describe("the order that ZooKeeper promises to sessions", () => {
  type Reply = SessionReply<RegisterInput<number>, number | null>;
  const write = (session: string, zxid: bigint, value: number, at: number): Reply => ({
    session,
    kind: "write",
    zxid,
    calledAt: at,
    returnedAt: at + 1,
    input: { kind: "write", value },
    output: null,
  });
  const read = (session: string, zxid: bigint, output: number, at: number): Reply => ({
    session,
    kind: "read",
    zxid,
    calledAt: at,
    returnedAt: at + 1,
    input: { kind: "read" },
    output,
  });
  const rules = (replies: readonly Reply[]): readonly string[] =>
    checkSessionOrder(registerModel(0), replies).map(({ rule }) => rule);

  test("another session may read the past", () => {
    expect(rules([write("a", 1n, 1, 0), write("a", 2n, 2, 2), read("b", 1n, 1, 10)])).toEqual([]);
  });
  test("a session never goes back, and never behind its own write", () => {
    expect(rules([write("a", 1n, 1, 0), write("a", 2n, 2, 2), read("b", 2n, 2, 5), read("b", 1n, 1, 8)])).toEqual([
      "session-monotonic",
    ]);
    expect(rules([write("a", 1n, 1, 0), write("a", 2n, 2, 2), read("a", 1n, 1, 5)])).toEqual(["own-writes"]);
  });
  test("a result is that of the state at its zxid", () => {
    expect(rules([write("a", 1n, 1, 0), read("b", 1n, 0, 5)])).toEqual(["output"]);
  });
  test("writes keep real time", () => {
    expect(rules([write("a", 2n, 2, 0), write("b", 1n, 1, 5)])).toEqual(["real-time"]);
  });
  test("a sync sees what returned before it was asked", () => {
    const sync = (zxid: bigint, at: number): Reply => ({ ...read("b", zxid, 0, at), kind: "sync" });
    expect(rules([write("a", 1n, 1, 0), sync(1n, 5)])).toEqual([]);
    expect(rules([write("a", 1n, 1, 0), write("a", 2n, 2, 2), sync(1n, 5)])).toEqual(["sync"]);
  });
});
