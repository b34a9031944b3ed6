import { expect, test } from "vitest";
import { json } from "../../src/index.ts";
import {
  type CacheChange,
  createBarrier,
  createCache,
  createDoubleBarrier,
  createPersistentNode,
  createQueue,
  createSharedValue,
  discoverService,
  joinGroup,
  type NodeCache,
  registerService,
} from "../../src/recipes/index.ts";
import { atEnd, codeOf, reaches, World } from "./world.ts";

const decoder = new TextDecoder();

function contentOf({ nodes }: NodeCache): Record<string, string> {
  return Object.fromEntries([...nodes].map(([path, { data }]) => [path, decoder.decode(data)] as const));
}

/** Resolves when the cache shows this. */
function shows(cache: NodeCache, wanted: Record<string, string>): Promise<void> {
  const isThere = (): boolean => JSON.stringify(contentOf(cache)) === JSON.stringify(wanted);
  return new Promise((resolve) => {
    if (isThere()) resolve();
    cache.events.on("change", () => {
      if (isThere()) resolve();
    });
  });
}

test("a tree cache follows every change, and tells of each", async () => {
  const world = await World.open();
  const [session, writer] = [await world.session(), await world.session()];
  await writer.ensurePath("/app/a");
  const cache = createCache(session, "/app");
  atEnd(() => cache.close());
  const changes: string[] = [];
  cache.events.on("change", ({ type, path }: CacheChange) => changes.push(`${type} ${path}`));
  await cache.ready;
  expect(contentOf(cache)).toEqual({ "/app": "", "/app/a": "" });
  await writer.set("/app/a", "1");
  await writer.create("/app/a/b", "2");
  await shows(cache, { "/app": "", "/app/a": "1", "/app/a/b": "2" });
  await writer.delete("/app/a/b");
  await shows(cache, { "/app": "", "/app/a": "1" });
  expect(changes).toEqual(["added /app", "added /app/a", "changed /app/a", "added /app/a/b", "removed /app/a/b"]);
});

test("caches of a node and of children look no deeper", async () => {
  const world = await World.open();
  const [session, writer] = [await world.session(), await world.session()];
  await writer.ensurePath("/app/a/deep");
  const [node, children] = [
    createCache(session, "/app", { scope: "node" }),
    createCache(session, "/app", { scope: "children" }),
  ];
  atEnd(() => node.close());
  atEnd(() => children.close());
  await Promise.all([node.ready, children.ready]);
  await writer.set("/app/a/deep", "1");
  await writer.set("/app", "2");
  await shows(node, { "/app": "2" });
  await shows(children, { "/app": "2", "/app/a": "" });
});

test("a cache that was cut off converges, a node that was made again included", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link({ sessionTimeoutMs: 2000 });
  const writer = await world.session();
  await writer.ensurePath("/app/a");
  await writer.ensurePath("/app/b");
  const cache = createCache(session, "/app");
  atEnd(() => cache.close());
  await cache.ready;
  const before = cache.get("/app/a")?.stat.czxid ?? 0n;
  proxy.refuse(true);
  await reaches(session, "suspended");
  await writer.delete("/app/a");
  await writer.create("/app/a", "");
  await writer.delete("/app/b");
  await writer.create("/app/c", "3");
  proxy.refuse(false);
  await shows(cache, { "/app": "", "/app/a": "", "/app/c": "3" });
  expect(cache.get("/app/a")?.stat.czxid).toBeGreaterThan(before);
});

test("a cache of more nodes than its bound ends and says so", async () => {
  const world = await World.open();
  const session = await world.session();
  for (const name of ["a", "b", "c"]) await session.ensurePath(`/app/${name}`);
  const cache = createCache(session, "/app", { nodesMax: 2 });
  expect(await codeOf(cache.ready)).toBe("overloaded");
  expect(await cache.stopped).toMatchObject({ code: "overloaded" });
});

test("a persistent node comes back after it was deleted, and after its session expired", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link({ sessionTimeoutMs: 300, renew: true });
  const other = await world.session();
  const node = createPersistentNode(session, "/w/one", "here");
  await node.ready;
  const gone = async (): Promise<void> => {
    await new Promise<void>((resolve) => void other.exists("/w/one", { watch: () => resolve() }));
  };
  const back = (): Promise<bigint> =>
    new Promise((resolve) => {
      const look = (): void =>
        void other.exists("/w/one", { watch: look }).then((stat) => {
          if (stat !== undefined) resolve(stat.ephemeralOwner);
        });
      look();
    });
  const deleted = gone();
  await other.delete("/w/one");
  await deleted;
  expect(await back()).toBe(session.id);
  const old = session.id;
  const expired = gone();
  proxy.refuse(true);
  await expired;
  proxy.refuse(false);
  expect(await back()).not.toBe(old);
  await node.set("still");
  expect(decoder.decode((await other.get("/w/one")).data)).toBe("still");
  await node.close();
  expect(await other.exists("/w/one")).toBeUndefined();
});

test("members of a group see each other come and go", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link();
  const ann = await joinGroup(await world.session(), "/g", { id: "ann", data: "1" });
  const cut = await joinGroup(session, "/g", { id: "bob", data: "2" });
  atEnd(() => cut.close());
  const size = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      if (ann.members().size === wanted) resolve();
      ann.events.on("change", () => {
        if (ann.members().size === wanted) resolve();
      });
    });
  await size(2);
  expect(Object.fromEntries(ann.members())).toEqual({ ann: "1", bob: "2" });
  proxy.refuse(true);
  await size(1);
  await ann.close();
});

