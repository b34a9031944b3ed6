import { Worker } from "node:worker_threads";
import type { Benchmark } from "@tutti/testkit";
import { createExecutor } from "../src/index.ts";
import type { ClusterSecurity } from "../src/cluster/index.ts";
import { makeCertificate } from "../../coord/test/client/certificates.ts";
import { startTestCluster, type TestCluster } from "../test/cluster/worker-processes.ts";
import { runShuffle, runTasks, type Shuffle } from "./shuffle-jobs.ts";

const callCount = 200_000;
/** How many calls a program waits for at once. */
const windowCalls = 10_000;

const same = (x: number): number => x;

/** Calls one by one, some thousands under way at once, and the sum of their results. */
async function sumOfCalls(call: (x: number) => Promise<number>): Promise<number> {
  let sum = 0;
  for (let start = 0; start < callCount; start += windowCalls) {
    const results = await Promise.all(Array.from({ length: windowCalls }, (_, offset) => call(start + offset)));
    for (const result of results) sum += result;
  }
  return sum;
}

/** What a person would write: threads by turns, a message for each call, a map of promises. */
function startByHand(threadCount: number): { call: (x: number) => Promise<number>; close: () => Promise<void> } {
  const code = `const { parentPort } = require("node:worker_threads");
    parentPort.on("message", ([id, x]) => parentPort.postMessage([id, x]));`;
  const waiting = new Map<number, (x: number) => void>();
  const workers = Array.from({ length: threadCount }, () => {
    const worker = new Worker(code, { eval: true });
    worker.on("message", ([id, x]: [number, number]) => {
      waiting.get(id)?.(x);
      waiting.delete(id);
    });
    return worker;
  });
  let count = 0;
  return {
    call: (x) =>
      new Promise((resolve) => {
        const id = count++;
        waiting.set(id, resolve);
        workers[id % threadCount]?.postMessage([id, x]);
      }),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

const taskCount = 2_000;
const shuffle: Shuffle = { writerCount: 8, sliceCount: 8, rowCount: 100_000 };
const shuffledBytes = 108 * shuffle.writerCount * shuffle.rowCount;

/**
 * `npm run bench -- runtime`, the part without rows of `dataset`: empty calls by single `submit`s through the queue, with retries
 * and events on, beside threads by hand; empty tasks of a job; rows from all tasks to all tasks; and what it costs that workers
 * know each other by a secret, or by TLS.
 */
export const benchmark: Benchmark = {
  name: "runtime",
  async open() {
    const executor = createExecutor({ threads: 2 });
    const calls = executor.withOptions({ retriesMax: 3 });
    let finishedCount = 0;
    executor.events.on("callFinished", () => (finishedCount += 1));
    const byHand = startByHand(2);
    const start = (security: ClusterSecurity): Promise<TestCluster> =>
      startTestCluster({ workerCount: 2, security, settings: { workBytesMax: 64 * 1024 * 1024 } });
    const plain = await start({});
    const keyed = await start({ secret: Buffer.alloc(32, 1) });
    const { cert, key } = makeCertificate();
    const encrypted = await start({ tls: { cert, key, ca: cert, servername: "localhost" } });
    const clusters = [plain, keyed, encrypted];
    const runReference = (): Promise<number> => sumOfCalls(byHand.call);
    const base = { unit: "calls", unitCount: callCount, reference: "message for each call by hand", runReference };
    const items = Array.from({ length: callCount }, (_, index) => index);
    const shuffled = { unit: "bytes", unitCount: shuffledBytes };
    const megabytes = Math.round(shuffledBytes / 1e6);
    return {
      cases: [
        {
          ...base,
          name: "single submits on two worker processes",
          runOurs: () => sumOfCalls((x) => plain.executor.submit(same, x)),
        },
        { ...base, name: "single submits on two threads", runOurs: () => sumOfCalls((x) => calls.submit(same, x)) },
        {
          ...base,
          name: "map on two threads",
          runOurs: async () => (await calls.map(items, same)).reduce((a, b) => a + b, 0),
        },
        {
          name: "empty tasks of a job on two worker processes",
          unit: "tasks",
          unitCount: taskCount,
          reference: "same on two threads",
          runOurs: () => runTasks(plain.executor, taskCount),
          runReference: () => runTasks(executor, taskCount),
        },
        {
          ...shuffled,
          name: `${megabytes} MB of rows from all tasks to all, between two worker processes`,
          reference: "same on two threads, which share memory",
          runOurs: () => runShuffle(plain.executor, shuffle),
          runReference: () => runShuffle(executor, shuffle),
        },
        {
          ...shuffled,
          name: "the same between workers that have a secret",
          reference: "same without",
          runOurs: () => runShuffle(keyed.executor, shuffle),
          runReference: () => runShuffle(plain.executor, shuffle),
        },
        {
          ...shuffled,
          name: "the same between workers that use TLS, with certificates on both sides",
          reference: "same without",
          runOurs: () => runShuffle(encrypted.executor, shuffle),
          runReference: () => runShuffle(plain.executor, shuffle),
        },
      ],
      processIds: clusters.flatMap(({ processes }) => processes.map(({ pid = 0 }) => pid)),
      async close() {
        await Promise.all([executor.close(), byHand.close(), ...clusters.map((cluster) => cluster.close())]);
      },
    };
  },
};
