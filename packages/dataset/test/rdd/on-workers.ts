import { startTestCluster } from "../../../runtime/test/cluster/worker-processes.ts";
import { createContext, type Context } from "../../src/index.ts";

/** A context on three worker processes, which end with it. */
export async function createContextOnWorkers(): Promise<Context> {
  const cluster = await startTestCluster({ workerCount: 3 });
  const tutti = createContext({ executor: cluster.executor });
  const close = async (): Promise<void> => {
    await tutti.close();
    await cluster.close();
  };
  return { ...tutti, close, [Symbol.asyncDispose]: close };
}
