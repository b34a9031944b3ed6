import { acls, type Session } from "../../src/index.ts";

/** Everything that a client can see of a tree, in the order of paths; 64-bit values as text. */
export async function pictureOf(session: Session): Promise<unknown> {
  const nodes: unknown[] = [];
  const waiting = ["/"];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const [{ data, stat }, { acl }, children] = await Promise.all([
      session.get(path),
      session.getAcl(path),
      session.children(path),
    ]);
    nodes.push({ path, data: Buffer.from(data).toString("base64"), acl, stat });
    const below = children.map((name) => (path === "/" ? `/${name}` : `${path}/${name}`));
    // ZooKeeper's own differ from server to server.
    waiting.push(...below.filter((one) => !one.startsWith("/zookeeper")).toSorted());
  }
  return JSON.parse(
    JSON.stringify(nodes, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
  );
}

/** One of everything that a data directory can hold. The session keeps its ephemeral nodes. */
export async function fillTree(session: Session): Promise<void> {
  session.addAuth("digest", "ann:secret");
  await session.create("/plain", "text");
  await session.create("/bytes", new Uint8Array([0, 255, 128]));
  await session.create("/empty");
  await session.create("/closed", "x", { acl: acls.creatorOnly });
  for (let index = 0; index < 3; index += 1) await session.create("/plain/n-", null, { mode: "persistentSequential" });
  await session.delete("/plain/n-0000000001");
  await session.set("/plain", "changed");
  await session.set("/plain", "again");
  await session.setAcl("/bytes", acls.readOnly);
  await session.create("/container", null, { mode: "container" });
  await session.create("/container/child");
  await session.create("/ttl", "t", { mode: { ttlMs: 86_400_000 } });
  await session.create("/mine", "e", { mode: "ephemeral" });
  await session.transaction().create("/multi").create("/multi/a", "1").set("/multi", "2").delete("/empty").commit();
  await session
    .transaction()
    .create("/never")
    .delete("/none")
    .commit()
    .catch(() => undefined);
  await session.set("/none", "x").catch(() => undefined);
}
