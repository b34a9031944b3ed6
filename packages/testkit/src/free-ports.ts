import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Below those that systems give to connections (32,768 on Linux, 49,152 elsewhere): such a port is free now, and taken by
 * somebody's connection when a process that was killed comes back to it.
 */
const portMin = 12_000;
const portCount = 20_000;

/** Ports of 127.0.0.1 that nobody listens on now, for processes that must know each other's before they start. */
export async function freePorts(count: number): Promise<number[]> {
  const taken = new Map<number, Server>();
  while (taken.size < count) {
    const port = portMin + Math.floor(Math.random() * portCount);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (isFree) taken.set(port, server);
  }
  await Promise.all([...taken.values()].map((server) => once(server.close(), "close")));
  return [...taken.keys()];
}
