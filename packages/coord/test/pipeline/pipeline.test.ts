import { describe, expect, test } from "vitest";
import type { Request } from "../../src/protocol/requests.ts";
import { create, PipelineWorld, type Wire } from "./world.ts";

const get = (path: string, watch = false): Request => ({ type: "getData", path, watch });
const set = (path: string): Request => ({ type: "setData", path, data: null, version: -1 });
const exists = (path: string, watch = false): Request => ({ type: "exists", path, watch });
const auth = (clear: string, scheme = "digest"): Request => ({
  type: "auth",
  authType: 0,
  scheme,
  auth: new TextEncoder().encode(clear),
});

describe("order", () => {
  test("76: replies keep the order of requests; a read waits for its own session's writes and for no other's", () => {
    const world = new PipelineWorld();
    const [writer, other] = [world.client(), world.client()];
    writer.send(create("/a"));
    writer.send(exists("/a"));
    writer.send(create("/b"));
    writer.send(exists("/b"));
    other.send(exists("/a"));
    expect(other.taken()).toEqual(["1 -101"]);
    expect(writer.taken()).toEqual([]);
    world.commit(1);
    expect(writer.taken()).toEqual(["1 0", "2 0"]);
    world.commit();
    expect(writer.taken()).toEqual(["3 0", "4 0"]);
  });

  test("a read between two writes sees the first and not the second", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.send(exists("/b"));
    client.send(create("/b"));
    world.commit();
    expect(client.taken()).toEqual(["1 0", "2 -101", "3 0"]);
  });

  test("38: the writer of a change hears of it before its own reply", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.send(get("/a", true));
    client.send(set("/a"));
    world.commit();
    expect(client.taken()).toEqual(["1 0", "2 0", "event 3 /a", "3 0"]);
  });

  test("58: a ping is answered although writes stall", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.send({ type: "ping" }, -2);
    expect(client.taken()).toEqual(["-2 0"]);
  });

  test("a session's zxids never go back by a sync that is over before the write in front of it", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.send({ type: "sync", path: "/" });
    world.commitLast();
    expect(client.answers()).toEqual([]);
    world.commit();
    expect(client.answers()).toEqual(["1 at 2", "2 at 2"]);
  });

  test("a write ends the sync in front of it, and its reply waits for nobody else", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send({ type: "sync", path: "/" });
    client.send(create("/a"));
    world.commitLast();
    expect(client.answers()).toEqual(["1 at 2", "2 at 2"]);
    world.commit();
    expect(client.answers()).toEqual([]);
  });

  test("65: sync is answered in order, with the path it was sent", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.send({ type: "sync", path: "/none" });
    client.send(exists("/a"));
    expect(client.taken()).toEqual([]);
    world.commit();
    expect(client.taken()).toEqual(["1 0", "2 0", "3 0"]);
  });

  test("37: auth, setWatches and requests that come in one piece are taken strictly in order", () => {
    const world = new PipelineWorld();
    const owner = world.client();
    owner.send(auth("u:p"), -4);
    owner.send({ type: "create", path: "/s", data: null, acl: [{ perms: 31, scheme: "auth", id: "" }], flags: 0 });
    world.commit();
    const client = world.client();
    client.send(get("/s"));
    client.send(auth("u:p"), -4);
    client.send({ type: "setWatches", relativeZxid: 0n, data: ["/s"], exist: [], child: [] }, -8);
    client.send(get("/s"));
    expect(client.taken()).toEqual(["1 -102", "-4 0", "event 3 /s", "-8 0", "4 0"]);
  });

  test("72: with too much unanswered nothing more is read, and nothing is lost", () => {
    const world = new PipelineWorld({ outstandingPerConnectionMax: 2 });
    const client = world.client();
    for (const name of ["/a", "/b", "/c", "/d"]) client.send(create(name));
    expect([world.replication.held.length, client.paused]).toEqual([2, true]);
    world.commit();
    world.commit();
    expect(client.taken()).toEqual(["1 0", "2 0", "3 0", "4 0"]);
    expect(client.paused).toBe(false);
  });
});

