import { mkdtemp, open as openFile, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Request } from "../../src/protocol/requests.ts";
import { startEnsemble, startServer, type Ensemble, type EnsembleOptions } from "../../src/server/index.ts";
import { RawClient, type RawReply } from "./raw-client.ts";

const acl = [{ perms: 31, scheme: "world", id: "anyone" }];
const create = (path: string, flags = 0): Request => ({ type: "create", path, data: Uint8Array.of(1), acl, flags });
const read = (path: string): Request => ({ type: "getData", path, watch: false });
const sync: Request = { type: "sync", path: "/" };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tutti-coord-"));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(options: EnsembleOptions = {}): Promise<Ensemble> {
  const ensemble = await startEnsemble({ tickTimeMs: 100, ...options });
  closers.push(() => ensemble.close());
  return ensemble;
}

function portOf(ensemble: Ensemble, id: number): number {
  return Number(ensemble.servers[id - 1]?.connectString.split(":").at(-1));
}

async function dial(port: number): Promise<RawClient> {
  const raw = new RawClient(port);
  closers.push(() => raw.destroy());
  return raw;
}

async function client(ensemble: Ensemble, id: number): Promise<RawClient> {
  const raw = await dial(portOf(ensemble, id));
  await raw.open({ timeoutMs: 2000 });
  return raw;
}

