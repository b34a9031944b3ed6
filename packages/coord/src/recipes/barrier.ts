import type { CallOptions, Session } from "../client/session.ts";
import { newMark } from "../client/protected-create.ts";
import { CoordError } from "../coord-error.ts";
import { childPath } from "../core/zookeeper-path.ts";
import { hasCode, withLimits } from "./recipe-options.ts";
import { childrenOf, createMarkedBelow, deleteSurely, repeated, Waiter } from "./steps.ts";

/** A gate that is open or closed for everybody who comes to it. */
export interface Barrier {
  /** Closes it: from now on others wait. */
  raise(options?: CallOptions): Promise<void>;
  /** Opens it: all who wait go on. */
  lower(options?: CallOptions): Promise<void>;
  /** Goes on at once when it is open. */
  wait(options?: CallOptions): Promise<void>;
}

/**
 * A gate that is closed while its node is there.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createBarrier } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const barrier = createBarrier(session, "/gate");
 * await barrier.raise();
 * const passed = barrier.wait().then(() => "passed");
 * await barrier.lower();
 * console.log(await passed); // => passed
 * await session.close();
 * await server.close();
 * ```
 */
export function createBarrier(session: Session, path: string): Barrier {
  return {
    raise: (options = {}) => repeated(() => session.ensurePath(path, options)),
    lower: () => deleteSurely(session, path),
    wait: (options = {}) =>
      withLimits(options, `barrier ${path}`, async (signal) => {
        for (;;) {
          const waiter = new Waiter(session, signal, "barrier");
          try {
            if ((await session.exists(path, { watch: waiter.at(path), signal })) === undefined) return;
            await waiter.wait();
          } finally {
            waiter.forget();
          }
        }
      }),
  };
}

/** Members who begin together and end together. */
export interface DoubleBarrier {
  /** Waits until `count` members have entered. Whoever gives up is not counted any more. */
  enter(options?: CallOptions): Promise<void>;
  /** Waits until all have left. */
  leave(options?: CallOptions): Promise<void>;
}

const readyName = "ready";

/**
 * Members begin together and end together. The node names are those of Curator's: a node for each member, and `ready`
 * once they are enough. One use needs one path: a member of the next round that enters while others still leave would
 * find the gate of this round open.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createDoubleBarrier } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const runners = ["a", "b"].map(() => createDoubleBarrier(session, "/race", { count: 2 }));
 * await Promise.all(runners.map((runner) => runner.enter())); // nobody starts alone
 * console.log("all started"); // => all started
 * await Promise.all(runners.map((runner) => runner.leave())); // and nobody goes home alone
 * await session.close();
 * await server.close();
 * ```
 */
export function createDoubleBarrier(
  session: Session,
  path: string,
  { count }: { readonly count: number },
): DoubleBarrier {
  if (!Number.isInteger(count) || count < 1) {
    throw new CoordError("invalid-options", `count is ${count} and must be a whole number from 1`, { path });
  }
  const ready = childPath(path, readyName);
  let own: string | undefined;
  const membersOf = (names: readonly string[]): number => names.filter((name) => name !== readyName).length;
  const giveUp = async (thrown: unknown): Promise<never> => {
    if (own !== undefined) await deleteSurely(session, own).catch(() => undefined);
    own = undefined;
    throw thrown;
  };
  const waitForReady = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const waiter = new Waiter(session, signal, "double barrier");
      try {
        // Only the node itself counts, never that something woke us.
        if ((await session.exists(ready, { watch: waiter.at(ready), signal })) !== undefined) return;
        if (membersOf(await session.children(path, { signal })) >= count) {
          await repeated(() => session.create(ready)).catch((thrown: unknown) => {
            if (!hasCode(thrown, "node-exists")) throw thrown;
          });
          return;
        }
        await waiter.wait();
      } finally {
        waiter.forget();
      }
    }
  };
  return {
    enter: (options = {}) =>
      withLimits(options, `double barrier ${path}`, async (signal) => {
        const place = { parent: path, mark: newMark(), name: "member" };
        own = (await createMarkedBelow(session, place, "", { mode: "ephemeral" })).path;
        await waitForReady(signal).catch(giveUp);
      }),
    leave: (options = {}) =>
      withLimits(options, `double barrier ${path}`, async (signal) => {
        if (own !== undefined) await deleteSurely(session, own);
        own = undefined;
        for (;;) {
          const waiter = new Waiter(session, signal, "double barrier");
          try {
            const names = await childrenOf(session, path, { watch: waiter.at(path), signal });
            if (membersOf(names) === 0) break;
            await waiter.wait();
          } finally {
            waiter.forget();
          }
        }
        await deleteSurely(session, ready);
      }),
  };
}
