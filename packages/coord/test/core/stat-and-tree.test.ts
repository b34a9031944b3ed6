import { describe, expect, test } from "vitest";
import { reapablePaths } from "../../src/core/coord-machine.ts";
import { sequenceSuffix } from "../../src/core/prepare-create.ts";
import { isValidPath } from "../../src/core/zookeeper-path.ts";
import { read } from "../../src/core/read.ts";
import { check, create, multi, open, remove, session, setData, World } from "./world.ts";

const ephemeral = { flags: 1 };
const sequential = { flags: 2 };

describe("Stat and tree", () => {
  test("1: deleting a child raises the parent's visible cversion and pzxid, and nothing else", () => {
    const world = new World().ok(create("/p"), create("/p/c"));
    const before = world.stat("/p");
    world.ok(remove("/p/c"));
    const after = world.stat("/p");
    expect(after).toEqual({ ...before, cversion: before.cversion + 1, numChildren: 0, pzxid: world.machine.lastZxid });
  });

  test("1: setting a child's data leaves the parent as it was", () => {
    const world = new World().ok(create("/p"), create("/p/c"));
    const before = world.stat("/p");
    expect(world.ok(setData("/p/c", "x")).stat("/p")).toEqual(before);
  });

  test("2, 3: sequential names count creates of any kind below the parent, not deletes and not prefixes", () => {
    const world = new World().ok(create("/p"), create("/p/plain"), remove("/p/plain"));
    expect(world.do(create("/p/a-", sequential)).path).toBe("/p/a-0000000001");
    expect(world.do(create("/p/b-", sequential)).path).toBe("/p/b-0000000002");
    expect(world.stat("/p").cversion).toBe(4);
  });

  test("4: a sequential create may end in a slash, any other may not", () => {
    const world = new World().ok(create("/q"));
    expect(world.do(create("/q/", sequential)).path).toBe("/q/0000000000");
    expect(world.outcome(create("/q/"))).toBe("badArguments");
  });

  test("5: failed creates and failed multis leave the counter, also with others on their way", () => {
    const world = new World().ok(create("/p"), create("/p/x"));
    expect(world.outcome(create("/p/x"))).toBe("nodeExists");
    world.prepare(create("/p/s-", sequential));
    world.prepare(multi(create("/p/s-", sequential), create("/p/s-", sequential), check("/none")));
    world.prepare(create("/p/s-", sequential));
    const [first, , last] = world.commit();
    expect([first?.path, last?.path]).toEqual(["/p/s-0000000001", "/p/s-0000000002"]);
  });

  test("6: a node that comes again has a new czxid; a parent that comes again counts from zero", () => {
    const world = new World().ok(create("/p"), create("/p/c"));
    const { czxid } = world.stat("/p/c");
    world.ok(remove("/p/c"), create("/p/c"));
    expect(world.stat("/p/c").czxid).toBeGreaterThan(czxid);
    world.ok(remove("/p/c"), remove("/p"), create("/p"));
    expect(world.do(create("/p/s", sequential)).path).toBe("/p/s0000000000");
  });

  test("7: the suffix is a signed 32-bit number", () => {
    expect(sequenceSuffix(0)).toBe("0000000000");
    expect(sequenceSuffix(2147483647)).toBe("2147483647");
    expect(sequenceSuffix(-2147483648)).toBe("-2147483648");
    expect(sequenceSuffix(-1)).toBe("-000000001");
  });

  test("8: null data differs from empty data, and both have length 0", () => {
    const world = new World().ok(create("/n"), create("/e", { data: new Uint8Array(0) }));
    expect(world.machine.tree.get("/n")?.data).toBeNull();
    expect(world.machine.tree.get("/e")?.data).toEqual(new Uint8Array(0));
    expect([world.stat("/n").dataLength, world.stat("/e").dataLength]).toEqual([0, 0]);
  });

  test("9: all operations of a multi share one zxid and one time", () => {
    const world = new World();
    world.nowMs = 5555n;
    world.ok(multi(create("/a"), create("/b")));
    expect(world.stat("/a")).toEqual(world.stat("/b"));
    expect(world.stat("/a").mtime).toBe(5555n);
  });

  test("10: writing the same data raises the version and is a change", () => {
    const world = new World().ok(create("/a"), setData("/a", "x"));
    const result = world.do(setData("/a", "x"));
    expect(result.stat?.version).toBe(2);
    expect(result.changes).toMatchObject([{ kind: "dataChanged", path: "/a" }]);
  });

  test("11: a version comes round at 32 bits and steps over -1", () => {
    const world = new World().ok(create("/a"));
    const node = world.machine.tree.get("/a");
    if (node !== undefined) node.version = 2147483647;
    expect(world.do(setData("/a", "x", 2147483647)).stat?.version).toBe(-2147483648);
    if (node !== undefined) node.version = -2;
    expect(world.do(setData("/a", "x", -2)).stat?.version).toBe(0);
  });

  test("12: containers and TTL nodes show no owner and may have children", () => {
    const world = new World().ok(
      { type: "createContainer", path: "/c", data: null, acl: open, flags: 4 },
      { type: "createTtl", path: "/t", data: null, acl: open, flags: 5, ttlMs: 10n },
      create("/c/child"),
      create("/t/child"),
    );
    expect([world.stat("/c").ephemeralOwner, world.stat("/t").ephemeralOwner]).toEqual([0n, 0n]);
  });

  test("13: the checks of a create come in ZooKeeper's order", () => {
    const world = new World({ extendedTypesEnabled: false }).ok(create("/e", ephemeral));
    const bad = { acl: [], flags: 9 };
    expect(world.outcome(create("no-slash", bad))).toBe("badArguments");
    expect(world.outcome({ ...create("/x"), type: "createTtl", flags: 5, ttlMs: 0n })).toBe("unimplemented");
    expect(world.outcome(create("/none/x", { acl: [] }))).toBe("invalidAcl");
    expect(world.outcome(create("/none/./x"))).toBe("noNode");
    expect(world.outcome(create("/e/./x"))).toBe("noNode");
    expect(world.outcome(create("/./x"))).toBe("noNode");
    expect(world.outcome(create("/e/."))).toBe("badArguments");
    expect(world.outcome(create("/e"))).toBe("nodeExists");
    expect(world.outcome(create("/e/x"))).toBe("noChildrenForEphemerals");
    world.sessionId = 99n;
    expect(world.outcome(create("/none", { acl: [] }))).toBe("unknownSession");
    expect(world.outcome(create("/none", ephemeral))).toBe("sessionExpired");
  });

  test("14: the root exists already and cannot be deleted", () => {
    const world = new World();
    expect(world.outcome(create("/"))).toBe("nodeExists");
    expect(world.outcome(remove("/"))).toBe("badArguments");
  });

  test("15: a wrong version on a node with children is a wrong version", () => {
    const world = new World().ok(create("/p"), create("/p/c"));
    expect(world.outcome(remove("/zookeeper/config"))).toBe("badArguments");
    expect(world.outcome(remove("/none/x"))).toBe("noNode");
    expect(world.outcome(remove("/p", 5))).toBe("badVersion");
    expect(world.outcome(remove("/p"))).toBe("notEmpty");
  });

  test("18: paths are judged by ZooKeeper's rules, in UTF-16 units", () => {
    for (const path of ["/", "/a", "/a..b", "/...", "/.a", "/\u{d7ff}", "/\u{ffef}"])
      expect(isValidPath(path)).toBe(true);
    const bad = [
      "",
      "a",
      "/a/",
      "//",
      "/a//b",
      "/.",
      "/a/..",
      "/a\0",
      "/\u{1f}",
      "/\u{7f}",
      "/\u{e000}",
      "/\u{fff0}",
      "/😀",
    ];
    for (const path of bad) expect(isValidPath(path)).toBe(false);
  });

  test("19: reads do not validate paths: a bad one is a missing node, but exists refuses NUL", () => {
    const { machine, ids } = new World();
    const place = { tree: machine.tree, sessionId: session, ids };
    expect(read({ type: "getData", path: "/a//", watch: false }, place)).toBe(-101);
    expect(read({ type: "exists", path: "/a\0", watch: false }, place)).toBe(-8);
  });

  test("21, 22: descendants are counted by path, ephemerals listed by raw prefix", () => {
    const world = new World().ok(create("/a"), create("/a/b"), create("/a/b/c", ephemeral), create("/ab", ephemeral));
    const place = { tree: world.machine.tree, sessionId: session, ids: world.ids };
    expect(read({ type: "getAllChildrenNumber", path: "/a" }, place)).toMatchObject({ totalNumber: 2 });
    expect(read({ type: "getEphemerals", prefixPath: "/a" }, place)).toMatchObject({ ephemerals: ["/a/b/c", "/ab"] });
    expect(read({ type: "getEphemerals", prefixPath: "/a/" }, place)).toMatchObject({ ephemerals: ["/a/b/c"] });
    expect(read({ type: "getEphemerals", prefixPath: "/" }, { ...place, sessionId: 8n })).toMatchObject({
      ephemerals: [],
    });
  });

  test("25: setACL raises aversion alone and fires nothing", () => {
    const world = new World().ok(create("/a"));
    const before = world.stat("/a");
    const result = world.do({ type: "setAcl", path: "/a", acl: open, version: 0 });
    expect(result).toMatchObject({ stat: { ...before, aversion: 1 }, changes: [] });
    expect(world.outcome({ type: "setAcl", path: "/a", acl: open, version: 0 })).toBe("badVersion");
  });

  test("a tree at birth is ZooKeeper's, counts and versions included", () => {
    const world = new World();
    expect(world.machine.tree.nodeCount).toBe(5);
    expect(world.machine.tree.descendantCount("/")).toBe(3);
    expect(world.stat("/")).toMatchObject({ czxid: 0n, cversion: -1, numChildren: 1 });
    expect(world.stat("/zookeeper")).toMatchObject({ cversion: -2, numChildren: 2 });
    expect(world.stat("/zookeeper/config")).toMatchObject({ aversion: -1, dataLength: 0 });
  });
});