/** Goes on with a session at another server, trying again while that has no leader. */
async function move(ensemble: Ensemble, from: RawClient, id: number): Promise<RawClient> {
  const { sessionId = 0n, password = null } = from.session ?? {};
  for (;;) {
    const raw = await dial(portOf(ensemble, id));
    const session = await raw.open({ timeoutMs: 2000, sessionId, password });
    if (session !== undefined) return raw;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const err = (reply: RawReply | undefined): number | undefined => reply?.header.err;

describe("an ensemble", () => {
  test("shows a write of one server at every other after a sync, observers included", async () => {
    const ensemble = await start({ observers: 1 });
    const writer = await client(ensemble, 1);
    expect(err(await writer.request(create("/a")))).toBe(0);
    for (const id of [2, 3, 4]) {
      const reader = await client(ensemble, id);
      await reader.request(sync);
      expect(err(await reader.request(read("/a")))).toBe(0);
    }
  });

  test("tells a watcher at one server of a change at another", async () => {
    const ensemble = await start();
    const [watcher, writer] = [await client(ensemble, 1), await client(ensemble, 2)];
    await watcher.request({ type: "exists", path: "/w", watch: true });
    await writer.request(create("/w"));
    await watcher.request(sync);
    const reply = await watcher.request({ type: "exists", path: "/w", watch: false });
    expect(err(reply)).toBe(0);
  });

  test("answers pipelined writes, syncs and reads of one connection in their order", async () => {
    const ensemble = await start();
    const raw = await client(ensemble, 3);
    const waits: Promise<RawReply | undefined>[] = [];
    for (let index = 0; index < 20; index += 1) {
      raw.ask(create(`/p${index}`));
      raw.ask(sync);
      raw.ask(read(`/p${index}`));
    }
    for (let index = 0; index < 20; index += 1) {
      for (const type of ["create", "sync", "getData"] as const) waits.push(Promise.resolve(await raw.reply(type)));
    }
    const replies = await Promise.all(waits);
    expect(replies.map(err)).toEqual(replies.map(() => 0));
    expect(replies.map((reply) => reply?.header.xid)).toEqual(replies.map((_, index) => index + 1));
  });

  test("keeps a session that moves to another server, and closes the connection that it left", async () => {
    const ensemble = await start();
    const first = await client(ensemble, 1);
    await first.request(create("/e", 1));
    const second = await move(ensemble, first, 2);
    expect(second.session?.sessionId).toBe(first.session?.sessionId);
    expect(await first.frame()).toBeUndefined();
    expect(err(await second.request(create("/e2", 1)))).toBe(0);
    expect(err(await second.request(read("/e")))).toBe(0);
  });

  test("refuses a session whose password is wrong, at every server", async () => {
    const ensemble = await start();
    const owner = await client(ensemble, 1);
    for (const id of [1, 2, 3]) {
      const thief = await dial(portOf(ensemble, id));
      const session = await thief.open({ sessionId: owner.session?.sessionId ?? 0n, password: new Uint8Array(16) });
      expect(session?.timeoutMs).toBe(0);
    }
  });

  test("goes on without its leader; sessions and acknowledged writes survive", async () => {
    const ensemble = await start();
    const clients = await Promise.all([1, 2, 3].map((id) => client(ensemble, id)));
    for (const [index, one] of clients.entries()) await one.request(create(`/s${index}`, 1));
    const leader = ensemble.servers.find(({ server }) => server?.mode === "leader");
    const id = leader?.id ?? 0;
    await leader?.stop();
    const next = (id % 3) + 1;
    const moved = await move(ensemble, clients[id - 1] as RawClient, next);
    for (const index of [0, 1, 2]) expect(err(await moved.request(read(`/s${index}`)))).toBe(0);
    expect(err(await moved.request(create("/after")))).toBe(0);
    await leader?.restart();
    const back = await move(ensemble, moved, id);
    await back.request(sync);
    expect(err(await back.request(read("/after")))).toBe(0);
  });

  test("expires a session that is silent, wherever it was, and keeps one that is heard of at a follower", async () => {
    const ensemble = await start({ tickTimeMs: 40, sessionTimeoutMsMax: 60_000 });
    const follower = ensemble.servers.find(({ server }) => server?.mode === "follower")?.id ?? 0;
    const [silent, alive] = [await client(ensemble, follower), await dial(portOf(ensemble, follower))];
    await alive.open({ timeoutMs: 100 });
    const quiet = await dial(portOf(ensemble, follower));
    await quiet.open({ timeoutMs: 100 });
    await quiet.request(create("/quiet", 1));
    await alive.request(create("/alive", 1));
    quiet.destroy();
    for (;;) {
      const reply = await alive.request({ type: "exists", path: "/quiet", watch: false });
      expect(reply).toBeDefined();
      if (err(reply) === -101) break;
    }
    expect(err(await silent.request(read("/alive")))).toBe(0);
  });

  test("is there again after all servers were stopped, with its data", async () => {
    const dataDir = await directory();
    const before = await startEnsemble({ tickTimeMs: 100, dataDir, snapshotTxns: 20 });
    const writer = await client(before, 1);
    for (let index = 0; index < 50; index += 1) await writer.request(create(`/d${index}`));
    await before.close();
    const after = await start({ dataDir });
    const reader = await client(after, 2);
    await reader.request(sync);
    for (let index = 0; index < 50; index += 1) expect(err(await reader.request(read(`/d${index}`)))).toBe(0);
  });

  test("a minority closes its clients and takes no new ones until it has a leader again", async () => {
    const ensemble = await start({ tickTimeMs: 30 });
    const [one, two, three] = ensemble.servers;
    const held = await client(ensemble, 1);
    await two?.stop();
    await three?.stop();
    expect(await held.frame()).toBeUndefined();
    const refused = await dial(portOf(ensemble, 1));
    expect(await refused.open()).toBeUndefined();
    expect(one?.server?.mode).toBe("looking");
    await two?.restart();
    const back = await move(ensemble, held, 1);
    expect(err(await back.request(create("/again")))).toBe(0);
  });
});

describe("a server with a directory", () => {
  test("has its data and its sessions after a restart", async () => {
    const dataDir = await directory();
    const before = await startServer({ dataDir, tickTimeMs: 100 });
    const raw = await dial(before.address.port);
    await raw.open({ timeoutMs: 2000 });
    await raw.request(create("/kept"));
    await raw.request(create("/mine", 1));
    const { port } = before.address;
    await before.close();
    const after = await startServer({ dataDir, tickTimeMs: 100, port });
    closers.push(() => after.close());
    const back = await dial(port);
    const { sessionId = 0n, password = null } = raw.session ?? {};
    const session = await back.open({ timeoutMs: 2000, sessionId, password });
    expect(session?.sessionId).toBe(sessionId);
    for (const path of ["/kept", "/mine"]) expect(err(await back.request(read(path)))).toBe(0);
  });

  test.each([
    ["no byte of which can be read", 0],
    ["of which a part can be read", 200],
  ])("%s is refused with a code by a server that stands alone, and is left as it is", async (_, offset) => {
    const dataDir = await directory();
    const before = await startServer({ dataDir, tickTimeMs: 100 });
    const raw = await dial(before.address.port);
    await raw.open();
    for (let index = 0; index < 20; index += 1) await raw.request(create(`/n${index}`));
    await before.close();
    const log = join(dataDir, "log-0000000001");
    const file = await openFile(log, "r+");
    await file.write(new Uint8Array(40).fill(7), 0, 40, offset);
    await file.close();
    const bytes = await readFile(log);
    await expect(startServer({ dataDir, tickTimeMs: 100 })).rejects.toMatchObject({ code: "storage-damaged" });
    expect(await readFile(log)).toEqual(bytes);
  });

  test("of another server is refused with a code", async () => {
    const dataDir = await directory();
    const ensemble = await startEnsemble({ tickTimeMs: 100, dataDir });
    await ensemble.close();
    await expect(startServer({ dataDir: join(dataDir, "2") })).rejects.toMatchObject({ code: "storage-foreign" });
  });
});
