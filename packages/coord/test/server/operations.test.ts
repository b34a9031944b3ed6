import { connect as dial } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { acls, connect, type Session } from "../../src/index.ts";
import {
  type AuditEntry,
  type CoordServer,
  type Logger,
  type ServerAddress,
  type ServerOptions,
  startEnsemble,
  startServer,
} from "../../src/server/index.ts";
import { parseZooCfg } from "../../src/server/zoo-cfg.ts";
import { codeOf } from "../recipes/world.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: ServerOptions = {}): Promise<CoordServer> {
  const server = await startServer({ tickTimeMs: 50, ...options });
  closers.push(() => server.close());
  return server;
}

async function open(server: CoordServer, secret?: string): Promise<Session> {
  const auth = secret === undefined ? [] : [{ scheme: "digest", credential: secret }];
  const session = await connect(server.connectString, { auth, connectTimeoutMs: 500, backoffMs: 5 });
  closers.push(() => session.close());
  return session;
}

function urlOf(address: ServerAddress | undefined, path: string): string {
  return `http://${address?.host}:${address?.port}${path}`;
}

async function ask(server: CoordServer, command: string): Promise<Record<string, unknown>> {
  const response = await fetch(urlOf(server.adminAddress, `/commands/${command}`));
  expect(response.headers.get("content-type")).toContain("application/json");
  return (await response.json()) as Record<string, unknown>;
}

