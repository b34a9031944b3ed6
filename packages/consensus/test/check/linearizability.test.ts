import { describe, expect, test } from "vitest";
import {
  casRegisterModel,
  checkLinearizability,
  counterModel,
  drawHistory,
  keyValueModel,
  lockModel,
  queueModel,
  registerModel,
  type Operation,
  type QueueInput,
  type RegisterInput,
} from "../../src/check/index.ts";

type Read = Operation<RegisterInput<number>, number | null>;

const write = (process: number, value: number, calledAt: number, returnedAt: number): Read => ({
  process,
  input: { kind: "write", value },
  output: null,
  calledAt,
  returnedAt,
});
const read = (process: number, output: number, calledAt: number, returnedAt: number): Read => ({
  process,
  input: { kind: "read" },
  output,
  calledAt,
  returnedAt,
});

type Queued = Operation<QueueInput<string>, { readonly value: string } | "empty" | null>;
const enqueue = (process: string, value: string, calledAt: number, returnedAt: number): Queued => ({
  process,
  input: { kind: "enqueue", value },
  output: null,
  calledAt,
  returnedAt,
});
const dequeue = (process: string, value: string, calledAt: number, returnedAt: number): Queued => ({
  process,
  input: { kind: "dequeue" },
  output: { value },
  calledAt,
  returnedAt,
});

describe("the queue histories of Herlihy and Wing (1990, figure 1)", () => {
  const verdict = (history: readonly Queued[]): string => checkLinearizability(queueModel<string>(), history).kind;

  test("H1: overlapping enqueues may be ordered against their returns", () => {
    // A: E(x), then D(y); B: E(y) inside A's E(x), then D(x).
    expect(
      verdict([enqueue("A", "x", 0, 4), enqueue("B", "y", 1, 2), dequeue("B", "x", 5, 7), dequeue("A", "y", 6, 8)]),
    ).toBe("ok");
  });
  test("H2: x was enqueued before y began, and so y cannot leave first", () => {
    expect(verdict([enqueue("A", "x", 0, 1), enqueue("B", "y", 2, 3), dequeue("A", "y", 4, 5)])).toBe("violation");
  });
  test("H3: an enqueue without a known end may have happened", () => {
    const pending: Queued = { process: "A", input: { kind: "enqueue", value: "x" }, calledAt: 0 };
    expect(verdict([pending, dequeue("B", "x", 1, 2)])).toBe("ok");
  });
  test("H4: one item cannot leave twice", () => {
    expect(
      verdict([enqueue("A", "x", 0, 3), enqueue("B", "y", 1, 2), dequeue("A", "y", 4, 7), dequeue("C", "y", 5, 6)]),
    ).toBe("violation");
  });
});

describe("the register histories that Porcupine's documentation discusses", () => {
  const verdict = (history: readonly Read[]): string => checkLinearizability(registerModel(0), history).kind;

  test("a read inside a long write may see it, and later ones then must", () => {
    expect(verdict([write(0, 100, 0, 100), read(1, 100, 25, 75), read(2, 0, 30, 60)])).toBe("ok");
  });
  test("a read that starts after another saw the write may not see the older value", () => {
    expect(verdict([write(0, 200, 0, 100), read(1, 200, 10, 30), read(2, 0, 40, 90)])).toBe("violation");
  });
});

describe("the compare-and-set histories of Knossos' kind", () => {
  const model = casRegisterModel<number>(0);
  const cas = (process: number, expected: number, value: number, output: boolean, at: number) => ({
    process,
    input: { kind: "cas" as const, expected, value },
    output,
    calledAt: at,
    returnedAt: at + 3,
  });

  test("of two overlapping compare-and-sets from one value one succeeds", () => {
    expect(checkLinearizability(model, [cas(1, 0, 1, true, 0), cas(2, 0, 2, false, 1)]).kind).toBe("ok");
    expect(checkLinearizability(model, [cas(1, 0, 1, true, 0), cas(2, 0, 2, true, 1)]).kind).toBe("violation");
  });
  test("a write whose end is unknown may take effect much later", () => {
    const lost = { process: 1, input: { kind: "write" as const, value: 5 }, calledAt: 0 };
    const at = (output: number, calledAt: number) => ({
      process: 2,
      input: { kind: "read" as const },
      output,
      calledAt,
      returnedAt: calledAt + 1,
    });
    expect(checkLinearizability(model, [lost, at(0, 10), at(5, 20)]).kind).toBe("ok");
    expect(checkLinearizability(model, [lost, at(5, 10), at(0, 20)]).kind).toBe("violation");
  });
});

test("keys are checked apart, and the verdict names the one that fails", () => {
  const call = (key: string, value: string, isGet: boolean, at: number) => ({
    process: 1,
    input: isGet ? { kind: "get" as const, key } : { kind: "append" as const, key, value },
    output: isGet ? value : null,
    calledAt: at,
    returnedAt: at + 1,
  });
  const good = [call("a", "x", false, 0), call("a", "y", false, 2), call("a", "xy", true, 4)];
  expect(checkLinearizability(keyValueModel(), good).kind).toBe("ok");
  const bad = [...good, call("b", "z", false, 0), call("b", "", true, 6)];
  expect(checkLinearizability(keyValueModel(), bad)).toMatchObject({ kind: "violation", partition: "b" });
});

test("a lock is never held twice, and a counter tells no sum twice", () => {
  const acquire = (owner: string, at: number) => ({
    process: owner,
    input: { kind: "acquire" as const, owner },
    output: true,
    calledAt: at,
    returnedAt: at + 1,
  });
  expect(checkLinearizability(lockModel(), [acquire("a", 0)]).kind).toBe("ok");
  expect(checkLinearizability(lockModel(), [acquire("a", 0), acquire("b", 5)]).kind).toBe("violation");
  const add = (output: number, at: number) => ({
    process: at,
    input: { kind: "add" as const, amount: 1 },
    output,
    calledAt: at,
    returnedAt: at + 10,
  });
  expect(checkLinearizability(counterModel(), [add(2, 0), add(1, 1)]).kind).toBe("ok");
  expect(checkLinearizability(counterModel(), [add(1, 0), add(1, 1)]).kind).toBe("violation");
});

test("a search that does not end within its budget says so instead of guessing", () => {
  const concurrent = Array.from({ length: 24 }, (_, index) => write(index, index, 0, 100));
  const verdict = checkLinearizability(registerModel(-1), [...concurrent, read(99, 77, 50, 60)], { stepsMax: 2000 });
  expect(verdict).toMatchObject({ kind: "unknown", steps: 2000, undecided: [""] });
});

test("an operation that returns before its call is refused by name", () => {
  expect(() => checkLinearizability(registerModel(0), [write(7, 1, 5, 4)])).toThrow(
    /process 7 is called at 5 and returns at 4/,
  );
});

test("the picture of a failing history is one element without script, with every operation in it", () => {
  const history = [write(1, 1, 0, 1), read(2, 0, 2, 3)];
  const verdict = checkLinearizability(registerModel(0), history);
  if (verdict.kind !== "violation") throw new Error("the history has no order");
  const svg = drawHistory(registerModel(0), verdict);
  expect(svg.startsWith("<svg")).toBe(true);
  expect(svg.match(/<rect/g)?.length).toBe(2);
  expect(svg.match(/class="bad"/g)?.length).toBe(1);
  expect(svg).not.toContain("<script");
  const hostile = drawHistory({ name: "<script>" }, { operations: [read(1, 0, 0, 1)], longest: [0] });
  expect(hostile).not.toContain("<script");
});
