// A program of its own, so that its peak memory is that of the sort alone: `sort-run.ts <input> <output> <scratch>`.
import { createThreadExecutor } from "@tutti/runtime";
import { createContext } from "../src/index.ts";

const megabyte = 1024 * 1024;
const [input = "", output = "", spillDirectory = ""] = process.argv.slice(2);
const executor = createThreadExecutor({
  threadsMax: 2,
  memoryBytesMax: 64 * megabyte,
  heapBytesMax: 192 * megabyte,
  spillDirectory,
});
const tutti = createContext({ executor });
const lines = tutti.textFile(input, { partitionCount: 128 });
await lines.sortBy((line) => line).saveAsTextFile(output);
await tutti.close();
console.log(`peak resident size: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
