import type { CallOptions, Data, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { type ClaimedItem, claimItem } from "./claimed-item.ts";
import { hasCode, withLimits } from "./recipe-options.ts";
import { childrenOf, repeated, Waiter } from "./steps.ts";

/** An item that this client has claimed: nobody else gets it while the session lives. */
export interface QueueItem extends ClaimedItem {
  readonly priority: number;
}

/** A queue in which a taker's death gives its item to the next. */
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
              if (item !== undefined) return { ...item, priority: Number(entryPattern.exec(name)?.[1]) };
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
