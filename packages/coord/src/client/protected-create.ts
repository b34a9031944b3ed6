import { CoordError } from "../coord-error.ts";
import { isSequential } from "./create-mode.ts";
import type { Created, CreateOptions, Data, Session } from "./session.ts";

const prefix = "_c_";

/**
 * Creates a sequential node whose name carries a mark of this call. When the connection breaks before the answer, the
 * node is looked for by its mark: it is there, or it was never made and is made now. So exactly one comes of a call,
 * unless the session ends. Curator and kazoo do the same, with the same names.
 */
export async function createProtected(
  session: Session,
  path: string,
  data: Data,
  options: CreateOptions,
): Promise<Created> {
  if (!isSequential(options.mode ?? "persistent")) {
    throw new CoordError("invalid-options", `create ${path}: only a sequential node can be protected`, { path });
  }
  const slash = path.lastIndexOf("/");
  const parent = slash <= 0 ? "/" : path.slice(0, slash);
  const directory = path.slice(0, slash + 1);
  const mark = `${prefix}${crypto.randomUUID().replaceAll("-", "")}-`;
  let isInDoubt = false;
  for (;;) {
    try {
      if (isInDoubt) {
        const found = await find(session, parent, directory, mark);
        if (found !== undefined) return found;
      }
      return await session.create(`${directory}${mark}${path.slice(slash + 1)}`, data, options);
    } catch (thrown) {
      if (!(thrown instanceof CoordError) || thrown.code !== "connection-lost") throw thrown;
      isInDoubt = true;
    }
  }
}

async function find(session: Session, parent: string, directory: string, mark: string): Promise<Created | undefined> {
  await session.sync(parent);
  const name = (await session.children(parent)).find((child) => child.startsWith(mark));
  if (name === undefined) return undefined;
  const path = `${directory}${name}`;
  const stat = await session.exists(path);
  return stat === undefined ? undefined : { path, stat };
}