describe("a client that does not read", () => {
  test("gets no more answers until there is room, and then all of them", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.outcome = "full";
    for (let count = 0; count < 3; count += 1) client.send(exists("/"));
    expect([client.taken(), client.paused]).toEqual([["1 0"], true]);
    client.outcome = "free";
    client.connection.drained();
    expect([client.taken(), client.paused]).toEqual([["2 0", "3 0"], false]);
  });

  test("is forgotten at once when its connection is cut, watches and waiting requests included", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/a"));
    client.outcome = "cut";
    client.send({ type: "ping" }, -2);
    client.send(exists("/", true));
    world.commit();
    expect([client.taken(), world.pipeline.connections.size, world.pipeline.watches.count]).toEqual([["-2 0"], 0, 0]);
  });
});

describe("sessions", () => {
  test("a connect response waits for the session's transaction, and requests behind it wait, too", () => {
    const world = new PipelineWorld();
    const client = world.dial();
    client.connect();
    client.send(exists("/"));
    expect([client.taken(), client.paused]).toEqual([[], true]);
    world.commit();
    expect([client.taken(), client.paused]).toEqual([["session 300", "1 0"], false]);
  });

  test.each([
    [1, 200],
    [500, 500],
    [1_000_000, 2000],
  ])("48: a wanted timeout of %i ms becomes %i", (timeoutMs, expected) => {
    const world = new PipelineWorld();
    const client = world.dial();
    client.connect({ timeoutMs });
    world.commit();
    expect(client.taken()).toEqual([`session ${expected}`]);
  });

  const reattach = (world: PipelineWorld, older: Wire, change: { password?: Uint8Array } = {}): Wire => {
    const { sessionId = 0n, password = null } = older.session ?? {};
    const newer = world.dial();
    newer.connect({ sessionId, password, ...change });
    return newer;
  };

  test("51: a session that is taken up again closes its older connection and loses that one's watches", () => {
    const world = new PipelineWorld();
    const older = world.client();
    older.send(exists("/a", true));
    const newer = reattach(world, older);
    expect([newer.taken(), older.closed, world.pipeline.watches.count]).toEqual([["session 300"], true, 0]);
  });

  test("49: a wrong password is answered as expired and leaves the session to its owner", () => {
    const world = new PipelineWorld();
    const owner = world.client();
    const thief = reattach(world, owner, { password: new Uint8Array(16) });
    expect([thief.taken(), thief.closed]).toEqual([["session 0"], true]);
    owner.send(exists("/"));
    expect(owner.taken()).toContain("1 0");
  });

  test("50: a client that has seen more than this server is closed without a word", () => {
    const world = new PipelineWorld();
    const client = world.dial();
    client.connect({ lastZxidSeen: 1n });
    expect([client.taken(), client.closed]).toEqual([[], true]);
  });

  test("62: the read-only byte is answered if and only if it was sent", () => {
    const world = new PipelineWorld();
    const [old, young] = [world.dial(), world.dial()];
    old.connect();
    young.connect({ readOnly: false });
    world.commit();
    old.taken();
    young.taken();
    expect([old.session?.readOnly, young.session?.readOnly]).toEqual([undefined, false]);
  });

  test("an expired session loses its ephemerals, its connection and its way back", () => {
    const world = new PipelineWorld();
    const [client, watcher] = [world.client(), world.client()];
    client.send(create("/e", 1));
    world.commit();
    watcher.send(exists("/e", true));
    watcher.taken();
    client.connection.disconnected();
    for (let ms = 0; ms < 500; ms += 100) {
      watcher.send({ type: "ping" }, -2);
      world.pass(100);
    }
    expect(watcher.taken()).toContain("event 2 /e");
    const late = reattach(world, client);
    expect(late.taken()).toEqual(["session 0"]);
  });

  test("a client that is heard again when its end is on its way is not answered, and comes back only by the log", () => {
    const world = new PipelineWorld();
    const client = world.client();
    for (let ticks = 0; ticks < 5; ticks += 1) {
      world.nowMs += 100;
      world.pipeline.tick();
    }
    expect(world.replication.held).toHaveLength(1);
    client.send({ type: "ping" }, -2);
    expect([client.taken(), client.closed]).toEqual([[], true]);
    const late = world.dial();
    late.connect({ sessionId: client.connection.sessionId, password: client.session?.password ?? null });
    expect(late.taken()).toEqual([]);
    world.commit();
    expect(late.taken()).toEqual(["session 0"]);
  });

  test("closing a session answers and then closes; a second owner of id and password may do it", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(create("/e", 1));
    world.commit();
    const killer = reattach(world, client);
    killer.send({ type: "closeSession" });
    world.commit();
    expect([killer.taken(), killer.closed, world.machine.tree.get("/e")]).toEqual([
      ["session 300", "1 0"],
      true,
      undefined,
    ]);
  });

  test("a session whose connection goes before it is committed expires like any other", () => {
    const world = new PipelineWorld();
    const client = world.dial();
    client.connect();
    client.connection.disconnected();
    world.commit();
    expect(world.machine.sessions.all.size).toBe(1);
    world.pass(600);
    expect(world.machine.sessions.all.size).toBe(0);
  });
});

