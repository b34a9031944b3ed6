// A server that stands alone, for a benchmark in another process. Says where it listens.
import { startServer } from "../src/server/index.ts";

const server = await startServer({ outstandingPerConnectionMax: 4096 });
console.log(server.connectString);
