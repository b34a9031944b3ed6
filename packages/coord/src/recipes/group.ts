import type { EventEmitter } from "eventemitter3";
import type { EventSource, Session } from "../client/session.ts";
import { childPath, nameOf } from "../core/zookeeper-path.ts";
import { type CacheEvents, createCache } from "./cache.ts";
import { createPersistentNode } from "./persistent-node.ts";
import { repeated } from "./steps.ts";

/** Who a member is, and what the others see of him. */
export interface GroupOptions {
  /** Unique in the group; it is the name of the member's node. */
  readonly id: string;
  /** What others see of this member. */
  readonly data?: string;
}

/** Members who see each other come and go. */
export interface Group extends AsyncDisposable {
  /** Data by id, of all members that are known to be there. */
  members(): ReadonlyMap<string, string>;
  /** Members come and go: the paths are those of their nodes. */
  readonly events: EventSource<CacheEvents>;
  /** Leaves. */
  close(): Promise<void>;
}

/**
 * Joins a group: resolves when this member is in it and the others are known.
 *
 * ```ts
 * import { connect } from "@tutti/coord";
 * import { joinGroup } from "@tutti/coord/recipes";
 * import { startServer } from "@tutti/coord/server";
 *
 * const server = await startServer();
 * const session = await connect(server);
 * const group = await joinGroup(session, "/group", { id: "ann", data: "Vienna" });
 * console.log([...group.members()]); // => [ [ 'ann', 'Vienna' ] ]
 * await group.close();
 * await session.close();
 * await server.close();
 * ```
 */
export async function joinGroup(session: Session, path: string, { id, data = "" }: GroupOptions): Promise<Group> {
  await repeated(() => session.ensurePath(path));
  const node = createPersistentNode(session, childPath(path, id), data);
  const cache = createCache(session, path, { scope: "children" });
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await cache.close();
    await node.close();
  };
  const close = (): Promise<void> => (closing ??= end());
  try {
    await node.ready;
    await cache.ready;
    await hasPath(cache.nodes, cache.events, node.path);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const decoder = new TextDecoder();
  return {
    members: () => {
      const members = new Map<string, string>();
      for (const [where, { data: bytes }] of cache.nodes) {
        if (where !== path) members.set(nameOf(where), decoder.decode(bytes));
      }
      return members;
    },
    events: cache.events,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The cache and the node were begun together: one may be a little behind the other. */
async function hasPath(
  nodes: ReadonlyMap<string, unknown>,
  events: Pick<EventEmitter<CacheEvents>, "on" | "off">,
  path: string,
): Promise<void> {
  while (!nodes.has(path)) {
    await new Promise<void>((resolve) => {
      const onChange = (): void => {
        events.off("change", onChange);
        resolve();
      };
      events.on("change", onChange);
    });
  }
}