describe("what is wrong", () => {
  const frame = (...bytes: number[]): Uint8Array => Uint8Array.of(0, 0, 0, bytes.length, ...bytes);

  test("an unknown opcode and a check outside a multi are answered as not implemented and close", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.raw(frame(0, 0, 0, 9, 0, 0, 0, 99));
    expect([client.taken(), client.closed]).toEqual([["9 -6"], true]);
    const other = world.client();
    other.send({ type: "check", path: "/", version: -1 });
    expect([other.taken(), other.closed]).toEqual([["1 -6"], true]);
  });

  test("a truncated record is answered in order and the connection stays; of a multi it takes a zxid", () => {
    const world = new PipelineWorld();
    const client = world.client();
    const { lastZxid } = world.machine;
    client.raw(frame(0, 0, 0, 1, 0, 0, 0, 4, 0, 0));
    expect([client.taken(), world.replication.held.length]).toEqual([["1 -5"], 0]);
    client.raw(frame(0, 0, 0, 2, 0, 0, 0, 14, 0, 0));
    world.commit();
    expect([client.taken(), client.closed, world.machine.lastZxid]).toEqual([["2 -5"], false, lastZxid + 1n]);
  });

  test("a create flag that does not fit fails the whole multi, and takes a zxid", () => {
    const world = new PipelineWorld();
    const client = world.client();
    const { lastZxid } = world.machine;
    for (const flags of [5, 9]) {
      const op = { type: "create", path: "/a", data: null, acl: [], flags } as const;
      client.send({ type: "multi", ops: [op] });
    }
    world.commit();
    expect([client.taken(), world.machine.lastZxid]).toEqual([["1 -5", "2 -5"], lastZxid + 2n]);
  });

  test("digest authentication without any credentials fails, as in Apache; with empty ones it does not", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(auth(""), -4);
    client.send({ type: "auth", authType: 0, scheme: "digest", auth: null }, -4);
    expect([client.taken(), client.closed]).toEqual([["-4 0", "-4 -115"], true]);
  });

  test("authentication that cannot be read closes, since nothing else would answer it", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.raw(frame(0xff, 0xff, 0xff, 0xfc, 0, 0, 0, 100, 0));
    expect([client.taken(), client.closed]).toEqual([[], true]);
  });

  test("64: an oversized frame, a negative one and half a header close, also before the handshake", () => {
    const world = new PipelineWorld();
    for (const bytes of [
      [0, 0, 4, 0],
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 3, 1, 2, 3],
    ]) {
      for (const wire of [world.client(), world.dial()]) {
        wire.raw(Uint8Array.from(bytes));
        expect(wire.closed).toBe(true);
      }
    }
    expect(world.pipeline.connections.size).toBe(0);
  });

  test("60: an unknown scheme is refused on its xid and closes", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send(auth("x", "nonsense"), -4);
    expect([client.taken(), client.closed]).toEqual([["-4 -115"], true]);
  });

  test("sasl is refused, as no mechanism is offered", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send({ type: "sasl", token: null });
    expect([client.taken(), client.closed]).toEqual([["1 -115"], true]);
  });

  test("61: a four-letter word is answered as text and ends the connection, after the handshake it is a length", () => {
    const world = new PipelineWorld({ frameBytesMax: 0x7fff_ffff });
    const operator = world.dial();
    operator.raw(new TextEncoder().encode("ruok"));
    expect([operator.text(), operator.closed]).toEqual(["you said ruok", true]);
    const client = world.client();
    client.raw(new TextEncoder().encode("ruok"));
    expect([client.taken(), client.closed]).toEqual([[], false]);
  });

  test("a connection that never says who it is goes after ten seconds", () => {
    const world = new PipelineWorld();
    const silent = world.dial();
    silent.raw(Uint8Array.of(0, 0));
    world.pass(9900);
    expect(silent.closed).toBe(false);
    world.pass(300);
    expect(silent.closed).toBe(true);
  });

  test("35: an event about a node that may not be read is dropped and uses up its watch", () => {
    const world = new PipelineWorld();
    const [owner, client] = [world.client(), world.client()];
    client.send(exists("/s", true));
    client.taken();
    owner.send(auth("u:p"), -4);
    owner.send({ type: "create", path: "/s", data: null, acl: [{ perms: 31, scheme: "auth", id: "" }], flags: 0 });
    world.commit();
    expect([client.taken(), world.pipeline.watches.count]).toEqual([[], 0]);
  });

  test("the super user is known by its digest and may do everything", () => {
    const world = new PipelineWorld({ superDigest: "digest-of:super:secret" });
    const client = world.client();
    client.send(auth("super:secret"), -4);
    client.send(set("/zookeeper/config"));
    world.commit();
    expect(client.taken()).toEqual(["-4 0", "2 0"]);
  });
});

