import { createContextOnWorkers } from "../rdd/on-workers.ts";
import { testPartitionedQueries } from "./partitioned.ts";

testPartitionedQueries({ open: createContextOnWorkers, scale: 0.01, timeoutMs: 60_000, broadcastBytesMax: 0 });
