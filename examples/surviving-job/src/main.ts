// A job that outlives the master that began it. Everything runs in this process here; the master's end is that of a
// process all the same, for workers and driver: its links break and its place in the election goes.
import { startServer } from "@tutti/coord/server";
import { createContext } from "@tutti/dataset";
import { connectCluster, startMaster, startWorker } from "@tutti/runtime/cluster";

const server = await startServer({ tickTimeMs: 100 });
const coord = `${server.connectString}/survivors`;
const common = { coord, sessionTimeoutMs: 1000 };

const elected = Promise.withResolvers<void>();
const tellElected = (line: string): void => {
  if (line.startsWith("leads, ")) elected.resolve();
};
const first = await startMaster({ ...common, onEvent: tellElected });
await elected.promise;
const second = await startMaster(common);
const workers = [await startWorker({ ...common, slotCount: 1 }), await startWorker({ ...common, slotCount: 1 })];
const executor = await connectCluster(coord, { sessionTimeoutMs: 1000, slotsMin: 2 });

const finished = new Map<string, number>();
let adopted = 0;
executor.events.on("taskStarted", ({ isAdopted }) => (adopted += isAdopted ? 1 : 0));
executor.events.on("taskFinished", ({ stage, partition }) => {
  const task = `${stage}.${partition}`;
  finished.set(task, (finished.get(task) ?? 0) + 1);
});

// The blow falls when half of the first stage is done.
let isDown = false;
executor.events.on("taskFinished", () => {
  if (finished.size < 4 || isDown) return;
  isDown = true;
  console.log("half of the first stage is done: the master ends");
  void first.close();
});

const tutti = createContext({ executor });
const sums = await tutti
  .range(0, 8_000, { partitionCount: 8 })
  .map((x) => {
    let value = x;
    for (let round = 0; round < 20_000; round += 1) value = (value * 31 + 7) % 1_000_003;
    return [value % 3, 1] as const;
  })
  .reduceByKey((a, b) => a + b, { partitionCount: 2 })
  .sortByKey()
  .collect();

console.log(`the second master leads: ${second.isLeading}; it went on with what was done and running: ${adopted >= 4}`);
console.log(sums.map(([rest, count]) => `${rest}: ${count}`).join(", "));

await tutti.close();
for (const worker of workers) await worker.close();
await second.close();
await server.close();
