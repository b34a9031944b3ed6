import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { runCases, type CaseReport } from "./run-cases.ts";

/** A program of its own: runs the table on its main thread and in a worker, and prints both reports as JSON. */
if (isMainThread) {
  const main = await runCases();
  const worker = new Worker(new URL(import.meta.url));
  const inWorker = await new Promise<CaseReport>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
  await worker.terminate();
  process.stdout.write(JSON.stringify({ main, worker: inWorker }));
} else {
  parentPort?.postMessage(await runCases());
}
