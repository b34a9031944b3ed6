import { afterEach, expect, test } from "vitest";
import { connect, type ConnectOptions, type Session } from "../../src/index.ts";
import { startFaultProxy, startTestServer, type TestServer } from "../../src/testing/index.ts";
import { codeOf, reaches } from "../recipes/world.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(options: ConnectOptions = {}): Promise<{ place: TestServer; session: Session; direct: Session }> {
  const place = await startTestServer();
  closers.push(() => place.close());
  const session = await connect(place.connectString, { sessionTimeoutMs: 400, backoffMs: 5, ...options });
  const direct = await connect(place.server);
  closers.push(async () => {
    await session.close();
    await direct.close();
  });
  return { place, session, direct };
}

test("an expired session is over at the server, with its ephemeral nodes, and its client hears of it", async () => {
  const { place, session, direct } = await open();
  await session.create("/mine", null, { mode: "ephemeral" });
  const expired = reaches(session, "expired");
  await place.faults.expire(session.id);
  expect(await direct.exists("/mine")).toBeUndefined();
  await expired;
  expect(await codeOf(session.exists("/"))).toBe("session-expired");
  expect(await codeOf(place.faults.expire(direct.id))).toBe("invalid-options");
});

test("a request that was lost has not happened, one whose answer was lost has", async () => {
  const { place, session, direct } = await open();
  place.faults.cutBeforeRequest();
  expect(await codeOf(session.create("/a"))).toBe("connection-lost");
  expect(await direct.exists("/a")).toBeUndefined();
  await session.connected();
  place.faults.cutBeforeAnswer();
  expect(await codeOf(session.create("/b"))).toBe("connection-lost");
  expect(await direct.exists("/b")).toBeDefined();
});

test("delayed bytes come later, in both directions, and a shorter delay does not let later ones overtake", async () => {
  const { place, session, direct } = await open({ sessionTimeoutMs: 1000 });
  place.faults.delay(40);
  const sinceMs = performance.now();
  await session.create("/n", "1");
  expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(79);
  const second = session.set("/n", "2");
  await direct.exists("/");
  place.faults.delay(0);
  // Answers in another order than the requests would break the connection.
  await Promise.all([second, session.set("/n", "3")]);
  expect(Buffer.from((await session.get("/n")).data).toString()).toBe("3");
  expect(() => place.faults.delay(-1)).toThrow("invalid-options");
});

test("behind a silent link a session becomes uncertain; when it speaks again in time the session goes on", async () => {
  const { place, session } = await open({ sessionTimeoutMs: 900 });
  const { id } = session;
  const suspended = reaches(session, "suspended");
  place.faults.silence(true);
  await suspended;
  place.faults.silence(false);
  await session.connected();
  expect(session.id).toBe(id);
});

test("while connections are refused nobody comes through", async () => {
  const { place, session } = await open({ sessionTimeoutMs: 2000 });
  place.faults.refuse(true);
  expect(await codeOf(session.exists("/", { timeoutMs: 60 }))).toBe("timeout");
  place.faults.refuse(false);
  expect(await session.exists("/")).toBeDefined();
});

test("closing twice is harmless, and a proxy without a server is a server that is away", async () => {
  const { place, session } = await open();
  await session.close();
  const proxy = await startFaultProxy(place.server.address);
  await place.close();
  await place.close();
  expect(await codeOf(connect(proxy.connectString, { connectTimeoutMs: 50 }))).toBe("timeout");
  await proxy.close();
  await proxy.close();
});
