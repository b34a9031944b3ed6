import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContext, type Context } from "../../src/index.ts";
import { createContextOnWorkers, expectExchangeBetweenWorkers } from "./on-workers.ts";
import { canonicalKey } from "../../src/rdd/key.ts";
import { actions, pairOperations, transformations, type Element, type OperationCase } from "./operations.ts";

const element: fc.Arbitrary<Element> = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.string({ maxLength: 3 }),
  fc.constantFrom(undefined, null, NaN, -0, 0, 2n ** 70n, true),
);
const partitions = fc.integer({ min: 1, max: 7 });

/** A multiset by content, for results whose order is not promised. */
const inAnyOrder = (rows: unknown): string[] => (rows as readonly unknown[]).map((row) => canonicalKey(row)).sort();

async function check(one: OperationCase, tutti: Context, runs: number): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(element),
    fc.array(element),
    partitions,
    async (elements, others, partitionCount) => {
      const rdd = tutti.parallelize(elements, { partitionCount });
      const other = tutti.parallelize(others, { partitionCount });
      const ours = await one.ours({ tutti, rdd, other });
      const expected = one.model(elements, others);
      if (one.isOrdered === false) expect(inAnyOrder(ours)).toEqual(inAnyOrder(expected));
      else expect(ours).toStrictEqual(expected);
    },
  );
  // The awkward ones first: nothing, empty partitions, one element, the same key everywhere.
  const examples: [Element[], Element[], number][] = [
    [[], [], 3],
    [[0], [NaN], 7],
    [[1, 1, 1, 1], [1, -0], 2],
    [[undefined, null, NaN, -0, 0], [undefined, NaN], 3],
  ];
  // Examples count as runs.
  await fc.assert(property, { numRuns: examples.length + runs, examples });
}

