import { isFinal } from "../core/client/session-state.ts";
import type { Data, Session } from "../client/session.ts";
import { CoordError } from "../coord-error.ts";
import { parentOf } from "../core/zookeeper-path.ts";
import { hasCode } from "./recipe-options.ts";
import { deleteSurely, repeated, Waiter } from "./steps.ts";

/** An ephemeral node that is made again when it is gone. */
export interface PersistentNode extends AsyncDisposable {
  readonly path: string;
  /** Settles when the node is there for the first time; rejects when it cannot be. */
  readonly ready: Promise<void>;
  /** Settles when nobody cares for it any more: with the reason, or undefined after `close`. */
  readonly stopped: Promise<CoordError | undefined>;
  /** Other content, from now on. */
  set(data: Data): Promise<void>;
  /** Deletes it. */
  close(): Promise<void>;
}

/**
 * Keeps an ephemeral node alive as long as this process is: it is made again when somebody deletes it, and, with a
 * session that is renewed, in the next session.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { createPersistentNode } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server, { renew: true });
 * const node = createPersistentNode(session, "/workers/ann", "idle");
 * await node.ready;
 * console.log(await session.children("/workers")); // => [ 'ann' ]
 * await node.close();
 * await session.close();
 * await server.close();
 * ```
 */
export function createPersistentNode(session: Session, path: string, data: Data): PersistentNode {
  const stop = new AbortController();
  let content = data;
  let settle: { readonly resolve: () => void; readonly reject: (error: CoordError) => void } | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ready.catch(() => undefined);
  const keep = keepNode(session, path, {
    signal: stop.signal,
    content: () => content,
    onThere: () => settle?.resolve(),
  });
  const stopped = keep.then(
    () => undefined,
    (thrown: unknown) => (stop.signal.aborted ? undefined : CoordError.from(thrown, "system-error")),
  );
  void stopped.then((error) => {
    settle?.reject(error ?? new CoordError("closed", `node ${path}: closed before it was there`, { path }));
  });
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    stop.abort();
    await stopped;
    const stat = isFinal(session.state) ? undefined : await session.exists(path).catch(() => undefined);
    if (stat?.ephemeralOwner === session.id) await deleteSurely(session, path);
  };
  const close = (): Promise<void> => (closing ??= end());
  return {
    path,
    ready,
    stopped,
    set: async (next) => {
      content = next;
      await ready;
      await repeated(() => session.set(path, next)).catch((thrown: unknown) => {
        // It is being made again, with the new content.
        if (!hasCode(thrown, "no-node")) throw thrown;
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Keeping {
  readonly signal: AbortSignal;
  readonly content: () => Data;
  readonly onThere: () => void;
}

async function keepNode(session: Session, path: string, { signal, content, onThere }: Keeping): Promise<void> {
  for (;;) {
    const waiter = new Waiter(session, signal, `node ${path}`);
    try {
      const stat = await session.exists(path, { watch: waiter.at(path), signal });
      if (stat === undefined) {
        await createHere(session, path, content());
        continue;
      }
      // One of an earlier session, this program's or another's, is waited for until it goes.
      if (stat.ephemeralOwner === session.id) onThere();
      await waiter.wait();
    } catch (thrown) {
      // A session that is renewed is not final: its next calls wait for the new one.
      const goesOn = hasCode(thrown, "connection-lost", "node-exists", "no-node", "session-expired");
      if (!goesOn || isFinal(session.state)) throw thrown;
    } finally {
      waiter.forget();
    }
  }
}

async function createHere(session: Session, path: string, data: Data): Promise<void> {
  try {
    await session.create(path, data, { mode: "ephemeral" });
  } catch (thrown) {
    if (!hasCode(thrown, "no-node")) throw thrown;
    await session.ensurePath(parentOf(path));
  }
}
