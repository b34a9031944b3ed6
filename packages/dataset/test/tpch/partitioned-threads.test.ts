import { createContext } from "../../src/index.ts";
import { testPartitionedQueries } from "./partitioned.ts";

testPartitionedQueries({
  open: (options) => Promise.resolve(createContext({ ...options, threads: 2 })),
  scale: 0.01,
  timeoutMs: 30_000,
  broadcastBytesMax: 0,
});