describe("the port for operators", () => {
  test("answers each command that it lists, by each of its names, with the name and no error", async () => {
    const server = await start({ admin: {} });
    const session = await open(server);
    await session.create("/e", null, { mode: "ephemeral" });
    await session.exists("/e", { watch: () => undefined });
    const list = await (await fetch(urlOf(server.adminAddress, "/commands"))).text();
    const names = [...list.matchAll(/href="\/commands\/(\w+)"/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(await ask(server, name)).toMatchObject({ command: name, error: null });
    const id = `0x${session.id.toString(16)}`;
    expect(await ask(server, "stat")).toMatchObject({
      command: "stats",
      read_only: false,
      server_stats: { server_state: "standalone", num_alive_client_connections: 1 },
      connections: [{ session_id: id }],
      secure_connections: [],
    });
    expect(await ask(server, "dump")).toMatchObject({ session_id_to_ephemeral_paths: { [id]: ["/e"] } });
    expect(await ask(server, "wchc")).toMatchObject({ session_id_to_watched_paths: { [id]: ["/e"] } });
    expect(await ask(server, "wchp")).toMatchObject({ path_to_session_ids: { "/e": [id] } });
    expect(await ask(server, "mntr")).toMatchObject({ server_state: "standalone", znode_count: 6, watch_count: 1 });
    expect(await ask(server, "conf")).toMatchObject({ client_port: server.address.port, tick_time: 50 });
  });

  test("knows no other page, and reads only", async () => {
    const server = await start({ admin: {} });
    expect((await fetch(urlOf(server.adminAddress, "/commands/nonsense"))).status).toBe(404);
    expect((await fetch(urlOf(server.adminAddress, "/"))).status).toBe(404);
    expect((await fetch(urlOf(server.adminAddress, "/commands"), { method: "POST" })).status).toBe(405);
    expect(await codeOf(startServer({ admin: { port: server.adminAddress?.port ?? 0 } }))).toBe("address-in-use");
    expect(await codeOf(startServer({ metrics: { port: 65_536 } }))).toBe("invalid-options");
  });

  test("says so while its server does not serve", async () => {
    const ensemble = await startEnsemble({ tickTimeMs: 50, admin: {} });
    closers.push(() => ensemble.close());
    const [one, two, three] = ensemble.servers;
    const server = one?.server;
    await Promise.all([two?.stop(), three?.stop()]);
    if (server === undefined) throw new Error("the server is there");
    while (server.mode !== "looking") await new Promise((resolve) => setImmediate(resolve));
    expect(await ask(server, "srvr")).toMatchObject({
      error: expect.stringContaining("not currently serving") as unknown,
    });
    expect(await ask(server, "ruok")).toEqual({ command: "ruok", error: null });
  });
});

test("metrics are in the text format of Prometheus, each with its help and its type", async () => {
  const server = await start({ metrics: {} });
  const session = await open(server);
  await session.create("/n", "12345");
  const text = await (await fetch(urlOf(server.metricsAddress, "/metrics"))).text();
  const lines = text.trimEnd().split("\n");
  for (let index = 0; index < lines.length; index += 3) {
    const [, name] = /^# HELP (\w+) \S/.exec(lines[index] ?? "") ?? [];
    expect(lines[index + 1]).toMatch(new RegExp(`^# TYPE ${name} (gauge|counter)$`));
    expect(lines[index + 2]).toMatch(new RegExp(`^${name}({[^}]*})? [\\d.e+-]+$`));
  }
  expect(text).toMatch(/^znode_count 6$/m);
  expect(text).toMatch(/^server_state{state="standalone"} 1$/m);
});

describe("what a server tells", () => {
  test("is events with fields: connections, sessions, refused credentials", async () => {
    const server = await start({ tickTimeMs: 20 });
    const seen: string[] = [];
    server.events.on("sessionAttached", ({ timeoutMs }) => seen.push(`attached ${timeoutMs}`));
    server.events.on("sessionExpired", () => seen.push("expired"));
    server.events.on("sessionEnded", () => seen.push("ended"));
    server.events.on("authFailed", ({ scheme }) => seen.push(`refused ${scheme}`));
    const closed = new Promise<bigint>((resolve) => {
      server.events.on("connectionClosed", ({ sessionId }) => resolve(sessionId));
    });
    const session = await connect(server.connectString, { sessionTimeoutMs: 100 });
    const { id } = session;
    await session.close();
    expect(await closed).toBe(id);
    expect(seen).toEqual(["attached 100", "ended"]);
    const ended = new Promise<void>((resolve) => server.events.on("authFailed", () => resolve()));
    const auth = [{ scheme: "nonsense", credential: "x" }];
    expect(await codeOf(connect(server.connectString, { auth }))).toBe("auth-failed");
    await ended;
    expect(seen).toContain("refused nonsense");
  });

  test("reaches a logger in words", async () => {
    const lines: string[] = [];
    const level =
      (name: string) =>
      (message: string): void =>
        void lines.push(`${name} ${message}`);
    const logger: Logger = { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
    const server = await start({ logger, connectionsMax: 1 });
    await open(server);
    const second = dial(server.address.port, server.address.host);
    await new Promise((resolve) => second.once("close", resolve));
    await server.close();
    expect(lines[0]).toBe(`info serving clients on ${server.connectString}`);
    expect(lines.some((line) => /^info 127\.0\.0\.1:\d+: session 0x[\da-f]+, timeout \d+ ms$/.test(line))).toBe(true);
    expect(lines.some((line) => /^warn 127\.0\.0\.1:\d+: refused, too-many$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe("info stopped");
  });

  test("with audit on is each change that was asked for, by whom, and what came of it", async () => {
    const server = await start({ audit: true });
    const session = await open(server, "ann:secret");
    const entries: AuditEntry[] = [];
    server.events.on("audit", (entry) => entries.push(entry));
    await session.create("/mine-", "x", { acl: acls.creatorOnly, mode: "persistentSequential" });
    await codeOf(session.set("/none", "x"));
    await session.transaction().create("/a").create("/a/b").commit();
    await codeOf(session.transaction().create("/c").delete("/none").commit());
    const nobody = await open(server);
    await codeOf(nobody.set("/mine-0000000000", "y"));
    await nobody.exists("/");
    expect(entries.map((one) => `${one.user} ${one.operation} ${one.path} ${one.nodeType} ${one.result}`)).toEqual([
      "ann create /mine-0000000000 persistent_sequential success",
      "ann setData /none undefined failure",
      "ann create /a persistent success",
      "ann create /a/b persistent success",
      "ann create /c persistent failure",
      "ann delete /none undefined failure",
      "127.0.0.1 setData /mine-0000000000 undefined failure",
    ]);
    expect(entries[0]).toMatchObject({ sessionId: session.id, address: "127.0.0.1" });
  });
});

describe("limits", () => {
  test("connections that come too fast, or are too many, are refused and told of", async () => {
    const fast = await start({ connectionThrottle: { tokensMax: 2, fillIntervalMs: 3_600_000, fillCount: 1 } });
    const reasons: string[] = [];
    fast.events.on("connectionRefused", ({ reason }) => reasons.push(reason));
    await open(fast);
    await open(fast);
    expect(await codeOf(open(fast))).toBe("timeout");
    expect(new Set(reasons)).toEqual(new Set(["too-fast"]));
    const small = await start({ connectionsMax: 1 });
    await open(small);
    expect(await codeOf(open(small))).toBe("timeout");
  });

  test("a bound on what waits for the log holds everybody back and loses nothing", async () => {
    const ensemble = await startEnsemble({ tickTimeMs: 200, outstandingMax: 4 });
    closers.push(() => ensemble.close());
    const sessions = await Promise.all(ensemble.servers.map(({ connectString }) => connect(connectString)));
    closers.push(() => Promise.all(sessions.map((session) => session.close())));
    const writes = sessions.flatMap((session, who) =>
      Array.from({ length: 300 }, (_, index) => session.create(`/n-${who}-${index}`)),
    );
    expect(await Promise.all(writes)).toHaveLength(900);
    expect(await sessions[0]?.children("/")).toHaveLength(901);
  });
});

test("zoo.cfg names ports, limits and the audit log as ZooKeeper does", () => {
  const base = "dataDir=/d\nclientPort=2181\n";
  const { options, ignored } = parseZooCfg(
    `${base}admin.serverPort=8081\nadmin.serverAddress=127.0.0.1\nmetricsProvider.httpPort=7001\nmaxCnxns=9
connectionThrottleTokens=5\nconnectionThrottleFillTime=10\naudit.enable=true\nreadonlymode.enabled=true`,
  );
  expect(ignored).toEqual([]);
  expect(options).toMatchObject({
    admin: { port: 8081, host: "127.0.0.1" },
    metrics: { port: 7001, host: "0.0.0.0" },
    connectionsMax: 9,
    connectionThrottle: { tokensMax: 5, fillIntervalMs: 10, fillCount: 1 },
    audit: true,
    readOnlyMode: true,
  });
  expect(parseZooCfg(`${base}admin.enableServer=true`).options.admin).toEqual({ port: 8080, host: "0.0.0.0" });
  expect(parseZooCfg(`${base}admin.enableServer=false\nadmin.serverPort=1`).options.admin).toBeUndefined();
  expect(parseZooCfg(base).options.admin).toBeUndefined();
});
