import { describe, expect, test } from "vitest";
import { createWorkerHealth, type WorkerHealth } from "../../src/core/worker-health.ts";

const options = { failedTasksMax: 2, excludedStagesMax: 2, excludedMs: 1_000 };

function fail(health: WorkerHealth, stageKey: string, partition: number, nowMs = 0, worker = "w1"): string[] {
  const told = health.failed({ worker, stageKey, partition, message: "the disk is full", nowMs });
  return told.map((one) => one.stageKey ?? "all");
}

describe("a worker on which tasks fail", () => {
  test("is excluded from a stage when two different tasks of it have failed there, with the reason", () => {
    const health = createWorkerHealth(options);
    expect(fail(health, "j1.0", 3)).toEqual([]);
    // One task that kills whatever runs it says nothing of the worker.
    expect(fail(health, "j1.0", 3)).toEqual([]);
    expect(fail(health, "j1.1", 5)).toEqual([]);
    expect(fail(health, "j1.0", 4, 0, "w2")).toEqual([]);
    expect(fail(health, "j1.0", 4)).toEqual(["j1.0"]);
    expect(health.exclusionOf("w1", "j1.0", 10)?.reason).toBe(
      "2 tasks of the stage j1.0 failed there; the last: the disk is full",
    );
    expect(health.exclusionOf("w1", "j1.1", 10)).toBeUndefined();
    expect(health.exclusionOf("w2", "j1.0", 10)).toBeUndefined();
    expect(fail(health, "j1.0", 5)).toEqual([]);
  });

  test("is excluded from all when two stages have excluded it, also after they are over", () => {
    const health = createWorkerHealth(options);
    for (const partition of [0, 1]) fail(health, "j1.0", partition);
    health.forgetStages(["j1.0"]);
    expect(health.exclusionOf("w1", "j1.0", 10)).toBeUndefined();
    fail(health, "j2.0", 0, 500);
    expect(fail(health, "j2.0", 1, 500)).toEqual(["j2.0", "all"]);
    expect(health.exclusionOf("w1", "j9.9", 600)?.reason).toMatch(
      /^it was excluded from 2 stages; 2 tasks of the stage j2.0/,
    );
    expect(health.exclusionOf("w1", undefined, 600)).toBeDefined();
  });

  test("may have tasks again when the time is over, and begins anew", () => {
    const health = createWorkerHealth(options);
    for (const stage of ["j1.0", "j1.1"]) for (const partition of [0, 1]) fail(health, stage, partition);
    expect(health.exclusionOf("w1", "j1.0", 999)).toBeDefined();
    expect(health.exclusionOf("w1", "j1.0", 1_000)).toBeUndefined();
    expect(health.expire(1_000).map((one) => one.stageKey)).toEqual(["j1.0", "j1.1", undefined]);
    expect(health.all()).toEqual([]);
    expect(fail(health, "j1.0", 0, 1_100)).toEqual([]);
    expect(fail(health, "j1.0", 1, 1_100)).toEqual(["j1.0"]);
  });

  test("is excluded under the next master too, and what stages that are over said counts", () => {
    const first = createWorkerHealth(options);
    for (const partition of [0, 1]) fail(first, "j1.0", partition);
    const known = (isOver: boolean): WorkerHealth =>
      createWorkerHealth(
        options,
        first.all().map((one) => ({ ...one, isOver })),
      );
    expect(known(false).exclusionOf("w1", "j1.0", 999)).toEqual(first.exclusionOf("w1", "j1.0", 999));
    expect(known(false).expire(1_000)).toHaveLength(1);
    const later = known(true);
    expect(later.exclusionOf("w1", "j1.0", 10)).toBeUndefined();
    fail(later, "j2.0", 0, 500);
    expect(fail(later, "j2.0", 1, 500)).toEqual(["j2.0", "all"]);
    const last = createWorkerHealth(
      options,
      later.all().map((one) => ({ ...one, isOver: false })),
    );
    expect(last.exclusionOf("w1", undefined, 600)?.reason).toMatch(/^it was excluded from 2 stages/);
  });

  test("is known no more when it is gone", () => {
    const health = createWorkerHealth(options);
    for (const partition of [0, 1]) fail(health, "j1.0", partition);
    health.forgetWorker("w1");
    expect(health.exclusionOf("w1", "j1.0", 0)).toBeUndefined();
  });
});
