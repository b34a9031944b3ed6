import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { broadcast, createExecutor, move, RuntimeError, type Executor } from "../../src/index.ts";
import { square } from "./square.ts";

async function refusal(call: Promise<unknown>): Promise<RuntimeError> {
  const thrown = await call.then(
    (value) => `nothing was thrown, but ${String(value)} returned`,
    (one: unknown) => one,
  );
  if (thrown instanceof RuntimeError) return thrown;
  throw new Error(String(thrown), { cause: thrown });
}

const add = (a: number, b: number): number => a + b;

describe.each([
  { executor: "in process", threads: 0 },
  { executor: "on two threads", threads: 2 },
])("$executor", ({ threads }) => {
  let executor: Executor;
  beforeAll(() => {
    executor = createExecutor({ threads });
  });
  afterAll(() => executor.close());

  test("a function is called with its arguments, and a promise that it returns is awaited", async () => {
    expect(await executor.submit(add, 1, 2)).toBe(3);
    expect(await executor.submit(async (text: string) => await Promise.resolve(`${text}!`), "a")).toBe("a!");
    expect(await executor.submit(() => undefined)).toBeUndefined();
    expect(await executor.submit((x: Map<string, bigint>) => x.get("a"), new Map([["a", 1n]]))).toBe(1n);
    expect(await executor.submit(square, 4)).toBe(16);
  });

  test("what a function closes over is as it was when it was submitted", async () => {
    const results: Promise<number>[] = [];
    const table = { factor: 0 };
    const scale = (x: number): number => x * table.factor;
    for (table.factor = 1; table.factor <= 3; table.factor += 1) {
      // In process, functions are live: what they close over must not change under them.
      const result = executor.submit(scale, 10);
      if (threads === 0) await result;
      results.push(result);
    }
    expect(await Promise.all(results)).toEqual([10, 20, 30]);
  });

  test("promises as arguments make a graph, and what failed is not started", async () => {
    const left = executor.submit(square, 3);
    const right = executor.submit(square, left);
    expect(await executor.submit(add, left, right)).toBe(90);
    const broken = executor.submit((): number => {
      throw new TypeError("no such number");
    });
    const dependent = await refusal(executor.submit(add, left, broken));
    expect(dependent).toBe(await refusal(broken));
    expect(dependent).toMatchObject({ code: "task-failed", cause: { message: "no such number", name: "TypeError" } });
  });

  test("map gives results in the order of the items, told of its progress", async () => {
    const items = Array.from({ length: 1000 }, (_, index) => index);
    const progress: number[] = [];
    const onProgress = (one: { readonly doneCount: number; readonly totalCount: number }): void => {
      progress.push(one.doneCount);
      expect(one.totalCount).toBe(1000);
    };
    const fn = (x: number, index: number): string => `${x * 2} ${index}`;
    expect(await executor.map(items, fn, { onProgress })).toEqual(items.map(fn));
    expect(progress).toEqual(items.map((index) => index + 1));
    expect(await executor.map([], square)).toEqual([]);
  });

  test("map takes no more items than it may have under way", async () => {
    let takenCount = 0;
    let doneCount = 0;
    async function* items(): AsyncGenerator<number> {
      for (; takenCount < 20; takenCount += 1) {
        expect(takenCount - doneCount).toBeLessThanOrEqual(3);
        yield takenCount;
      }
    }
    const onProgress = (): void => void (doneCount += 1);
    expect(await executor.map(items(), square, { concurrency: 3, onProgress })).toHaveLength(20);
  });

  test("the first failure of a map ends it, and so does a failure of its items", async () => {
    const failAtFive = (x: number): number => {
      if (x === 5) throw new RangeError("five");
      return x;
    };
    const error = await refusal(executor.map(Array.from({ length: 10_000 }).keys(), failAtFive));
    expect(error).toMatchObject({ code: "task-failed", cause: { message: "five" } });
    const items = (function* () {
      yield 1;
      throw new Error("no more items");
    })();
    await expect(executor.map(items, square)).rejects.toThrow("no more items");
  });

  test("a function that fails is repeated as often as it is told to, with events", async () => {
    const events: unknown[] = [];
    const onFailed = ({ attempt, willRetry }: { readonly attempt: number; readonly willRetry: boolean }): void =>
      void events.push([attempt, willRetry]);
    executor.events.on("callFailed", onFailed);
    const failing = (): void => {
      throw new Error("again");
    };
    const error = await refusal(executor.withOptions({ retriesMax: 2 }).submit(failing));
    executor.events.off("callFailed", onFailed);
    expect(error.message).toBe("[task-failed] the function of a call failed (3 attempts): again");
    expect(events).toEqual([
      [0, true],
      [1, true],
      [2, false],
    ]);
  });

  test("a signal ends calls at once, and those that come after it", async () => {
    const controller = new AbortController();
    const signaled = executor.withOptions({ signal: controller.signal });
    const never = signaled.submit(async () => await new Promise((resolve) => setTimeout(resolve, 100)));
    const mapped = signaled.map([1, 2, 3], async (x) => await new Promise((resolve) => setTimeout(resolve, 10, x)));
    controller.abort();
    expect(await refusal(never)).toMatchObject({ code: "canceled" });
    expect(await refusal(mapped)).toMatchObject({ code: "canceled" });
    expect(await refusal(signaled.submit(add, 1, 2))).toMatchObject({ code: "canceled" });
    expect(await executor.submit(add, 1, 2)).toBe(3);
  });

  test("a call that takes longer than it may ends with timeout", async () => {
    const slow = async (): Promise<unknown> => await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await refusal(executor.withOptions({ timeoutMs: 5 }).submit(slow))).toMatchObject({ code: "timeout" });
    const mapping = executor.map([1], slow, { timeoutMs: 5 });
    expect(await refusal(mapping)).toMatchObject({ code: "timeout" });
  });

  test("what cannot travel is refused by name, functions, arguments and results", async () => {
    class Point {
      readonly x = 1;
    }
    const point = new Point();
    expect(await refusal(executor.submit((p: Point) => p.x, point))).toMatchObject({ code: "cannot-travel" });
    expect(await refusal(executor.submit(() => () => 1))).toMatchObject({ code: "cannot-travel" });
    let count = 0;
    const counting = (): number => (count += 1);
    expect(await refusal(executor.submit(counting))).toMatchObject({ refusal: { reason: "E_WRITE" } });
    expect(await refusal(executor.submit(3 as never))).toMatchObject({ code: "invalid-argument" });
    expect(await refusal(executor.map([1], square, { concurrency: 0 }))).toMatchObject({ code: "invalid-argument" });
    expect(() => executor.withOptions({ retriesMax: -1 })).toThrow("retriesMax is -1");
  });

  test("a broadcast is read by calls", async () => {
    const names = broadcast(["zero", "one"]);
    expect(await executor.map([1, 0], (x) => names.value[x])).toEqual(["one", "zero"]);
    names.destroy();
  });

  test("a buffer that is moved arrives, and comes back", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const doubled = await executor.submit((values: Uint8Array) => values.map((x) => x * 2), move(bytes));
    expect([...doubled]).toEqual([2, 4, 6]);
    expect(bytes.length).toBe(threads === 0 ? 3 : 0);
    expect(await refusal(executor.submit((values: Uint8Array) => values, move(bytes)))).toMatchObject({
      code: "invalid-argument",
    });
  });
});

