// A worker as a process of its own: `worker-main.ts <port> <slots> <directory> <silence>`.
import { startWorker } from "../../src/cluster/index.ts";

const [port = "", slots = "", directory = "", silenceMs = ""] = process.argv.slice(2);
await startWorker({
  master: { host: "127.0.0.1", port: Number(port) },
  slotCount: Number(slots),
  silenceMs: Number(silenceMs),
  directory,
  workBytesMax: 1024 * 1024,
  onEvent: (line) => process.stderr.write(`${line}\n`),
});