describe("containers and TTL nodes", () => {
  test("an empty container goes once it had a child, a TTL node after its time without children", () => {
    const world = new World().ok(
      { type: "createContainer", path: "/c", data: null, acl: open, flags: 4 },
      { type: "createTtl", path: "/t", data: null, acl: open, flags: 5, ttlMs: 100n },
      create("/c/x"),
    );
    expect(reapablePaths(world.machine, world.nowMs, 10)).toEqual([]);
    world.ok(remove("/c/x"));
    world.nowMs += 101n;
    expect(reapablePaths(world.machine, world.nowMs, 10)).toEqual(["/c", "/t"]);
    expect(reapablePaths(world.machine, world.nowMs, 1)).toEqual(["/c"]);
    world.ok({ type: "reap", path: "/c" }, { type: "reap", path: "/t" });
    expect([world.has("/c"), world.has("/t")]).toEqual([false, false]);
  });

  test("what has changed since the reaper looked stays", () => {
    const world = new World().ok({ type: "createTtl", path: "/t", data: null, acl: open, flags: 5, ttlMs: 100n });
    world.nowMs += 101n;
    world.prepare(setData("/t", "alive"));
    world.prepare({ type: "reap", path: "/t" });
    expect(world.commit().at(-1)?.err).toBe(-103);
    world.ok(create("/t/child"));
    world.nowMs += 1000n;
    expect(world.outcome({ type: "reap", path: "/t" })).toBe("notEmpty");
    expect(world.outcome({ type: "reap", path: "/t/child" })).toBe("badVersion");
  });

  test("68, 69: TTL flags and opcodes have to agree", () => {
    const world = new World();
    const ttl = (flags: number, ttlMs: bigint) => ({ ...create("/t"), type: "createTtl" as const, flags, ttlMs });
    expect(world.outcome(ttl(5, 0n))).toBe("badArguments");
    expect(world.outcome(ttl(5, 1n << 40n))).toBe("badArguments");
    expect(world.outcome(ttl(0, 5n))).toBe("badArguments");
    expect(world.outcome(create("/t", { flags: 5 }))).toBe("badArguments");
    world.ok(create("/plain", { flags: 4 }));
    expect(world.machine.tree.get("/plain")?.kind.kind).toBe("persistent");
    world.ok(multi(create("/container", { flags: 4 })));
    expect(world.machine.tree.get("/container")?.kind.kind).toBe("container");
    world.ok({ ...create("/byOpcode", { flags: 1 }), type: "createContainer" }, multi(ttl(1, -1n)));
    expect(world.machine.tree.get("/byOpcode")?.kind.kind).toBe("container");
    expect(world.machine.tree.get("/t")?.kind.kind).toBe("ephemeral");
  });
});
