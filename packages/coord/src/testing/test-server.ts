import { startServer } from "../server/start-server.ts";
import type { ServerOptions } from "../server/server-options.ts";
import type { CoordServer } from "../server/start-node.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** A server and the way to it, which can be made to fail. */
export interface TestServer extends AsyncDisposable {
  readonly server: CoordServer;
  readonly faults: FaultProxy;
  /** Of the faults: clients that connect here meet them. */
  readonly connectString: string;
  close(): Promise<void>;
}

/** Short, so that what takes timeouts in the field takes a moment in a test: sessions live 100 ms and more. */
const tickTimeMs = 50;

/**
 * Starts a server in this process with a fault proxy in front of it. Ticks are 50 ms unless told otherwise.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createLock } from "@tutti/coord/recipes";
 * import { startTestServer } from "@tutti/coord/testing";
 *
 * const place = await startTestServer();
 * const session = await connect(place.connectString);
 * const lease = await createLock(session, "/lock").acquire();
 * const lost = new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
 * await place.faults.expire(session.id);
 * await lost;
 * console.log(lease.signal.reason.code); // => lease-lost
 * await session.close();
 * await place.close();
 * ```
 */
export async function startTestServer(options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer({ tickTimeMs, ...options });
  const faults = await startFaultProxy(server.address);
  const close = async (): Promise<void> => {
    await faults.close();
    await server.close();
  };
  return { server, faults, connectString: faults.connectString, close, [Symbol.asyncDispose]: close };
}