describe("on threads", () => {
  test("a call whose thread dies runs again, the others of its batch too, and nothing is lost", async () => {
    const executor = createExecutor({ threads: 2 });
    await executor.map(Array.from({ length: 100 }).keys(), square);
    const flags = new Int32Array(new SharedArrayBuffer(4));
    const dieOnce = (x: number, shared: Int32Array): number => {
      if (x === 50 && Atomics.add(shared, 0, 1) === 0) process.exit(1);
      return x * x;
    };
    const all = Array.from({ length: 200 }, (_, x) => executor.submit(dieOnce, x, flags));
    expect(await Promise.all(all)).toEqual(Array.from({ length: 200 }, (_, x) => x * x));
    await executor.close();
  });

  test("a call that ends every thread fails after its attempts, and no other does", async () => {
    const executor = createExecutor({ threads: 2 });
    await executor.map(Array.from({ length: 100 }).keys(), square);
    const deadly = (x: number): number => {
      if (x === 7) process.exit(1);
      return x;
    };
    const all = await Promise.allSettled(Array.from({ length: 50 }, (_, x) => executor.submit(deadly, x)));
    const failed = all.flatMap((one, x) => (one.status === "rejected" ? [[x, one.reason as unknown]] : []));
    expect(failed).toEqual([[7, expect.objectContaining({ code: "worker-lost" })]]);
    await executor.close();
  });

  test("a call that never ends loses its thread after a second, and close waits for nobody", async () => {
    const executor = createExecutor({ threads: 1 });
    const looping = executor.withOptions({ timeoutMs: 20 }).submit(() => {
      for (;;);
    });
    expect(await refusal(looping)).toMatchObject({ code: "timeout" });
    expect(await executor.submit(add, 1, 2)).toBe(3);
    const open = executor.submit(() => {
      for (;;);
    });
    const closing = refusal(open);
    await executor.close();
    expect(await closing).toMatchObject({ code: "executor-closed" });
    expect(await refusal(executor.submit(add, 1, 2))).toMatchObject({ code: "executor-closed" });
  });

  test("functions made in a loop are sent once, since they are the same", async () => {
    const executor = createExecutor({ threads: 1 });
    const results: number[] = [];
    for (let index = 0; index < 50; index += 1) results.push(await executor.submit((x: number) => x + 1, index));
    expect(results.at(-1)).toBe(50);
    const { partitions } = await executor.run({ name: "empty", stages: [emptyStage] });
    expect(partitions).toEqual([]);
    await executor.close();
  });
});

const emptyStage = {
  id: 0,
  name: "empty",
  partitionCount: 0,
  inputs: [],
  module: { specifier: "none", url: "none" },
  exportName: "none",
  args: undefined,
  closures: [],
};
