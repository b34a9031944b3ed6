// A worker as a process of its own: `worker-main.ts <options as JSON>`.
import { startWorker, type WorkerOptions } from "../../src/cluster/index.ts";

const [options = ""] = process.argv.slice(2);
await startWorker({
  workBytesMax: 1024 * 1024,
  ...(JSON.parse(options) as WorkerOptions),
  onEvent: (line) => process.stderr.write(`${line}\n`),
});