describe.each([
  { executor: "in process", open: () => createContext(), runs: 25, isTight: false },
  { executor: "on two threads", open: () => createContext({ threads: 2 }), runs: 6, isTight: false },
  {
    executor: "on two threads that spill all but 64 bytes",
    open: () => createContext({ threads: 2, memoryBytesMax: 64 }),
    runs: 3,
    isTight: true,
  },
  // Everything between stages lies in files over there, so that nothing is kept in memory only.
  { executor: "on three worker processes", open: createContextOnWorkers, runs: 1, isTight: true },
])("$executor", ({ open, runs, isTight }) => {
  let tutti: Context;
  beforeAll(async () => {
    tutti = await open();
  });
  afterAll(() => tutti.close());
  expectExchangeBetweenWorkers(() => [tutti]);

  test("the five numbers, doubled and summed, are 30", async () => {
    expect(
      await tutti
        .parallelize([1, 2, 3, 4, 5])
        .map((x) => x * 2)
        .reduce((a, b) => a + b),
    ).toBe(30);
  });

  describe("does what arrays do:", () => {
    test.each([...transformations, ...pairOperations, ...actions])("$name", async (one) => {
      await check(one, tutti, runs);
    });
  });

  test("an operation on what another made sees what that one gave", async () => {
    const sums = tutti
      .range(0, 1000)
      .map((x) => [x % 10, x] as const)
      .reduceByKey((a, b) => a + b);
    const top = sums.sortBy(([, sum]) => sum, { ascending: false }).map(([digit]) => digit);
    expect(await top.take(3)).toEqual([9, 8, 7]);
    expect(await sums.values().sum()).toBe(499_500);
  });

  test("arrays, objects and dates are keys by their content", async () => {
    const rows = tutti.parallelize([
      [{ day: new Date(1), tags: ["a"] }, 1] as const,
      [{ tags: ["a"], day: new Date(1) }, 2] as const,
      [{ day: new Date(2), tags: ["a"] }, 4] as const,
    ]);
    const sums = await rows.reduceByKey((a, b) => a + b).collect();
    expect(sums.map(([, sum]) => sum).sort((a, b) => a - b)).toEqual([3, 4]);
  });

  test("a function may use what it closes over, as it was when the action started", async () => {
    let factor = 3;
    const rdd = tutti.parallelize([1, 2]).map((x) => x * factor);
    factor = 10;
    expect(await rdd.collect()).toEqual([10, 20]);
  });

  test("what was persisted is computed once, however many jobs read it", async () => {
    let stagesRun = 0;
    tutti.events.on("stageFinished", () => (stagesRun += 1));
    const kept = tutti
      .range(0, 100)
      .map((x) => [x % 7, x] as const)
      .reduceByKey((a, b) => a + b)
      .persist();
    await kept.count();
    stagesRun = 0;
    expect(await kept.values().sum()).toBe(4950);
    expect(stagesRun).toBe(1);
    kept.unpersist();
    expect(await kept.count()).toBe(7);
    expect(stagesRun).toBe(4);
  });

  test.each(["MEMORY_ONLY", "MEMORY_AND_DISK", "DISK_ONLY", "MEMORY_ONLY_SER", "MEMORY_AND_DISK_SER"] as const)(
    "persisted as %s it is computed once, or anew where it does not fit",
    async (level) => {
      const computed = tutti.accumulator(0);
      const kept = tutti.range(0, 100, { partitionCount: 3 }).map((x) => {
        computed.add(1);
        return x;
      });
      const persisted = kept.persist(level);
      expect(await persisted.sum()).toBe(4950);
      expect(await persisted.sum()).toBe(4950);
      const fits = !(isTight && level.startsWith("MEMORY_ONLY"));
      expect(computed.value()).toBe(fits ? 100 : 200);
      expect(persisted.cache()).toBe(persisted);
      expect(() => persisted.persist(level === "DISK_ONLY" ? "MEMORY_ONLY" : "DISK_ONLY")).toThrow("is kept in");
      persisted.unpersist();
    },
  );

  test("an RDD that is used twice in a job is shuffled once", async () => {
    const sums = tutti
      .range(0, 100)
      .map((x) => [x % 7, x] as const)
      .reduceByKey((a, b) => a + b);
    const stages = (await sums.join(sums).toDebugString()).split("\n").filter((line) => line.startsWith("stage"));
    expect(stages.filter((line) => line.includes("combine"))).toHaveLength(2);
    expect(await sums.join(sums).count()).toBe(7);
  });

  test("an accumulator counts each task once, and not those of a job that failed", async () => {
    const seen = tutti.accumulator(0);
    const words = tutti.accumulator<readonly string[]>([], (left, right) => [...left, ...right].sort());
    const rdd = tutti.range(0, 100, { partitionCount: 7 }).map((x) => {
      seen.add(1);
      if (x % 50 === 0) words.add([`w${x}`]);
      return x;
    });
    await rdd.count();
    expect(seen.value()).toBe(100);
    expect(words.value()).toEqual(["w0", "w50"]);
    await Promise.all([rdd.sum(), rdd.sum()]);
    expect(seen.value()).toBe(300);
    const failing = rdd.map((x) => {
      if (x === 99) throw new Error("the last one");
      return x;
    });
    await expect(failing.count()).rejects.toThrow("the last one");
    expect(seen.value()).toBe(300);
    seen.add(5);
    expect(seen.value()).toBe(305);
  });

  test("a broadcast is read by every task, and is refused once it was destroyed", async () => {
    const names = tutti.broadcast(new Map([[1, "one"]]));
    const named = tutti.range(0, 3, { partitionCount: 3 }).map((x) => names.value.get(x) ?? "none");
    expect(await named.collect()).toEqual(["none", "one", "none"]);
    names.unpersist();
    expect(await named.first()).toBe("none");
    names.destroy();
    await expect(named.collect()).rejects.toMatchObject({ code: "invalid-argument" });
    expect(() => tutti.broadcast(() => 1)).toThrow(expect.objectContaining({ code: "cannot-travel" }));
  });

  test("the same seed gives the same sample, and the size is about right", async () => {
    const rdd = tutti.range(0, 10_000, { partitionCount: 5 });
    const sample = await rdd.sample(0.1, { seed: 1 }).collect();
    expect(await rdd.sample(0.1, { seed: 1 }).collect()).toEqual(sample);
    expect(await rdd.sample(0.1, { seed: 2 }).collect()).not.toEqual(sample);
    expect(Math.abs(sample.length - 1000)).toBeLessThan(150);
    const repeated = await rdd.sample(2, { withReplacement: true, seed: 1 }).count();
    expect(Math.abs(repeated - 20_000)).toBeLessThan(800);
  });

  test("takeSample gives every element the same chance", async () => {
    const chosen = new Map<number, number>();
    const rdd = tutti.range(0, 10, { partitionCount: 3 });
    for (let seed = 0; seed < 100; seed += 1) {
      for (const one of await rdd.takeSample(5, seed)) chosen.set(one, (chosen.get(one) ?? 0) + 1);
    }
    // 50 of 100 each, and a standard deviation of 5.
    expect([...chosen.values()].every((count) => Math.abs(count - 50) < 25)).toBe(true);
    expect(chosen.size).toBe(10);
  });

  test("about how many distinct elements there are is right within two percent", async () => {
    for (const distinct of [1000, 200_000]) {
      const estimate = await tutti
        .range(0, 300_000)
        .map((x) => x % distinct)
        .countApproxDistinct();
      expect(Math.abs(estimate - distinct) / distinct).toBeLessThan(0.02);
    }
  });

  test("take reads no more partitions than it needs", async () => {
    let taskCount = 0;
    tutti.events.on("taskFinished", () => (taskCount += 1));
    expect(await tutti.range(0, 1000, { partitionCount: 100 }).take(5)).toEqual([0, 1, 2, 3, 4]);
    expect(taskCount).toBe(1);
  });
});
