import { Worker } from "node:worker_threads";
import type { Benchmark } from "@tutti/testkit";
import { createExecutor } from "../src/index.ts";
import { startTestCluster } from "../test/cluster/worker-processes.ts";

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

/**
 * `npm run bench -- runtime`: empty calls by single `submit`s through the queue, with retries and events on, on two
 * threads, beside threads by hand; the same items by `map`; and the same calls on two processes over TCP.
 */
export const benchmark: Benchmark = {
  name: "runtime",
  async open() {
    const cluster = await startTestCluster({ workerCount: 2 });
    const executor = createExecutor({ threads: 2 });
    const calls = executor.withOptions({ retriesMax: 3 });
    let finishedCount = 0;
    executor.events.on("callFinished", () => (finishedCount += 1));
    const byHand = startByHand(2);
    const runReference = (): Promise<number> => sumOfCalls(byHand.call);
    const base = { unit: "calls", unitCount: callCount, reference: "message for each call by hand", runReference };
    const items = Array.from({ length: callCount }, (_, index) => index);
    return {
      cases: [
        {
          ...base,
          name: "single submits on two worker processes",
          runOurs: () => sumOfCalls((x) => cluster.executor.submit(same, x)),
        },
        { ...base, name: "single submits on two threads", runOurs: () => sumOfCalls((x) => calls.submit(same, x)) },
        {
          ...base,
          name: "map on two threads",
          runOurs: async () => (await calls.map(items, same)).reduce((a, b) => a + b, 0),
        },
      ],
      async close() {
        await Promise.all([executor.close(), byHand.close(), cluster.close()]);
      },
    };
  },
};
