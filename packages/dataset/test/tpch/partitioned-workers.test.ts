import { createContextOnWorkers } from "../rdd/on-workers.ts";
import { testPartitionedQueries } from "./partitioned.ts";

testPartitionedQueries({
  // However small: what is larger than the rest is shared.
  open: (options) => createContextOnWorkers({ ...options, skewedRowsMin: 0 }),
  scale: 0.01,
  timeoutMs: 60_000,
  broadcastBytesMax: 0,
});
