import type { CallOptions, Data, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { hasCode, withLimits } from "./recipe-options.ts";
import { childrenOf, claim, deleteSurely, repeated, Waiter } from "./steps.ts";

/** An item that this client has claimed: nobody else gets it while the session lives. */
export interface QueueItem {
  readonly data: Uint8Array;
  readonly priority: number;
  /** It is done: removes it. Fails with `lease-lost` when the claim was lost, and somebody else may have it. */
  done(): Promise<void>;
  /** Gives it back for others. */
  release(): Promise<void>;
}

export interface Queue {
  /**
   * Adds an item. A lower priority is taken earlier; from 0 to 999, default 100. When the answer is lost it is added
   * again, so that it may be there twice and is never lost.
   */
  put(data: Data, options?: CallOptions & { readonly priority?: number }): Promise<void>;
  /** Waits for an item and claims it. A client that dies with its claim gives the item to the next. */
  take(options?: CallOptions): Promise<QueueItem>;
  /** Items that are not done, claimed ones too. */
  count(options?: CallOptions): Promise<number>;
}

const entryPattern = /^entry-(\d{3})-(-?\d{10})$/;

/**
 * A queue whose items are each done at least once: by priority, and first come first served among equals. Its nodes are
 * those of kazoo's LockingQueue. Every item is a node and every waiting taker reads the list, so it is for hundreds of
 * items, not for millions.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createQueue } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const queue = createQueue(session, "/jobs");
 * await queue.put("later");
 * await queue.put("sooner", { priority: 1 });
 * const item = await queue.take();
 * console.log(new TextDecoder().decode(item.data)); // => sooner
 * await item.done();
 * console.log(await queue.count()); // => 1
 * await session.close();
 * await server.close();
 * ```
 */
export function createQueue(session: Session, path: string): Queue {
  const entries = childPath(path, "entries");
  const taken = childPath(path, "taken");
  return {
    put: async (data, { priority = 100, ...options } = {}) => {
      if (!Number.isInteger(priority) || priority < 0 || priority > 999) {
        throw new CoordError("invalid-options", `priority is ${priority} and must be a whole number from 0 to 999`);
      }
      const name = `entry-${String(priority).padStart(3, "0")}-`;
      const mode = "persistentSequential";
      const create = (): Promise<unknown> => session.create(childPath(entries, name), data, { ...options, mode });
      await repeated(create).catch(async (thrown: unknown) => {
        if (!hasCode(thrown, "no-node")) throw thrown;
        await repeated(() => session.ensurePath(entries, options));
        await repeated(create);
      });
    },
    take: (options = {}) =>
      withLimits(options, `queue ${path}`, async (signal) => {
        await repeated(() => session.ensurePath(entries));
        await repeated(() => session.ensurePath(taken));
        for (;;) {
          const waiter = new Waiter(session, signal, `queue ${path}`);
          try {
            const names = await session.children(entries, { watch: waiter.at(entries), signal });
            const claimed = new Set(await session.children(taken, { watch: waiter.at(taken), signal }));
            for (const name of inOrder(names)) {
              if (claimed.has(name)) continue;
              const item = await claimItem(session, { entry: childPath(entries, name), lock: childPath(taken, name) });
              if (item !== undefined) return item;
            }
            await waiter.wait();
          } finally {
            waiter.forget();
          }
        }
      }),
    count: async (options) => (await childrenOf(session, entries, options)).length,
  };
}

/** The name is the order: priority first, then the number. Nodes of other kinds are passed over. */
function inOrder(names: readonly string[]): readonly string[] {
  return names.filter((name) => entryPattern.test(name)).toSorted();
}

async function claimItem(
  session: Session,
  { entry, lock }: { readonly entry: string; readonly lock: string },
): Promise<QueueItem | undefined> {
  if (!(await claim(session, lock, { mark: crypto.randomUUID() }))) return undefined;
  const sessionId = session.id;
  let data: Uint8Array;
  try {
    ({ data } = await session.get(entry));
  } catch (thrown) {
    // It was done between the list and the claim.
    await deleteSurely(session, lock);
    if (hasCode(thrown, "no-node")) return undefined;
    throw thrown;
  }
  const [, priority] = entryPattern.exec(entry.slice(entry.lastIndexOf("/") + 1)) ?? [];
  return {
    data,
    priority: Number(priority),
    done: async () => {
      const lost = new CoordError("lease-lost", `${entry}: the claim was lost`, { path: entry });
      if (session.id !== sessionId) throw lost;
      try {
        await session.transaction().delete(lock).delete(entry).commit();
      } catch (thrown) {
        if (hasCode(thrown, "session-expired")) throw lost;
        if (!hasCode(thrown, "connection-lost", "no-node")) throw thrown;
        await finish(session, { entry, lock, sessionId, lost });
      }
    },
    release: () => deleteSurely(session, lock),
  };
}

interface Finishing {
  readonly entry: string;
  readonly lock: string;
  readonly sessionId: bigint;
  readonly lost: CoordError;
}

/** After a lost answer: both nodes go together, so while our claim is there the item is not done. */
async function finish(session: Session, { entry, lock, sessionId, lost }: Finishing): Promise<void> {
  await session.sync(entry);
  const claimed = await session.exists(lock);
  if (claimed?.ephemeralOwner === sessionId) {
    await repeated(() => session.transaction().delete(lock).delete(entry).commit()).catch((thrown: unknown) => {
      if (!hasCode(thrown, "no-node")) throw thrown;
    });
  } else if ((await session.exists(entry)) !== undefined) {
    throw lost;
  }
}
