import { describe } from "vitest";
import { createContext } from "../../src/index.ts";
import { testPartitionedQueries } from "./partitioned.ts";

describe("both sides of joins change places", () => {
  testPartitionedQueries({
    open: (options) => Promise.resolve(createContext({ ...options, partitionCount: 2 })),
    scale: 0.01,
    timeoutMs: 30_000,
    broadcastBytesMax: 0,
  });
});

describe("small sides of joins go everywhere", () => {
  testPartitionedQueries({
    open: (options) => Promise.resolve(createContext({ ...options, partitionCount: 2 })),
    scale: 0.01,
    timeoutMs: 30_000,
    broadcastBytesMax: 200_000,
  });
});
