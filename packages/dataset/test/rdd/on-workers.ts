import path from "node:path";
import { startMembers } from "../../../runtime/test/cluster/member-processes.ts";
import { createContext, type Context, type ContextOptions } from "../../src/index.ts";

/** Where workers find this package and those that it needs. */
export const packageFolder: string = path.resolve(import.meta.dirname, "../..");

/** A context on three worker processes under an elected master, which end with it. */
export async function createContextOnWorkers(options: ContextOptions = {}): Promise<Context> {
  const cluster = await startMembers({ masterCount: 1, workerCount: 3, sessionTimeoutMs: 4000, cwd: packageFolder });
  const tutti = createContext({ ...options, executor: cluster.executor });
  const close = async (): Promise<void> => {
    await tutti.close();
    await cluster.close();
  };
  return { ...tutti, close, [Symbol.asyncDispose]: close };
}
