import type { Lease } from "./lease.ts";
import type { Lock } from "./lock.ts";

/**
 * Whoever shares this object shares the lock: an `acquire` while it is held gives another lease of the same node at
 * once, and the node goes with the last one.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createLock, createReentrantLock } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const lock = createReentrantLock(createLock(session, "/lock"));
 * const outer = await lock.acquire();
 * const inner = await lock.acquire();
 * console.log(inner.fencingToken === outer.fencingToken); // => true
 * await outer.release();
 * console.log((await session.children("/lock")).length); // => 1
 * await inner.release();
 * await session.close();
 * await server.close();
 * ```
 */
export function createReentrantLock(lock: Lock): Lock {
  let held: { readonly lease: Promise<Lease>; count: number } | undefined;
  const share = async (acquire: () => Promise<Lease>): Promise<Lease> => {
    const current = (held ??= { lease: acquire(), count: 0 });
    current.count += 1;
    let lease: Lease;
    try {
      lease = await current.lease;
    } catch (thrown) {
      if (held === current) held = undefined;
      throw thrown;
    }
    if (lease.signal.aborted) {
      // What is lost cannot be entered again.
      if (held === current) held = undefined;
      return share(acquire);
    }
    let releasing: Promise<void> | undefined;
    const leave = async (): Promise<void> => {
      current.count -= 1;
      if (current.count > 0) return;
      if (held === current) held = undefined;
      await lease.release();
    };
    const release = (): Promise<void> => (releasing ??= leave());
    return { ...lease, release, [Symbol.asyncDispose]: release };
  };
  const reentrant: Lock = {
    acquire: (options) => share(() => lock.acquire(options)),
    tryAcquire: async (options) => (held === undefined ? lock.tryAcquire(options) : share(() => lock.acquire(options))),
    hold: async (run, options) => {
      const lease = await reentrant.acquire(options);
      try {
        return await run(lease);
      } finally {
        await lease.release();
      }
    },
    contenders: (options) => lock.contenders(options),
  };
  return reentrant;
}
