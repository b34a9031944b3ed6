import { afterEach, expect, test } from "vitest";
import { connect, type ConnectOptions, CoordError, json, type Session, text } from "../../src/index.ts";
import { type CoordServer, startEnsemble, startServer, type ServerOptions } from "../../src/server/index.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(options: ServerOptions = {}): Promise<CoordServer> {
  const server = await startServer({ tickTimeMs: 100, ...options });
  closers.push(() => server.close());
  return server;
}

async function open(target: Parameters<typeof connect>[0], options: ConnectOptions = {}): Promise<Session> {
  const session = await connect(target, { sessionTimeoutMs: 2000, ...options });
  closers.push(() => session.close());
  return session;
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (thrown: unknown) => (thrown instanceof CoordError ? thrown.code : String(thrown)),
  );
}

for (const [name, targetOf] of [
  ["over a socket", (server: CoordServer) => server.connectString],
  ["inside the process", (server: CoordServer) => server],
] as const) {
  test(`a session creates, reads, changes and deletes ${name}`, async () => {
    const session = await open(targetOf(await serve()));
    const { path, stat } = await session.create("/a", "one");
    expect([path, stat.version]).toEqual(["/a", 0]);
    expect(await session.getAs("/a", text)).toBe("one");
    expect((await session.set("/a", JSON.stringify({ n: 1 }), { version: 0 })).version).toBe(1);
    expect(await session.getAs("/a", json<{ n: number }>())).toEqual({ n: 1 });
    const second = await session.create("/a/s-", null, { mode: "ephemeralSequential" });
    expect(second.path).toBe("/a/s-0000000000");
    expect(await session.children("/a")).toEqual(["s-0000000000"]);
    expect(await session.ephemerals()).toEqual([second.path]);
    await session.deleteRecursive("/a");
    expect(await session.exists("/a")).toBeUndefined();
  });

  test(`calls are answered in order and many at once ${name}`, async () => {
    const session = await open(targetOf(await serve()));
    const made = await Promise.all(
      Array.from({ length: 500 }, (_, index) => session.create(`/n${index}`, String(index))),
    );
    expect(made.map(({ stat }) => stat.czxid)).toEqual(
      made.map(({ stat }) => stat.czxid).toSorted((l, r) => (l < r ? -1 : 1)),
    );
    expect((await session.children("/")).length).toBe(501);
  });

  test(`a transaction does all or nothing, and says which operation failed ${name}`, async () => {
    const session = await open(targetOf(await serve()));
    const [created, stat] = await session.transaction().create("/t", "x").set("/t", "y").check("/t").commit();
    expect([created.path, stat.version]).toEqual(["/t", 1]);
    const failing = session.transaction().create("/u").delete("/t", { version: 7 }).create("/v");
    await expect(failing.commit()).rejects.toMatchObject({ code: "bad-version", path: "/t" });
    expect(await session.exists("/u")).toBeUndefined();
  });

  test(`a watcher hears of every change, below it too when asked ${name}`, async () => {
    const server = await serve();
    const [watcher, writer] = [await open(targetOf(server)), await open(targetOf(server))];
    await writer.create("/w");
    const changes = watcher.watch("/w", { recursive: true })[Symbol.asyncIterator]();
    const first = changes.next();
    await watcher.sync();
    await writer.create("/w/x");
    await writer.set("/w/x", "1");
    await writer.delete("/w/x");
    const seen = [await first, await changes.next(), await changes.next()].map(({ value }) => value as unknown);
    expect(seen).toEqual([
      { type: "created", path: "/w/x" },
      { type: "dataChanged", path: "/w/x" },
      { type: "deleted", path: "/w/x" },
    ]);
    await changes.return?.(undefined);
  });
}

test("what the server refuses is an error with a code, the path and the operation", async () => {
  const session = await open(await serve());
  await expect(session.get("/none")).rejects.toMatchObject({ code: "no-node", path: "/none", operation: "getData" });
  await session.create("/a");
  expect(await codeOf(session.create("/a"))).toBe("node-exists");
  expect(await codeOf(session.set("/a", null, { version: 5 }))).toBe("bad-version");
  expect(await codeOf(session.create("/a/b/c"))).toBe("no-node");
});

test("what is wrong is refused before anything is sent", async () => {
  const server = await serve();
  const session = await open(server);
  for (const path of ["", "a", "/a/", "//a", "/a/./b", "/a/..", "/a\0"]) {
    expect(await codeOf(session.get(path))).toBe("invalid-path");
  }
  expect(await codeOf(session.create("/big", new Uint8Array(2_000_000)))).toBe("data-too-large");
  expect(await codeOf(session.get("/", { signal: AbortSignal.abort() }))).toBe("aborted");
  for (const target of ["", "host:0", "host:99999", "a b:1", "host:1/x/"]) {
    expect(await codeOf(connect(target))).toMatch(/invalid-(options|path)/);
  }
});

test("paths are below the root that the connect string names", async () => {
  const server = await serve();
  const outside = await open(server);
  await outside.ensurePath("/app/one");
  const inside = await open(`${server.connectString}/app/one`);
  await inside.create("/x", "1");
  expect(await outside.getAs("/app/one/x", text)).toBe("1");
  await expect(inside.get("/y")).rejects.toMatchObject({ path: "/y" });
  await inside.deleteRecursive("/x");
  expect(await outside.children("/app/one")).toEqual([]);
});

test("credentials are given to every server, and a call after close says that it is closed", async () => {
  const server = await serve();
  const session = await open(server, { auth: [{ scheme: "digest", credential: "ann:secret" }] });
  await session.create("/mine", "1", { acl: [{ perms: 31, scheme: "auth", id: "" }] });
  const stranger = await open(server);
  expect(await codeOf(stranger.get("/mine"))).toBe("no-auth");
  await session.close();
  expect(await codeOf(session.get("/mine"))).toBe("closed");
});

test("a session goes on at another server of the ensemble; its nodes stay and watchers are told to look again", async () => {
  const ensemble = await startEnsemble({ tickTimeMs: 100 });
  closers.push(() => ensemble.close());
  const session = await open(ensemble.connectString);
  await session.create("/e", "1", { mode: "ephemeral" });
  const changes = session.watch("/e")[Symbol.asyncIterator]();
  const first = changes.next();
  await session.sync();
  const states: string[] = [];
  session.events.on("state", ({ to }) => states.push(to));
  const { id } = session;
  // The server that has the session is the one whose stop is noticed.
  for (const one of ensemble.servers) {
    if (states.includes("suspended")) break;
    await one.stop();
    await session.sync();
    await one.restart();
  }
  expect(session.id).toBe(id);
  expect(await first).toEqual({ done: false, value: { type: "resync", path: "/e" } });
  expect(await session.getAs("/e", text)).toBe("1");
  expect(states.slice(0, 2)).toEqual(["suspended", "connected"]);
  await changes.return?.(undefined);
});

test("a session whose server is gone for good expires by itself, and waiting calls end", async () => {
  const server = await startServer({ tickTimeMs: 50 });
  const session = await open(server.connectString, { sessionTimeoutMs: 100 });
  const over = new Promise((resolve) => {
    session.events.on("state", ({ to }) => {
      if (to === "expired") resolve(to);
    });
  });
  await server.close();
  expect(await codeOf(session.get("/"))).toMatch(/session-expired|connection-lost/);
  expect(await over).toBe("expired");
  expect(await codeOf(session.get("/"))).toBe("session-expired");
});
