import type { CallOptions, Data, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { type ClaimedItem, claimItem } from "./claimed-item.ts";
import { hasCode, withLimits } from "./recipe-options.ts";
import { childrenOf, repeated, Waiter } from "./steps.ts";

/** A queue whose items wait until their time has come. */
export interface DelayQueue {
  /**
   * Adds an item that nobody gets before `delayMs` have passed, default 0. When the answer is lost it is added again, so
   * that it may be there twice and is never lost.
   */
  put(data: Data, options?: CallOptions & { readonly delayMs?: number }): Promise<void>;
  /** Waits for an item that is due and claims it. A client that dies with its claim gives the item to the next. */
  take(options?: CallOptions): Promise<ClaimedItem>;
  /** Items that are not done: due or not, claimed or not. */
  count(options?: CallOptions): Promise<number>;
}

const entryPattern = /^entry-(\d{15})-(-?\d{10})$/;
const delayMsMax = 100 * 365 * 24 * 3_600_000;

function dueMsOf(name: string): number {
  return Number(entryPattern.exec(name)?.[1]);
}

/**
 * A queue whose items wait until their time has come; each is done at least once, in the order of their times. The moment
 * is counted by the clock of the one who puts, and compared with the clock of the one who takes: let them agree. As with
 * every queue of ZooKeeper, it is for hundreds of items, not for millions.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createDelayQueue } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const reminders = createDelayQueue(session, "/reminders");
 * await reminders.put("later", { delayMs: 3_600_000 });
 * await reminders.put("soon", { delayMs: 20 });
 * const item = await reminders.take();
 * console.log(new TextDecoder().decode(item.data)); // => soon
 * await item.done();
 * console.log(await reminders.count()); // => 1
 * await session.close();
 * await server.close();
 * ```
 */
export function createDelayQueue(session: Session, path: string): DelayQueue {
  const entries = childPath(path, "entries");
  const taken = childPath(path, "taken");
  return {
    put: async (data, { delayMs = 0, ...options } = {}) => {
      if (!(delayMs >= 0 && delayMs <= delayMsMax)) {
        throw new CoordError("invalid-options", `delayMs is ${delayMs} and must be a number from 0 to ${delayMsMax}`);
      }
      const name = `entry-${String(Math.ceil(Date.now() + delayMs)).padStart(15, "0")}-`;
      const mode = "persistentSequential";
      const create = (): Promise<unknown> => session.create(childPath(entries, name), data, { ...options, mode });
      await repeated(create).catch(async (thrown: unknown) => {
        if (!hasCode(thrown, "no-node")) throw thrown;
        await repeated(() => session.ensurePath(entries, options));
        await repeated(create);
      });
    },
    take: (options = {}) =>
      withLimits(options, `delay queue ${path}`, async (signal) => {
        await repeated(() => session.ensurePath(entries));
        await repeated(() => session.ensurePath(taken));
        for (;;) {
          const waiter = new Waiter(session, signal, `delay queue ${path}`);
          try {
            const item = await takeDue(session, { entries, taken, waiter, signal });
            if (item !== undefined) return item;
            await waiter.wait();
          } finally {
            waiter.forget();
          }
        }
      }),
    count: async (options) => (await childrenOf(session, entries, options)).length,
  };
}

interface Taking {
  readonly entries: string;
  readonly taken: string;
  readonly waiter: Waiter;
  readonly signal: AbortSignal;
}

/** The first one that is due and nobody has; otherwise the waiter hears when it is worth looking again. */
async function takeDue(session: Session, { entries, taken, waiter, signal }: Taking): Promise<ClaimedItem | undefined> {
  const names = await session.children(entries, { watch: waiter.at(entries), signal });
  const claimed = new Set(await session.children(taken, { watch: waiter.at(taken), signal }));
  // The name is the order: its time first, then its number.
  for (const name of names.filter((one) => entryPattern.test(one) && !claimed.has(one)).toSorted()) {
    const leftMs = dueMsOf(name) - Date.now();
    if (leftMs > 0) {
      waiter.after(leftMs);
      return undefined;
    }
    const item = await claimItem(session, { entry: childPath(entries, name), lock: childPath(taken, name) });
    if (item !== undefined) return item;
  }
  return undefined;
}
