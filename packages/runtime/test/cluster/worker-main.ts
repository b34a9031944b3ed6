// A worker as a process of its own: `worker-main.ts <options as JSON>`, with its secret in TUTTI_TEST_SECRET.
import { startWorker, type WorkerOptions } from "../../src/cluster/index.ts";

const [options = ""] = process.argv.slice(2);
const { TUTTI_TEST_SECRET: secret } = process.env;
await startWorker({
  workBytesMax: 1024 * 1024,
  ...(JSON.parse(options) as WorkerOptions),
  ...(secret !== undefined && { secret: Buffer.from(secret, "hex") }),
  onEvent: (line) => process.stderr.write(`${line}\n`),
});
