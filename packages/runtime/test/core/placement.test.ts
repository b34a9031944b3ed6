import { expect, test } from "vitest";
import { chooseWorker } from "../../src/core/placement.ts";

const worker = (id: string, freeSlotCount: number): { id: string; freeSlotCount: number } => ({ id, freeSlotCount });

test("a task goes where most of its bytes are", () => {
  const workers = [worker("a", 4), worker("b", 1)];
  expect(
    chooseWorker(
      workers,
      new Map([
        ["b", 10],
        ["a", 9],
      ]),
    )?.id,
  ).toBe("b");
});

test("a task does not wait for the best worker while another one is free", () => {
  const workers = [worker("a", 1), worker("b", 0)];
  expect(chooseWorker(workers, new Map([["b", 10]]))?.id).toBe("a");
  expect(chooseWorker([worker("b", 0)], new Map())).toBeUndefined();
});

test("of workers that are as good as each other the one with most room is taken, then the first", () => {
  expect(chooseWorker([worker("a", 1), worker("b", 2), worker("c", 2)], new Map())?.id).toBe("b");
});
