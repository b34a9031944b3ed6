import { createFileDisk, createMemoryNetwork } from "@tutti/consensus";
import { CoordError } from "../coord-error.ts";
import type { Membership } from "./open-pipeline.ts";
import { resolveServerOptions, type ServerOptions } from "./server-options.ts";
import { type CoordServer, startNode } from "./start-node.ts";

/** Number of a server that stands alone. */
const standaloneServerId = 1;

/**
 * Starts a server that speaks ZooKeeper's protocol and stands alone. Without `dataDir` what it holds is gone when it
 * closes; with one, everything that was acknowledged is there at the next start.
 *
 * ```ts
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer(); // on a free port of the loopback interface
 * console.log(server.connectString.startsWith("127.0.0.1:")); // => true
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<CoordServer> {
  const resolved = resolveServerOptions(options);
  const { signal, dataDir } = options;
  if (signal?.aborted === true) {
    throw new CoordError("aborted", "the signal was aborted before the start", { cause: signal.reason });
  }
  const server = await startNode(resolved, dataDir === undefined ? undefined : aloneIn(dataDir));
  closeOnAbort(server, signal);
  await server.serving;
  return server;
}

/** A log of one: durable, and shared with nobody. */
function aloneIn(dataDir: string): Membership {
  return {
    id: standaloneServerId,
    members: { voters: [standaloneServerId], observers: [] },
    storage: createFileDisk(dataDir),
    transport: createMemoryNetwork().transport,
    bootstrap: true,
  };
}

export function closeOnAbort(server: CoordServer, signal: AbortSignal | undefined): void {
  const onAbort = (): void => void server.close();
  signal?.addEventListener("abort", onAbort, { once: true });
  void server.stopped.then(() => signal?.removeEventListener("abort", onAbort));
  if (signal?.aborted === true) onAbort();
}
