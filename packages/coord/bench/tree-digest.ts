import { createHash } from "node:crypto";
import { connect, type Session } from "../src/index.ts";

const sessionTimeoutMs = 30_000;
const readsAtOnce = 1000;
/** What ZooKeeper keeps for itself. */
const ownPath = "/zookeeper";

async function inWindows<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += readsAtOnce) {
    results.push(...(await Promise.all(items.slice(at, at + readsAtOnce).map(read))));
  }
  return results;
}

async function lineOf(session: Session, path: string): Promise<string> {
  const { data, stat } = await session.get(path);
  return `${path} ${Buffer.from(data).toString("base64")} ${Object.values(stat).join(" ")}\n`;
}

/** Everything that one server shows of the tree, once it has what was committed before: paths, data and all of each Stat. */
async function digestOf(place: string): Promise<{ readonly digest: string; readonly nodeCount: number }> {
  const session = await connect(place, { sessionTimeoutMs });
  try {
    await session.sync();
    const hash = createHash("sha256");
    let nodeCount = 0;
    for (let level = ["/"]; level.length > 0;) {
      nodeCount += level.length;
      for (const line of await inWindows(level, (path) => lineOf(session, path))) hash.update(line);
      const below = await inWindows(level, async (path) => {
        const names = (await session.children(path)).toSorted();
        return names.map((name) => (path === "/" ? `/${name}` : `${path}/${name}`));
      });
      level = below.flat().filter((path) => path !== ownPath);
    }
    return { digest: hash.digest("hex"), nodeCount };
  } finally {
    await session.close();
  }
}

/** Whether all servers of an ensemble show the same tree, in a line. Throws when they do not. */
export async function compareDigests(connectString: string): Promise<string> {
  const digests = [];
  for (const place of connectString.split(",")) digests.push({ place, ...(await digestOf(place)) });
  const [first] = digests;
  const shown = digests.map(({ place, digest, nodeCount }) => `${place} ${digest} of ${nodeCount} nodes`);
  if (digests.some(({ digest }) => digest !== first?.digest)) throw new Error(`servers differ: ${shown.join("; ")}`);
  return `${digests.length} digests of ${first?.nodeCount} nodes are equal: ${first?.digest.slice(0, 16)}`;
}
