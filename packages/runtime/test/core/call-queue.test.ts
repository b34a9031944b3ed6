import fc from "fast-check";
import { expect, test } from "vitest";
import { createCallQueue, type CallBatch } from "../../src/core/call-queue.ts";

const plain = { attemptsMax: 4, retriesMax: 0 };
const idsOf = (batch: CallBatch | undefined): number[] => batch?.calls.map((call) => call.id) ?? [];

test("calls go one by one until it is known how short they are, then in batches that leave work for other workers", () => {
  const queue = createCallQueue({ slotCount: () => 2, callsMax: 1000 });
  for (let id = 0; id < 101; id += 1) queue.add({ ...plain, id });
  const first = queue.next();
  expect(idsOf(first)).toEqual([0]);
  queue.finished(first as CallBatch, 0.01);
  expect(idsOf(queue.next())).toHaveLength(50);
  expect(idsOf(queue.next())).toHaveLength(25);
});

test("calls that take long go alone", () => {
  const queue = createCallQueue({ slotCount: () => 1, callsMax: 1000 });
  for (let id = 0; id < 10; id += 1) queue.add({ ...plain, id });
  queue.finished(queue.next() as CallBatch, 5);
  expect(idsOf(queue.next())).toEqual([1]);
});

test("a call whose worker was lost goes alone and first, and fails with its last attempt", () => {
  const queue = createCallQueue({ slotCount: () => 1, callsMax: 1000 });
  for (let id = 0; id < 20; id += 1) queue.add({ ...plain, id, attemptsMax: 2 });
  queue.finished(queue.next() as CallBatch, 0.01);
  const batch = queue.next() as CallBatch;
  expect(batch.calls.length).toBeGreaterThan(1);
  const [poison = -1, innocent = -1] = idsOf(batch);
  expect(batch.calls.map((call) => queue.lost(call.id))).not.toContain("failed");
  const again = queue.next() as CallBatch;
  expect(again.calls).toEqual([{ id: poison, attempt: 1 }]);
  expect(queue.lost(poison)).toBe("failed");
  expect(queue.next()?.calls).toEqual([{ id: innocent, attempt: 1 }]);
  expect(queue.succeeded(innocent)).toBe(true);
});

test("a call whose function failed is repeated as often as it may be", () => {
  const queue = createCallQueue({ slotCount: () => 1, callsMax: 10 });
  queue.add({ ...plain, id: 7, retriesMax: 1 });
  expect(queue.next()?.calls).toEqual([{ id: 7, attempt: 0 }]);
  expect(queue.failed(7)).toBe("again");
  expect(queue.next()?.calls).toEqual([{ id: 7, attempt: 1 }]);
  expect(queue.failed(7)).toBe("failed");
  expect(queue.next()).toBeUndefined();
});

test("a full queue takes one more when one is done", () => {
  const queue = createCallQueue({ slotCount: () => 1, callsMax: 1 });
  expect(queue.add({ ...plain, id: 0 })).toBe(true);
  expect(queue.add({ ...plain, id: 1 })).toBe(false);
  queue.next();
  expect(queue.succeeded(0)).toBe(true);
  expect(queue.add({ ...plain, id: 1 })).toBe(true);
});

test("whatever happens, each call ends once or is removed, and nothing is started after its end", () => {
  const step = fc.record({
    what: fc.constantFrom("add", "next", "succeeded", "failed", "lost", "remove"),
    pick: fc.nat(1000),
    ms: fc.double({ min: 0, max: 5, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (steps, slotCount) => {
      const queue = createCallQueue({ slotCount: () => slotCount, callsMax: 50 });
      const open = new Set<number>();
      const running: number[] = [];
      let added = 0;
      const start = (batch: CallBatch | undefined, ms: number): void => {
        for (const { id } of batch?.calls ?? []) {
          expect(open.has(id)).toBe(true);
          expect(running).not.toContain(id);
          running.push(id);
        }
        if (batch !== undefined) queue.finished(batch, ms);
      };
      for (const { what, pick, ms } of steps) {
        if (what === "add") {
          const isTaken = queue.add({ id: added, attemptsMax: 2, retriesMax: 1 });
          expect(isTaken).toBe(open.size < 50);
          if (isTaken) open.add(added);
          added += 1;
        } else if (what === "next") start(queue.next(), ms);
        else if (running.length > 0) {
          const [id = -1] = running.splice(pick % running.length, 1);
          if (what === "remove") queue.remove(id);
          const fate = what === "failed" || what === "lost" ? queue[what](id) : undefined;
          if (what === "succeeded") expect(queue.succeeded(id)).toBe(true);
          if (fate !== "again") open.delete(id);
        }
      }
      // Nothing is forgotten: what is open and not running can be started.
      for (let batch = queue.next(); batch !== undefined; batch = queue.next()) start(batch, 0);
      expect(new Set(running)).toEqual(open);
    }),
  );
});
