import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  broadcast,
  createInProcessExecutor,
  createThreadExecutor,
  type AnyFunction,
  type Executor,
  type JobGraph,
} from "../../src/index.ts";

const module = { specifier: "tasks", url: new URL("../executor/tasks.ts", import.meta.url).href };

/** A job that maps the numbers 0 to 3, one a task. */
function mapping(fn: AnyFunction): JobGraph {
  const inputs = [{ kind: "rows", partitions: [[0], [1], [2], [3]] }] as const;
  const stage = { id: 0, name: "map", partitionCount: 4, inputs, module, exportName: "mapRows", args: undefined };
  return { name: "job", stages: [{ ...stage, closures: [fn] }] };
}

describe.each([
  { executor: "in process", open: () => createInProcessExecutor() },
  { executor: "on threads", open: () => createThreadExecutor({ threadsMax: 2 }) },
])("$executor", ({ open }) => {
  let executor: Executor;
  beforeAll(() => {
    executor = open();
  });
  afterAll(() => executor.close());
  const run = async (fn: AnyFunction): Promise<unknown[]> => (await executor.run(mapping(fn))).partitions.flat();

  test.each([
    ["a Map", new Map([[2, "two"]])],
    ["undefined", undefined],
    ["a text", "z\u00e9\ud800"],
    ["typed numbers", new Float64Array([0.5, -0, NaN])],
    ["bytes", Buffer.from("abc")],
  ])("%s arrives in tasks as it is", async (_, value) => {
    const sent = broadcast(value);
    expect(await run(() => sent.value)).toEqual([value, value, value, value]);
    sent.destroy();
  });

  test("functions that share a broadcast see one value", async () => {
    const sent = broadcast({ factor: 3 });
    const scale = (x: number): number => x * sent.value.factor;
    expect(await run((x: number) => [scale(x), sent.value.factor])).toEqual([0, 3, 6, 9].map((one) => [one, 3]));
    sent.destroy();
  });

  test("after unpersist it is sent again, after destroy it is refused by the way that leads to it", async () => {
    const sent = broadcast([1, 2, 3]);
    const fn = (x: number): number | undefined => sent.value[x];
    expect(await run(fn)).toEqual([1, 2, 3, undefined]);
    sent.unpersist();
    sent.unpersist();
    expect(await run(fn)).toEqual([1, 2, 3, undefined]);
    sent.destroy();
    sent.destroy();
    await expect(run(fn)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(run(fn)).rejects.toThrow("the broadcast was destroyed: no job can use it (function fn -> sent)");
    expect(() => sent.value).toThrow("the broadcast was destroyed");
  });
});

test("on threads, a job that runs keeps what another part of the program destroys, and cannot free it", async () => {
  const executor = createThreadExecutor({ threadsMax: 2 });
  const sent = broadcast("there");
  const freeing = mapping(() => sent.destroy());
  await expect(executor.run(freeing)).rejects.toThrow("not by its tasks");
  const running = executor.run(mapping(() => sent.value));
  sent.destroy();
  expect((await running).partitions.flat()).toEqual(["there", "there", "there", "there"]);
  await executor.close();
});

test("what could not travel is refused where the broadcast is made", () => {
  class Point {
    readonly x = 1;
  }
  expect(() => broadcast(new Point())).toThrow(expect.objectContaining({ code: "cannot-travel" }));
  expect(() => broadcast([() => 1])).toThrow(expect.objectContaining({ code: "cannot-travel" }));
});

test("a thread decodes a broadcast once, for all tasks and jobs", async () => {
  const executor = createThreadExecutor({ threadsMax: 1 });
  const sent = broadcast({ count: 0 });
  // Changing it is forbidden, and shows here that it is the same object.
  const fn = (): number => (sent.value.count += 1);
  await executor.run(mapping(fn));
  expect((await executor.run(mapping(fn))).partitions.flat()).toEqual([5, 6, 7, 8]);
  sent.unpersist();
  expect((await executor.run(mapping(fn))).partitions.flat()).toEqual([1, 2, 3, 4]);
  await executor.close();
});
