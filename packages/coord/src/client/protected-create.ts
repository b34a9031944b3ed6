import { CoordError } from "../coord-error.ts";
import { childPath, nameOf, parentOf } from "../core/zookeeper-path.ts";
import type { Created, CreateOptions, Data, Session } from "./session.ts";

/** Answers that may be lost one after the other before it is given up. */
const attemptsMax = 20;

/** Curator's prefix of a protected node. */
export function newMark(): string {
  return `_c_${crypto.randomUUID()}-`;
}

/**
 * Creates a node once, although answers are lost.
 *
 * 1. The create is applied, and its answer is lost with the connection.
 * 2. To send it again would leave two nodes: with a lock, one that nobody releases.
 * 3. So the name begins with a mark of this call, and before it is sent again the parent's children are searched for it.
 *    The search comes after a `sync` of the same session: it sees what was applied, and what was not yet never will be,
 *    since a session that has moved on is not served over its old connection.
 */
export async function createMarked(
  session: Session,
  { parent, mark, name }: { readonly parent: string; readonly mark: string; readonly name: string },
  data: Data,
  options: CreateOptions,
): Promise<Created> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const found = attempt === 1 ? undefined : await find(session, parent, mark, options);
      return found ?? (await session.create(childPath(parent, mark + name), data, options));
    } catch (thrown) {
      const isLost = thrown instanceof CoordError && thrown.code === "connection-lost";
      if (!isLost || attempt === attemptsMax) throw thrown;
    }
  }
}

async function find(
  session: Session,
  parent: string,
  mark: string,
  { signal, timeoutMs }: CreateOptions,
): Promise<Created | undefined> {
  const limits = { signal, timeoutMs };
  await session.sync(parent, limits);
  const name = (await session.children(parent, limits)).find((child) => child.startsWith(mark));
  if (name === undefined) return undefined;
  const path = childPath(parent, name);
  const stat = await session.exists(path, limits);
  return stat === undefined ? undefined : { path, stat };
}

/** With a mark as Curator writes it before the name. */
export function createProtected(session: Session, path: string, data: Data, options: CreateOptions): Promise<Created> {
  return createMarked(session, { parent: parentOf(path), mark: newMark(), name: nameOf(path) }, data, options);
}
