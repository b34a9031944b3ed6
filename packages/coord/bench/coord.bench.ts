// Our server beside Apache ZooKeeper from Debian's package, both as processes with files and every write synced, under
// the same load from this process. Standalone, and ensembles of three. Without Apache there is nothing to compare.
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { Load } from "./load.ts";
import { isApacheHere, startApache, startOurs } from "./server-under-load.ts";

const cells = [
  { connections: 1, window: 1, count: 1500 },
  { connections: 8, window: 16, count: 20_000 },
  { connections: 64, window: 16, count: 30_000 },
] as const;

async function casesFor(servers: number, closers: (() => Promise<void>)[]): Promise<BenchmarkCase[]> {
  const both = { ours: await startOurs(servers), apache: await startApache(servers) };
  closers.push(
    () => both.ours.close(),
    () => both.apache.close(),
  );
  const cases: BenchmarkCase[] = [];
  for (const { connections, window, count } of cells) {
    const ours = await Load.open(both.ours.connectString, connections);
    const apache = await Load.open(both.apache.connectString, connections);
    closers.push(
      () => ours[Symbol.asyncDispose](),
      () => apache[Symbol.asyncDispose](),
    );
    for (const operation of ["set", "get"] as const) {
      cases.push({
        name: `${operation}, ${servers === 1 ? "1 server" : `${servers} servers`}, ${connections} connections x ${window}`,
        unit: "operations",
        unitCount: count,
        reference: "Apache ZooKeeper",
        runOurs: () => ours.run(operation, window, count),
        runReference: () => apache.run(operation, window, count),
        targetRatioMax: 0.5,
      });
    }
  }
  return cases;
}

export const benchmark: Benchmark = {
  name: "coord",
  open: async () => {
    if (!isApacheHere()) throw new Error("Apache ZooKeeper is not here: apt-get install zookeeper");
    const closers: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const one of closers.splice(0).toReversed()) await one();
    };
    try {
      return { cases: [...(await casesFor(1, closers)), ...(await casesFor(3, closers))], close };
    } catch (thrown) {
      await close();
      throw thrown;
    }
  },
};
