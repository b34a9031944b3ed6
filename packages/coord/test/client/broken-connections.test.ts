import { expect, test } from "vitest";
import { connect, type ConnectOptions, CoordError, type Session, text } from "../../src/index.ts";
import { startServer } from "../../src/server/index.ts";
import { encodeConnectResponse } from "../../src/protocol/connect.ts";
import { encodeReply } from "../../src/protocol/responses.ts";
import { atEnd, reaches, World } from "../recipes/world.ts";
import { isOldTarget } from "../interop/target.ts";
import type { FaultProxy } from "../../src/testing/index.ts";

async function world(options: ConnectOptions = {}): Promise<{ proxy: FaultProxy; session: Session; direct: Session }> {
  const opened = await World.open();
  const direct = await opened.session();
  return { direct, ...(await opened.link({ sessionTimeoutMs: 1000, ...options })) };
}

test("a write whose answer is lost says that it may have been applied, and here it was", async () => {
  const { session, proxy, direct } = await world();
  proxy.cutBeforeAnswer();
  const failure = await session.create("/a").catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(CoordError);
  expect(failure).toMatchObject({ code: "connection-lost", maybeApplied: true, path: "/a" });
  expect(await direct.exists("/a")).toBeDefined();
});

test("a read whose answer is lost is asked again", async () => {
  const { session, proxy } = await world();
  await session.create("/a", "1");
  proxy.cutBeforeAnswer();
  expect(await session.getAs("/a", text)).toBe("1");
});

test("a protected create whose answer is lost leaves one node", async () => {
  const { session, proxy, direct } = await world();
  proxy.cutBeforeAnswer();
  const { path } = await session.create("/s-", "", { mode: "ephemeralSequential", isProtected: true });
  const names = (await direct.children("/")).filter((name) => name.startsWith("_c_"));
  expect(names).toEqual([path.slice(1)]);
});

test("calls that are made while the connection is away are sent when it is back, in their order", async () => {
  const { session, proxy } = await world();
  proxy.refuse(true);
  await reaches(session, "suspended");
  const made = [session.create("/a", "1"), session.set("/a", "2"), session.getAs("/a", text)] as const;
  proxy.refuse(false);
  expect(await made[2]).toBe("2");
  await Promise.all(made);
});

test("a one-shot watch tells of a change that happened while the connection was away", async () => {
  const { session, proxy, direct } = await world();
  await direct.create("/a", "1");
  const seen: string[] = [];
  const told = new Promise<void>((resolve) => {
    const watch = ({ type, path }: { type: string; path: string }): void => {
      seen.push(`${type} ${path}`);
      if (seen.length === 3) resolve();
    };
    void session.get("/a", { watch });
    void session.children("/", { watch });
    void session.exists("/b", { watch });
  });
  await session.sync();
  proxy.refuse(true);
  await reaches(session, "suspended");
  await direct.set("/a", "2");
  await direct.create("/b");
  proxy.refuse(false);
  await told;
  expect(seen.toSorted()).toEqual(["childrenChanged /", "created /b", "dataChanged /a"]);
});

test("thousands of watches are set again in frames that the server takes", async () => {
  const { session, proxy, direct } = await world();
  const long = "x".repeat(200);
  let told = 0;
  const reads = Array.from({ length: 3000 }, (_, index) =>
    session.exists(`/${long}${index}`, { watch: () => (told += 1) }),
  );
  await Promise.all(reads);
  proxy.cut();
  await session.sync();
  await direct.create(`/${long}2999`);
  await session.sync();
  expect(told).toBe(1);
});

test("a link that is dead without being closed is noticed, and the session goes on", async () => {
  const { session, proxy } = await world({ sessionTimeoutMs: 600 });
  const { id } = session;
  proxy.silence(true);
  await reaches(session, "suspended");
  proxy.silence(false);
  await session.sync();
  expect(session.id).toBe(id);
});

test("cut off for good, a session is uncertain before the server ends it, and expired by itself", async () => {
  const { session, proxy, direct } = await world({ sessionTimeoutMs: 300 });
  await session.create("/e", "", { mode: "ephemeral" });
  const isThereWhenUncertain = reaches(session, "uncertain").then(() => direct.exists("/e"));
  const waiting = session.get("/").catch((thrown: unknown) => thrown);
  await waiting;
  proxy.refuse(true);
  const late = session.get("/").catch((thrown: unknown) => thrown);
  expect(await isThereWhenUncertain).toBeDefined();
  await reaches(session, "expired");
  expect(await late).toMatchObject({ code: "session-expired" });
});

