import { packageConfig } from "../../tsup.base.ts";

export default packageConfig({
  entry: {
    index: "src/index.ts",
    "cluster/index": "src/cluster/index.ts",
    "thread-worker": "src/executor/thread-worker.ts",
    tutti: "src/cluster/cli/main.ts",
  },
  // Nobody imports the thread's entry and the command: they are files to start.
  dts: { entry: { index: "src/index.ts", "cluster/index": "src/cluster/index.ts" } },
});
