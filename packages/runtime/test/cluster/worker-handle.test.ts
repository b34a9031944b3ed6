import { describe, expect, test } from "vitest";
import type { Channel } from "../../src/cluster/channel.ts";
import type { Registration, TaskDone } from "../../src/cluster/messages.ts";
import { portError } from "../../src/executor/portable-error.ts";
import { createWorkerHandle, type PoolWorker } from "../../src/cluster/worker-handle.ts";

/** The end of a link that goes nowhere. */
function deadEnd(): Channel {
  return { link: { destroy: () => undefined }, send: () => undefined } as unknown as Channel;
}

const done = (id: string): TaskDone => ({ kind: "done", id, slices: [], rowCount: 0, notes: [], fetchedBytes: 0 });

const registration = (parts: Partial<Registration>): Registration => ({
  kind: "register",
  worker: "w0",
  running: [],
  done: [],
  has: [],
  linkNumber: 1,
  isDraining: false,
  ...parts,
});

function handle(parts: Partial<Registration>): PoolWorker {
  const about = { id: "w0", slotCount: 2, host: "", port: 0, onFree: () => undefined };
  return createWorkerHandle(about, deadEnd(), registration(parts));
}

describe("a worker that another master had", () => {
  test("has a slot less for each of its tasks, until they end", () => {
    const worker = handle({ running: ["j1.0.0.1-0", "j1.0.1.1-0"] });
    expect(worker.freeSlotCount).toBe(0);
    worker.answer(done("j1.0.0.1-0"));
    expect(worker.freeSlotCount).toBe(1);
  });

  test("gets the slot back of a task that failed while the link was down", async () => {
    const worker = handle({ running: ["j1.0.0.1-0"] });
    const adopted = worker.adopt("j1.0.0.1-0");
    worker.attach(deadEnd(), registration({}));
    expect(worker.freeSlotCount).toBe(2);
    await expect(adopted).rejects.toMatchObject({ code: "worker-lost" });
  });

  test("tells of the attempts at a partition, done ones first, until their stage is dropped", async () => {
    const worker = handle({ running: ["j1.0.1.1-0"], done: [done("j1.0.1.1-1"), done("j1.0.11.1-0")] });
    expect(worker.inheritedOf("j1.0.1.")).toEqual(["j1.0.1.1-1", "j1.0.1.1-0"]);
    expect(await worker.adopt("j1.0.11.1-0")).toEqual(done("j1.0.11.1-0"));
    worker.forgetInherited(new Set(["j1.0"]));
    expect([...worker.inherited()]).toEqual([]);
    expect(worker.adopt("j1.0.11.1-0")).toBeUndefined();
  });

  test("tells no more of one that failed before anybody asked for it: another worker's would never be looked at", () => {
    const worker = handle({ running: ["j1.0.1.1-0", "j1.0.1.1-1"] });
    worker.answer({ kind: "failed", id: "j1.0.1.1-0", error: portError(new Error("its thread died")), lost: [] });
    expect(worker.inheritedOf("j1.0.1.")).toEqual(["j1.0.1.1-1"]);
    worker.attach(deadEnd(), registration({}));
    expect(worker.inheritedOf("j1.0.1.")).toEqual([]);
  });
});