test("a service is found by its name, and asked by weight or in turn", async () => {
  const world = await World.open();
  const session = await world.session();
  const common = { name: "mail", address: "10.0.0.1", port: 25 };
  await registerService(session, "/services", { ...common, id: "a", weight: 3 });
  const second = await registerService(session, "/services", { ...common, id: "b", weight: 1 });
  const services = await discoverService(session, "/services", "mail", { seed: 1 });
  atEnd(() => services.close());
  const picks = Array.from({ length: 4000 }, () => services.pick().id);
  const share = picks.filter((id) => id === "a").length / picks.length;
  expect(share).toBeGreaterThan(0.7);
  expect(share).toBeLessThan(0.8);
  const turns = await discoverService(session, "/services", "mail", { strategy: "roundRobin" });
  atEnd(() => turns.close());
  expect([turns.pick().id, turns.pick().id, turns.pick().id]).toEqual(["a", "b", "a"]);
  await second.close();
  await session.create("/services/mail/junk", "no json");
  while (services.all().length > 1) await session.sync();
  expect(services.pick().id).toBe("a");
  const none = await discoverService(session, "/services", "none");
  atEnd(() => none.close());
  expect(() => none.pick()).toThrow("no instance");
});

test("a shared value is followed, changed by many without a loss, and checked when it is read", async () => {
  const world = await World.open();
  const codec = json((value) => {
    if (typeof value !== "number") throw new TypeError("not a number");
    return value;
  });
  const values = await Promise.all([1, 2, 3].map(async () => createSharedValue(await world.session(), "/v", codec)));
  const [first] = values;
  const seen: (number | undefined)[] = [];
  const following = (async () => {
    for await (const value of (first as (typeof values)[number]).values()) {
      seen.push(value);
      if (value === 30) return;
    }
  })();
  await Promise.all(
    values.map(async (value) => {
      for (let count = 0; count < 10; count += 1) await value.update((present) => (present ?? 0) + 1);
    }),
  );
  await following;
  const numbers = seen.map((value) => value ?? 0);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((left, right) => left - right));
  await (await world.session()).set("/v", '"many"');
  await expect(first?.get()).rejects.toThrow("not a number");
});

test("a queue gives every item to one taker, by priority and then in order", async () => {
  const world = await World.open();
  const queue = createQueue(await world.session(), "/q");
  for (const [data, priority] of [
    ["b1", 100],
    ["a1", 5],
    ["b2", 100],
    ["a2", 5],
  ] as const) {
    await queue.put(data, { priority });
  }
  const taken: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    const item = await queue.take();
    taken.push(decoder.decode(item.data));
    await item.done();
  }
  expect(taken).toEqual(["a1", "a2", "b1", "b2"]);
  expect(await codeOf(queue.take({ timeoutMs: 20 }))).toBe("timeout");
  const waiting = queue.take();
  await createQueue(await world.session(), "/q").put("late");
  const item = await waiting;
  await item.release();
  expect(decoder.decode((await queue.take()).data)).toBe("late");
});

test("a queue loses nothing when takers die, and no item is done twice", async () => {
  const world = await World.open();
  const itemCount = 30;
  const queue = createQueue(await world.session(), "/q");
  for (let index = 0; index < itemCount; index += 1) await queue.put(String(index));
  const { session, proxy } = await world.link({ sessionTimeoutMs: 200 });
  const dying = await createQueue(session, "/q").take();
  proxy.refuse(true);
  const done: string[] = [];
  const links = await Promise.all([1, 2, 3].map(() => world.link({ sessionTimeoutMs: 2000 })));
  await Promise.all(
    links.map(async (link) => {
      const mine = createQueue(link.session, "/q");
      for (let turn = 0; done.length < itemCount; turn += 1) {
        if (turn % 3 === 0) link.proxy.cutBeforeAnswer();
        const item = await mine.take({ timeoutMs: 600 }).catch(() => undefined);
        if (item === undefined) continue;
        await item.done();
        done.push(decoder.decode(item.data));
      }
    }),
  );
  expect(done.toSorted((left, right) => Number(left) - Number(right))).toEqual(
    Array.from({ length: itemCount }, (_, index) => String(index)),
  );
  expect(await codeOf(dying.done())).toMatch(/lease-lost|session-expired/);
  expect(await queue.count()).toBe(0);
});

test("a barrier holds everybody until it is lowered", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link({ sessionTimeoutMs: 2000 });
  const gate = createBarrier(await world.session(), "/gate");
  await gate.raise();
  const passed: string[] = [];
  const waiting = createBarrier(session, "/gate")
    .wait()
    .then(() => passed.push("one"));
  expect(await codeOf(gate.wait({ timeoutMs: 20 }))).toBe("timeout");
  proxy.refuse(true);
  await reaches(session, "suspended");
  expect(passed).toEqual([]);
  await gate.lower();
  proxy.refuse(false);
  await waiting;
  await gate.wait();
});

test("members of a double barrier begin together and end together; who gives up is not counted", async () => {
  const world = await World.open();
  const members = await Promise.all(
    [1, 2, 3].map(async () => createDoubleBarrier(await world.session(), "/d", { count: 3 })),
  );
  const [one, two, three] = members as [(typeof members)[number], (typeof members)[number], (typeof members)[number]];
  expect(await codeOf(one.enter({ timeoutMs: 20 }))).toBe("timeout");
  let entered = 0;
  const entering = [one, two].map((member) => member.enter().then(() => (entered += 1)));
  await (await world.session()).sync();
  expect(entered).toBe(0);
  await three.enter();
  await Promise.all(entering);
  let left = 0;
  const leaving = [one, two].map((member) => member.leave().then(() => (left += 1)));
  await (await world.session()).sync();
  expect(left).toBe(0);
  await three.leave();
  await Promise.all(leaving);
});
