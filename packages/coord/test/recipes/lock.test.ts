import { describe, expect, test } from "vitest";
import { acquireAll, createLock, createReadWriteLock, createReentrantLock } from "../../src/recipes/index.ts";
import { contendersOf } from "../../src/recipes/contention.ts";
import { aborted, codeOf, reaches, World } from "./world.ts";

describe("a lock", () => {
  test("has one holder at a time, in the order in which they came, each with a higher token", async () => {
    const world = await World.open();
    const first = createLock(await world.session(), "/l/one", { id: "0" });
    const held = await first.acquire();
    const order: string[] = [];
    const tokens = [held.fencingToken];
    let holders = 0;
    const runs: Promise<void>[] = [];
    for (const id of ["1", "2", "3"]) {
      const lock = createLock(await world.session(), "/l/one", { id });
      runs.push(
        lock.hold(async (lease) => {
          holders += 1;
          order.push(id);
          tokens.push(lease.fencingToken);
          await lock.contenders();
          expect(holders).toBe(1);
          holders -= 1;
        }),
      );
      while (!(await first.contenders()).includes(id)) await first.contenders();
    }
    expect(order).toEqual([]);
    expect(await first.contenders()).toEqual(["0", "1", "2", "3"]);
    await held.release();
    await Promise.all(runs);
    expect(order).toEqual(["1", "2", "3"]);
    expect(tokens).toEqual(tokens.toSorted((left, right) => (left < right ? -1 : 1)));
  });

  test("that is taken is refused to one who will not wait, and nothing is left in the line", async () => {
    const world = await World.open();
    const [mine, other] = [createLock(await world.session(), "/l"), createLock(await world.session(), "/l")];
    const lease = await mine.acquire();
    expect(await other.tryAcquire()).toBeUndefined();
    expect(await codeOf(other.acquire({ timeoutMs: 30 }))).toBe("timeout");
    const controller = new AbortController();
    const waiting = codeOf(other.acquire({ signal: controller.signal }));
    controller.abort();
    expect(await waiting).toBe("aborted");
    expect(await mine.contenders()).toHaveLength(1);
    await lease.release();
    await lease.release();
    const next = await other.tryAcquire();
    expect(next?.fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  test("whose answer was lost with the connection leaves one node in the line", async () => {
    const world = await World.open();
    const { session, proxy } = await world.link({ sessionTimeoutMs: 2000 });
    const lock = createLock(session, "/l");
    await session.ensurePath("/l");
    proxy.cutBeforeAnswer();
    const lease = await lock.acquire();
    expect(await lock.contenders()).toHaveLength(1);
    proxy.cutBeforeAnswer();
    await lease.release();
    expect(await lock.contenders()).toHaveLength(0);
  });

  test("tells its holder before the server gives it to the next one", async () => {
    const world = await World.open();
    const { session, proxy } = await world.link();
    const other = createLock(await world.session(), "/l");
    const lease = await createLock(session, "/l").acquire();
    let isLost = false;
    lease.signal.addEventListener("abort", () => (isLost = true));
    const next = other.acquire();
    proxy.refuse(true);
    await next;
    expect(isLost).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: "lease-lost" });
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  test("survives a short break of the connection", async () => {
    const world = await World.open();
    const { session, proxy } = await world.link({ sessionTimeoutMs: 2000 });
    const lease = await createLock(session, "/l").acquire();
    proxy.cut();
    await reaches(session, "suspended");
    await session.sync();
    expect(lease.signal.aborted).toBe(false);
    await lease.release();
  });

  test("whose node somebody deletes is lost, and a guarded write is refused", async () => {
    const world = await World.open();
    const [session, vandal] = [await world.session(), await world.session()];
    await session.create("/data", "1");
    const lease = await createLock(session, "/l").acquire();
    await session.transaction().guard(lease.check).set("/data", "2").commit();
    await vandal.delete(lease.path);
    expect(await aborted(lease.signal)).toMatchObject({ code: "lease-lost" });
    const late = session.transaction().guard(lease.check).set("/data", "3").commit();
    expect(await codeOf(late)).toBe("no-node");
  });

  test("goes to the next when one in the middle of the line gives up", async () => {
    const world = await World.open();
    const [first, second, third] = [
      createLock(await world.session(), "/l"),
      createLock(await world.session(), "/l"),
      createLock(await world.session(), "/l"),
    ];
    const held = await first.acquire();
    const controller = new AbortController();
    const middle = codeOf(second.acquire({ signal: controller.signal }));
    while ((await first.contenders()).length < 2) await first.contenders();
    const last = third.acquire();
    while ((await first.contenders()).length < 3) await first.contenders();
    controller.abort();
    expect(await middle).toBe("aborted");
    await held.release();
    await (await last).release();
  });

  test("that is waited for ends with the session", async () => {
    const world = await World.open();
    const session = await world.session();
    const lease = await createLock(await world.session(), "/l").acquire();
    const waiting = codeOf(createLock(session, "/l").acquire());
    while ((await createLock(session, "/l").contenders()).length < 2) await session.sync();
    await session.close();
    expect(await waiting).toBe("closed");
    await lease.release();
  });

  test("lines up by number, whatever the marks and kinds before it are", () => {
    const names = [
      "_c_ffffffff-0000-0000-0000-000000000000-lock-0000000003",
      "00000000000000000000000000000000__lock__0000000002",
      "_c_aaaaaaaa-0000-0000-0000-000000000000-__READ__0000000001",
      "ready",
    ];
    expect(contendersOf(names).map(({ kind, sequence }) => `${kind}${sequence}`)).toEqual([
      "__READ__1",
      "__lock__2",
      "lock-3",
    ]);
    const turn = ["x-2147483647", "x--2147483648", "x-2147483646"].map((name) => name.replace("x-", "lock-"));
    expect(contendersOf(turn).map(({ sequence }) => sequence)).toEqual([2147483646, 2147483647, -2147483648]);
  });
});

test("readers share, a writer excludes everybody, and nobody is overtaken", async () => {
  const world = await World.open();
  const make = async (): Promise<ReturnType<typeof createReadWriteLock>> =>
    createReadWriteLock(await world.session(), "/rw");
  const [one, two, three, four] = [await make(), await make(), await make(), await make()];
  const readers = [await one.read.acquire(), await two.read.acquire()];
  const line = async (count: number): Promise<void> => {
    while ((await one.read.contenders()).length < count) await one.read.contenders();
  };
  const order: string[] = [];
  const writing = three.write.acquire().then((lease) => (order.push("write"), lease));
  await line(3);
  const reading = four.read.acquire().then((lease) => (order.push("read"), lease));
  await line(4);
  for (const reader of readers) await reader.release();
  await (await writing).release();
  await (await reading).release();
  expect(order).toEqual(["write", "read"]);
});

test("a reentrant lock is entered again by those who share it, and goes with the last one", async () => {
  const world = await World.open();
  const session = await world.session();
  const lock = createReentrantLock(createLock(session, "/l"));
  const [outer, inner] = await Promise.all([lock.acquire(), lock.acquire()]);
  expect(await session.children("/l")).toHaveLength(1);
  await outer.release();
  await outer.release();
  expect(await session.children("/l")).toHaveLength(1);
  await inner.release();
  expect(await session.children("/l")).toHaveLength(0);
});

test("several locks are taken all or none", async () => {
  const world = await World.open();
  const [session, other] = [await world.session(), await world.session()];
  const locks = ["/a", "/b"].map((path) => createLock(session, path));
  const taken = await createLock(other, "/b").acquire();
  expect(await codeOf(acquireAll(locks, { timeoutMs: 30 }))).toBe("timeout");
  expect(await session.children("/a")).toHaveLength(0);
  await taken.release();
  const all = await acquireAll(locks);
  await other.delete(all.leases[1]?.path ?? "");
  expect(await aborted(all.signal)).toMatchObject({ code: "lease-lost" });
  await all.release();
});
