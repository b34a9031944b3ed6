import { packageConfig } from "../../tsup.base.ts";

export default packageConfig({
  entry: {
    index: "src/index.ts",
    "cluster/index": "src/cluster/index.ts",
    "thread-worker": "src/executor/thread-worker.ts",
  },
  // Nobody imports the thread's entry: it is a file to start.
  dts: { entry: { index: "src/index.ts", "cluster/index": "src/cluster/index.ts" } },
});
