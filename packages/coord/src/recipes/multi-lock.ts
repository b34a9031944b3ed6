import { linkSignals } from "@tutti/stdx";
import type { CallOptions } from "../client/session.ts";
import type { Lease } from "./lease.ts";
import type { Lock } from "./lock.ts";
import { withLimits } from "./recipe-options.ts";

/** Several leases that are held together. */
export interface MultiLease extends AsyncDisposable {
  readonly leases: readonly Lease[];
  /** Aborts when any of them may be lost. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * All of several locks or none. They are taken in the order given: callers that share locks name them in the same order,
 * or wait for each other for ever.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { acquireAll, createLock } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const locks = ["/accounts/1", "/accounts/2"].map((path) => createLock(session, path));
 * const both = await acquireAll(locks, { timeoutMs: 5000 });
 * console.log(both.leases.length, both.signal.aborted); // => 2 false
 * await both.release();
 * await session.close();
 * await server.close();
 * ```
 */
export function acquireAll(locks: readonly Lock[], options: CallOptions = {}): Promise<MultiLease> {
  return withLimits(options, "locks", async (signal) => {
    const leases: Lease[] = [];
    const releaseAll = async (): Promise<void> => {
      for (const lease of leases.toReversed()) await lease.release();
    };
    try {
      for (const lock of locks) leases.push(await lock.acquire({ signal }));
    } catch (thrown) {
      await releaseAll();
      throw thrown;
    }
    const linked = linkSignals(leases.map((lease) => lease.signal));
    let releasing: Promise<void> | undefined;
    const release = (): Promise<void> => {
      linked[Symbol.dispose]();
      return (releasing ??= releaseAll());
    };
    return { leases, signal: linked.signal, release, [Symbol.asyncDispose]: release };
  });
}
