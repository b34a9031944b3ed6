import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Benchmark, BenchmarkCase } from "@tutti/testkit";
import { createContext, type Context } from "../src/index.ts";
import { startTestCluster, type TestCluster } from "../../runtime/test/cluster/worker-processes.ts";
import { packageFolder } from "../test/rdd/on-workers.ts";
import { benchmark as exchange } from "./exchange.bench.ts";
import { countWords, writeWords } from "./words.ts";

const textBytes = Number(process.env["WORD_BYTES"] ?? 200 * 1024 * 1024);

/** `npm run bench -- runtime`, the part with rows of `dataset`: words on 1, 2 and 3 workers, and all that `exchange` compares. */
export const benchmark: Benchmark = {
  name: "runtime",
  async open() {
    const folder = await mkdtemp(path.join(tmpdir(), "tutti-words-"));
    const file = path.join(folder, "words.txt");
    await writeWords(file, textBytes);
    const start = async (workerCount: number): Promise<OnWorkers> => {
      const cluster = await startTestCluster({ workerCount, cwd: packageFolder });
      return { cluster, tutti: createContext({ executor: cluster.executor }) };
    };
    const here = createContext();
    const one = await start(1);
    const two = await start(2);
    const three = await start(3);
    const compared = (name: string, reference: string, [ours, theirs]: readonly [Context, Context]): BenchmarkCase => ({
      name: `words counted ${name}`,
      unit: "bytes",
      unitCount: textBytes,
      reference,
      runOurs: () => countWords(ours, file),
      runReference: () => countWords(theirs, file),
    });
    const exchanges = await exchange.open();
    const all = [one, two, three];
    return {
      cases: [
        compared("on one worker", "same in this process", [one.tutti, here]),
        compared("on two workers", "same on one", [two.tutti, one.tutti]),
        compared("on three workers", "same on one", [three.tutti, one.tutti]),
        ...exchanges.cases,
      ],
      processIds: [
        ...all.flatMap(({ cluster }) => cluster.processes.map(({ pid = 0 }) => pid)),
        ...(exchanges.processIds ?? []),
      ],
      async close() {
        for (const { tutti, cluster } of all) {
          await tutti.close();
          await cluster.close();
        }
        await here.close();
        await exchanges.close?.();
        await rm(folder, { recursive: true });
      },
    };
  },
};

interface OnWorkers {
  readonly cluster: TestCluster;
  readonly tutti: Context;
}
