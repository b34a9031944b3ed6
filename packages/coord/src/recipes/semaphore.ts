import type { CallOptions, Session } from "../client/session.ts";
import { newMark } from "../client/protected-create.ts";
import { CoordError } from "../coord-error.ts";
import { childPath, nameOf } from "../core/zookeeper-path.ts";
import { createLease, type Lease } from "./lease.ts";
import { createLock } from "./lock.ts";
import { withLimits } from "./recipe-options.ts";
import { childrenOf, createMarkedBelow, deleteSurely, Waiter } from "./steps.ts";

/** Permits of which only so many are out. */
export interface Semaphore {
  /** Waits for a permit. */
  acquire(options?: CallOptions): Promise<Lease>;
  /** Permits that are out. */
  count(options?: CallOptions): Promise<number>;
}

/**
 * At most `permitsMax` holders at a time; all clients must give the same number. Node names are those of Curator's
 * InterProcessSemaphoreV2: a permit is a node below `leases`, taken under the lock `locks`, so that two cannot both take
 * the last one.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createSemaphore } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const semaphore = createSemaphore(session, "/downloads", { permitsMax: 2 });
 * const permits = [await semaphore.acquire(), await semaphore.acquire()];
 * console.log(await semaphore.count()); // => 2
 * for (const permit of permits) await permit.release();
 * await session.close();
 * await server.close();
 * ```
 */
export function createSemaphore(
  session: Session,
  path: string,
  { permitsMax, id = "" }: { readonly permitsMax: number; readonly id?: string },
): Semaphore {
  if (!Number.isInteger(permitsMax) || permitsMax < 1) {
    throw new CoordError("invalid-options", `permitsMax is ${permitsMax} and must be a whole number from 1`, { path });
  }
  const leases = childPath(path, "leases");
  const lock = createLock(session, childPath(path, "locks"));
  const takePermit = async (signal: AbortSignal): Promise<Lease> => {
    const place = { parent: leases, mark: newMark(), name: "lease-" };
    const { path: own, stat } = await createMarkedBelow(session, place, id, { mode: "ephemeralSequential" });
    try {
      for (;;) {
        const waiter = new Waiter(session, signal, "semaphore");
        try {
          const names = await childrenOf(session, leases, { watch: waiter.at(leases), signal });
          if (!names.includes(nameOf(own)))
            throw new CoordError("lease-lost", `${own}: its node is gone`, { path: own });
          if (names.length <= permitsMax) return createLease(session, { path: own, czxid: stat.czxid });
          await waiter.wait();
        } finally {
          waiter.forget();
        }
      }
    } catch (thrown) {
      await deleteSurely(session, own).catch(() => undefined);
      throw thrown;
    }
  };
  return {
    acquire: (options = {}) =>
      withLimits(options, `semaphore ${path}`, (signal) => lock.hold(() => takePermit(signal), { signal })),
    count: async (options) => (await childrenOf(session, leases, options)).length,
  };
}