test("a session that expired is followed by a new one when asked", async () => {
  const { session, proxy, direct } = await world({ sessionTimeoutMs: 300, renew: true });
  const { id } = session;
  const changes = session.watch("/", { initial: true })[Symbol.asyncIterator]();
  await changes.next();
  const next = changes.next();
  proxy.refuse(true);
  await reaches(session, "expired");
  proxy.refuse(false);
  await session.create("/again");
  expect(session.id).not.toBe(id);
  expect((await next).value).toMatchObject({ type: "resync" });
  expect(await direct.exists("/again")).toBeDefined();
});

test("a server that answers garbage is left, and calls do not hang", async () => {
  const { createServer } = await import("node:net");
  const liar = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(Uint8Array.from({ length: 64 }, () => 0xff)));
  });
  await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
  atEnd(() => void liar.close());
  const { port } = liar.address() as { port: number };
  const failure = await connect(`127.0.0.1:${port}`, { connectTimeoutMs: 200, backoffMs: 5 }).catch(
    (thrown: unknown) => thrown,
  );
  expect(failure).toMatchObject({ code: "timeout" });
  expect(String(failure)).toContain("frame of length -1");
});

test("an answer that cannot be read fails its call, which nothing else would ever answer", async () => {
  const { createServer } = await import("node:net");
  const header = { xid: 1, zxid: 5n, err: 0 };
  const liar = createServer((socket) => {
    let isGreeted = false;
    socket.on("error", () => socket.destroy());
    socket.on("data", () => {
      if (isGreeted) {
        // A Stat of one byte.
        const cut = encodeReply(header).slice(0, 20);
        socket.write(Uint8Array.of(0, 0, 0, 17, ...cut.subarray(4), 9));
      } else {
        isGreeted = true;
        const password = new Uint8Array(16);
        socket.write(encodeConnectResponse({ protocolVersion: 0, timeoutMs: 1000, sessionId: 7n, password }));
      }
    });
  });
  await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
  atEnd(() => void liar.close());
  const { port } = liar.address() as { port: number };
  const failure = await connect(`127.0.0.1:${port}`, { connectTimeoutMs: 2000 }).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: "malformed-record", operation: "exists" });
});

test("more calls than the bound are refused at once", async () => {
  const { session, proxy } = await world({ callsMax: 10 });
  proxy.refuse(true);
  await reaches(session, "suspended");
  const calls = Array.from({ length: 12 }, () =>
    session.get("/").then(
      () => "ok",
      (thrown: CoordError) => thrown.code,
    ),
  );
  expect(await Promise.all(calls.slice(10))).toEqual(["overloaded", "overloaded"]);
  proxy.refuse(false);
  expect(await Promise.all(calls.slice(0, 10))).toEqual(Array.from({ length: 10 }, () => "ok"));
});

test("a call whose time is over ends, and its answer disturbs nobody", async () => {
  const { session, proxy } = await world();
  proxy.silence(true);
  await expect(session.set("/", "x", { timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout", maybeApplied: true });
  const controller = new AbortController();
  const call = session.get("/", { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: "aborted", maybeApplied: false });
  proxy.silence(false);
  await session.sync();
});

test("SASL users are known by their name, and a wrong password is refused", async () => {
  const server = await startServer({ tickTimeMs: 50, saslUsers: { zoë: 'geheim,"1' } });
  atEnd(() => server.close());
  const session = await connect(server, { sasl: { user: "zoë", password: 'geheim,"1' } });
  atEnd(() => session.close());
  expect(await session.whoAmI()).toContainEqual({ authScheme: "sasl", user: "zoë" });
  await expect(connect(server, { sasl: { user: "zoë", password: "falsch" } })).rejects.toMatchObject({
    code: "auth-failed",
  });
});

test.skipIf(isOldTarget)("several reads of one moment have results and errors of their own", async () => {
  const { session } = await world();
  await session.create("/a", "1");
  const [node, names, missing] = await session.multiRead([{ get: "/a" }, { children: "/" }, { get: "/none" }]);
  expect(node).toMatchObject({ stat: { version: 0 } });
  expect(names).toContain("a");
  expect(missing).toMatchObject({ code: "no-node", path: "/none" });
});
