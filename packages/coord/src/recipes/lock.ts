import type { CallOptions, Session } from "../client/session.ts";
import { type Contender, contend, type Contention, participantsOf, tryContend } from "./contention.ts";
import type { Lease } from "./lease.ts";
import type { NodeNames } from "./recipe-options.ts";

/** What a lock's nodes say of their owner, and whose names they have. */
export interface LockOptions {
  /** Shown to others who look at the line; Curator and kazoo show it, too. */
  readonly id?: string;
  /** Whose node names are written, default Curator's. Names of both are respected. */
  readonly names?: NodeNames;
}

/** A lock of one path. Each holder has a lease with a fencing token. */
export interface Lock {
  /** Waits for its turn. Fails with `timeout` or `aborted`, and has then left the line. */
  acquire(options?: CallOptions): Promise<Lease>;
  /** Undefined when somebody else has it. */
  tryAcquire(options?: CallOptions): Promise<Lease | undefined>;
  /** Holds it while `run` runs, which is told by the lease's signal when it is lost. */
  hold<T>(run: (lease: Lease) => Promise<T>, options?: CallOptions): Promise<T>;
  /** Ids of the holder and of those who wait, in their order. */
  contenders(options?: CallOptions): Promise<readonly string[]>;
}

function lockOf(contention: Contention): Lock {
  const lock: Lock = {
    acquire: (options) => contend(contention, options),
    tryAcquire: (options) => tryContend(contention, options),
    hold: async (run, options) => {
      const lease = await lock.acquire(options);
      try {
        return await run(lease);
      } finally {
        await lease.release();
      }
    },
    contenders: async (options) => {
      const found = await participantsOf(contention.session, contention.parent, options);
      return found.map(({ data }) => data);
    },
  };
  return lock;
}

/**
 * A lock that one client of all has at a time, first come first served.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createLock } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * await session.create("/balance", "100");
 *
 * const lock = createLock(session, "/locks/balance");
 * const lease = await lock.acquire({ timeoutMs: 5000 });
 * // Written only if the lock is still held at that moment.
 * await session.transaction().guard(lease.check).set("/balance", "90").commit();
 * await lease.release();
 *
 * console.log(lease.signal.aborted); // => false
 * await session.close();
 * await server.close();
 * ```
 */
export function createLock(session: Session, path: string, { id = "", names = "curator" }: LockOptions = {}): Lock {
  return lockOf({
    session,
    parent: path,
    what: "lock",
    names,
    kind: { curator: "lock-", kazoo: "__lock__" },
    data: id,
    // Each waits for the one before it alone, so that a release wakes one and not all.
    blockedBy: (line) => line.at(-1),
  });
}

const writeKinds: ReadonlySet<string> = new Set(["__WRIT__", "__lock__"]);

function isWriter({ kind }: Contender): boolean {
  return writeKinds.has(kind);
}

/** Two locks of one line: many may hold `read` at once, `write` only one and then no reader. */
export interface ReadWriteLock {
  readonly read: Lock;
  readonly write: Lock;
}

/**
 * A lock with shared and exclusive holders, in the order in which they came, so that neither kind starves.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createReadWriteLock } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const { read, write } = createReadWriteLock(session, "/report");
 * const first = await read.acquire();
 * const second = await read.acquire(); // beside the first
 * await first.release();
 * await second.release();
 * const alone = await write.acquire();
 * console.log(alone.fencingToken > second.fencingToken); // => true
 * await alone.release();
 * await session.close();
 * await server.close();
 * ```
 */
export function createReadWriteLock(
  session: Session,
  path: string,
  { id = "", names = "curator" }: LockOptions = {},
): ReadWriteLock {
  const shared = { session, parent: path, names, data: id };
  return {
    read: lockOf({
      ...shared,
      what: "read lock",
      kind: { curator: "__READ__", kazoo: "__rlock__" },
      blockedBy: (line) => line.findLast(isWriter),
    }),
    write: lockOf({
      ...shared,
      what: "write lock",
      kind: { curator: "__WRIT__", kazoo: "__lock__" },
      blockedBy: (line) => line.at(-1),
    }),
  };
}
