import { describe, expect, test } from "vitest";
import { check, create, createSession, multi, remove, session, setData, World } from "./world.ts";

describe("multi", () => {
  test("40: later operations see the effects of earlier ones", () => {
    const world = new World();
    expect(world.codes(create("/a"), create("/a/b"), setData("/a/b", "x", 0), remove("/a/b", 1))).toEqual([0, 0, 0, 0]);
    expect([world.has("/a"), world.has("/a/b")]).toEqual([true, false]);
  });

  test("41: a failure shows as zeros, its code, then -2, and nothing is applied", () => {
    const world = new World();
    const { lastZxid } = world.machine;
    expect(world.codes(create("/a"), create("/b"), check("/none"), create("/c"))).toEqual([0, 0, -101, -2]);
    expect([world.has("/a"), world.has("/b"), world.has("/c")]).toEqual([false, false, false]);
    expect(world.machine.lastZxid).toBe(lastZxid + 1n);
  });

  test("42: check needs existence and READ, with version -1 too", () => {
    const world = new World().ok(create("/secret", { acl: [{ perms: 30, scheme: "world", id: "anyone" }] }));
    expect(world.codes(check("/none"))).toEqual([-101]);
    expect(world.codes(check("/secret"))).toEqual([-102]);
  });

  test("43: sequential creates in one multi get consecutive numbers", () => {
    const world = new World();
    const { results } = world.do(multi(create("/s", { flags: 2 }), create("/s", { flags: 2 })));
    expect(results?.map((result) => result.path)).toEqual(["/s0000000000", "/s0000000001"]);
  });

  test("47: an empty multi and one of checks alone take a zxid", () => {
    const world = new World();
    const { lastZxid } = world.machine;
    world.ok(multi(), multi(check("/")));
    expect(world.machine.lastZxid).toBe(lastZxid + 2n);
  });

  test("a request judged while a multi is on its way sees what the multi will leave", () => {
    const world = new World();
    world.prepare(multi(create("/a"), setData("/a", "x")));
    world.prepare(setData("/a", "y", 1));
    world.prepare(remove("/a", 1));
    expect(world.commit().map((result) => result.err)).toEqual([0, 0, -103]);
  });
});

describe("sessions", () => {
  test("expiry removes all ephemerals under one zxid, those on their way included and deleted ones not", () => {
    const world = new World().ok(create("/p"), create("/p/kept", { flags: 1 }), create("/p/gone", { flags: 1 }));
    world.prepare(create("/p/late", { flags: 1 }));
    world.prepare(remove("/p/gone"));
    const close = world.prepare({ type: "closeSession" });
    expect(close.body).toEqual({ type: "closeSession", paths: ["/p/kept", "/p/late"] });
    world.commit();
    expect(world.stat("/p")).toMatchObject({ numChildren: 0, cversion: 6, pzxid: close.zxid });
    expect(world.machine.sessions.get(session)).toBeUndefined();
  });

  test("53: requests behind the closing of their session are refused as expired", () => {
    const world = new World();
    world.prepare({ type: "closeSession" });
    world.prepare(create("/late"));
    world.prepare({ type: "closeSession" });
    expect(world.commit().map((result) => result.err)).toEqual([0, -112, -112]);
  });

  test("a request judged after an expiry on its way sees the ephemerals gone", () => {
    const world = new World().ok(create("/p"), create("/p/e", { flags: 1 }));
    world.prepare({ type: "closeSession" });
    world.sessionId = 8n;
    world.prepare(createSession(1000));
    world.prepare(remove("/p"));
    expect(world.commit().map((result) => result.err)).toEqual([0, 0, 0]);
  });

  test("a lost leadership forgets what was prepared and not committed", () => {
    const world = new World();
    const moment = { position: 1n, epoch: 0n, nowMs: 1n };
    const request = { serverId: 1, sessionId: session, xid: 1, ids: world.ids };
    world.machine.prepare({ ...request, op: create("/a") }, moment);
    world.machine.prepare({ ...request, op: { type: "closeSession" } }, moment);
    world.machine.leadershipLost();
    expect(world.ok(create("/a")).stat("/a").czxid).toBe(2n);
  });

  test("a new epoch starts its own counter of zxids", () => {
    const { machine, ids } = new World();
    const request = { serverId: 1, sessionId: session, xid: 1, ids, op: create("/a") };
    const txn = machine.prepare(request, { position: 2n, epoch: 3n, nowMs: 1n });
    expect(txn.zxid).toBe((3n << 32n) | 1n);
    machine.apply(2n, txn);
    expect(machine.prepare(request, { position: 3n, epoch: 3n, nowMs: 1n }).zxid).toBe((3n << 32n) | 2n);
  });
});
