import { expect, test } from "vitest";
import { createCounter, createElection, createSemaphore } from "../../src/recipes/index.ts";
import { aborted, codeOf, reaches, World } from "./world.ts";

test("a leader that is cut off knows it before the next one leads, and the tokens grow", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link();
  const first = createElection(session, "/e", { id: "first" });
  const second = createElection(await world.session(), "/e", { id: "second" });
  const leadership = await first.campaign();
  expect(await second.leader()).toBe("first");
  const next = second.campaign();
  while ((await first.participants()).length < 2) await first.participants();
  expect(await first.participants()).toEqual(["first", "second"]);
  proxy.refuse(true);
  const follower = await next;
  expect(leadership.signal.aborted).toBe(true);
  expect(follower.fencingToken).toBeGreaterThan(leadership.fencingToken);
  expect(await second.leader()).toBe("second");
});

test("who runs for office leads again and again until told to stop", async () => {
  const world = await World.open();
  const stop = new AbortController();
  const terms: string[] = [];
  const runs = await Promise.all(
    ["a", "b"].map(async (id) => {
      const election = createElection(await world.session(), "/e", { id, names: "selector" });
      return election.run(
        async () => {
          terms.push(id);
          if (terms.length >= 6) stop.abort();
          await Promise.resolve();
        },
        { signal: stop.signal },
      );
    }),
  );
  expect(runs).toHaveLength(2);
  expect(new Set(terms)).toEqual(new Set(["a", "b"]));
});

test("a semaphore gives out so many permits and no more", async () => {
  const world = await World.open();
  let [held, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      const semaphore = createSemaphore(await world.session(), "/s", { permitsMax: 2 });
      const permit = await semaphore.acquire();
      held += 1;
      most = Math.max(most, held);
      await semaphore.count();
      held -= 1;
      await permit.release();
    }),
  );
  expect(most).toBeLessThanOrEqual(2);
  const session = await world.session();
  const pair = createSemaphore(session, "/s", { permitsMax: 2 });
  const both = [await pair.acquire(), await pair.acquire()];
  expect(await pair.count()).toBe(2);
  for (const permit of both) await permit.release();
  const semaphore = createSemaphore(session, "/s", { permitsMax: 1 });
  const permit = await semaphore.acquire();
  expect(await codeOf(semaphore.acquire({ timeoutMs: 30 }))).toBe("timeout");
  expect(await semaphore.count()).toBe(1);
  await permit.release();
  expect(() => createSemaphore(session, "/s", { permitsMax: 0 })).toThrow("permitsMax is 0");
});

test("a permit of a client that is gone is free again", async () => {
  const world = await World.open();
  const { session, proxy } = await world.link();
  const permit = await createSemaphore(session, "/s", { permitsMax: 1 }).acquire();
  proxy.refuse(true);
  const next = await createSemaphore(await world.session(), "/s", { permitsMax: 1 }).acquire();
  expect(await aborted(permit.signal)).toMatchObject({ code: "lease-lost" });
  await next.release();
});

test("N clients that add M times count to N times M, although their answers are lost again and again", async () => {
  const world = await World.open();
  const [clientCount, addCount] = [4, 25];
  let isOver = false;
  const clients = await Promise.all(Array.from({ length: clientCount }, () => world.link({ sessionTimeoutMs: 2000 })));
  let faults = 0;
  const breakLinks = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const { proxy, session } = clients[turn % clientCount] as (typeof clients)[number];
      // Each gets as far as a connection before the next fault: slower servers would lose the session otherwise.
      await reaches(session, "connected");
      if (turn % 2 === 0) proxy.cutBeforeAnswer();
      else proxy.cut();
      faults += 1;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  const breaking = breakLinks();
  const counters = clients.map(({ session }) => createCounter(session, "/count"));
  await Promise.all(
    counters.map(async (counter) => {
      for (let count = 0; count < addCount; count += 1) await counter.add(1);
    }),
  );
  isOver = true;
  await breaking;
  expect(faults).toBeGreaterThan(10);
  expect(await createCounter(await world.session(), "/count").get()).toBe(BigInt(clientCount * addCount));
});

test("a counter holds numbers of any size, and refuses what is none", async () => {
  const world = await World.open();
  const session = await world.session();
  const counter = createCounter(session, "/big");
  expect(await counter.get()).toBe(0n);
  expect(await counter.add(2n ** 64n)).toBe(2n ** 64n);
  expect(await counter.compareAndSet(5n, 6n)).toBe(false);
  expect(await counter.compareAndSet(2n ** 64n, -6n)).toBe(true);
  expect(await counter.add(1)).toBe(-5n);
  await counter.close();
  expect(await session.children("/big")).toEqual([]);
  await session.set("/big", "many");
  expect(await codeOf(counter.add(1))).toBe("malformed-record");
});
