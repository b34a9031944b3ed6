import { afterEach, expect, test } from "vitest";
import { startLocalCluster, type LocalCluster } from "../../../runtime/test/cluster/local-cluster.ts";
import { createContext } from "../../src/index.ts";

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test(
  "a program that is run again under its name finds the results that it had, and computes nothing twice",
  { timeout: 30_000 },
  async () => {
    cluster = await startLocalCluster();
    const { comeBack, events } = cluster;
    const begun = (): number => events().filter((one) => one["event"] === "taskStarted").length;
    const program = async (): Promise<unknown[]> => {
      const driver = await comeBack();
      const tutti = createContext({ executor: driver.detachedAs("nightly"), ownsExecutor: false });
      const words = tutti.parallelize(["a b", "b c", "c b"], { partitionCount: 3 }).flatMap((line) => line.split(" "));
      const counts = words
        .map((word) => [word, 1] as const)
        .reduceByKey((left, right) => left + right, { partitionCount: 2 });
      const answers = [
        await words.count(),
        (await counts.collect()).toSorted(([left], [right]) => (left < right ? -1 : 1)),
      ];
      await tutti.close();
      await driver.close();
      return answers;
    };
    const first = await program();
    expect(first).toEqual([
      6,
      [
        ["a", 1],
        ["b", 3],
        ["c", 2],
      ],
    ]);
    const tasks = begun();
    expect(await program()).toEqual(first);
    expect(begun()).toBe(tasks);
  },
);

test("what is kept for a driver alone is refused there", { timeout: 30_000 }, async () => {
  cluster = await startLocalCluster({ workerCount: 1 });
  const driver = await cluster.comeBack();
  const tutti = createContext({ executor: driver.detachedAs("nightly"), ownsExecutor: false });
  const kept = tutti.parallelize([1, 2, 3]).persist();
  await expect(kept.count()).rejects.toThrow(/outlives its driver, and keeps its output under/);
  await tutti.close();
});
