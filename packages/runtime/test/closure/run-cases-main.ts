import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { pathToFileURL } from "node:url";
import { runCases, type CaseReport } from "./run-cases.ts";

/** A program of its own: runs the table on its main thread and in a worker, and prints both reports as JSON. */
async function main(): Promise<void> {
  if (!isMainThread) return parentPort?.postMessage(await runCases());
  const onMain = await runCases();
  const worker = new Worker(pathToFileURL(process.argv[1]!));
  const inWorker = await new Promise<CaseReport>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
  await worker.terminate();
  process.stdout.write(JSON.stringify({ main: onMain, worker: inWorker }));
}

void main();