describe("watches that come back", () => {
  test("32, 33: setWatches tells what was missed and arms the rest; persistent watches get no catch-up", () => {
    const world = new PipelineWorld();
    const client = world.client();
    for (const path of ["/a", "/b", "/b/c"]) client.send(create(path));
    world.commit();
    client.taken();
    const request = { relativeZxid: 1n, data: ["/a", "/gone"], exist: ["/b", "/none"], child: ["/b", "/gone"] };
    client.send({ type: "setWatches2", ...request, persistent: ["/a"], persistentRecursive: ["/b"] }, -8);
    expect(client.taken()).toEqual([
      "event 3 /a",
      "event 2 /gone",
      "event 1 /b",
      "event 4 /b",
      "event 2 /gone",
      "-8 0",
    ]);
    expect(world.pipeline.watches.count).toBe(4);
  });

  test("26: exists on a missing node leaves a watch, getData does not, nobody does without READ", () => {
    const world = new PipelineWorld();
    const client = world.client();
    client.send({
      type: "create",
      path: "/s",
      data: null,
      acl: [{ perms: 30, scheme: "world", id: "anyone" }],
      flags: 0,
    });
    world.commit();
    for (const request of [exists("/none", true), get("/none", true), exists("/s", true), get("/s", true)]) {
      client.send(request);
    }
    expect(client.taken()).toEqual(["1 0", "2 -101", "3 -101", "4 -102", "5 -102"]);
    expect(world.pipeline.watches.count).toBe(1);
  });
});
