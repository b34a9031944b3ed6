import { expect, test } from "vitest";
import { fixupAcl, isAllowed, maskDigests, openAcl } from "../../src/core/acl.ts";
import { read } from "../../src/core/read.ts";
import type { Acl, Id } from "../../src/protocol/records.ts";
import { create, open, remove, session, setData, World } from "./world.ts";

const entry = (scheme: string, id: string, perms = 31): Acl => ({ perms, scheme, id });
const address: Id = { scheme: "ip", id: "10.1.2.3" };
const user: Id = { scheme: "digest", id: "u:hash" };

test("lists are normalised as ZooKeeper does: duplicates go, auth becomes the ids of the connection", () => {
  expect(fixupAcl([entry("world", "anyone"), entry("world", "anyone")], [])).toEqual(openAcl);
  expect(fixupAcl([entry("auth", "ignored", 5)], [address, user])).toEqual([entry("digest", "u:hash", 5)]);
});

test.each([
  ["an empty list", []],
  ["an unknown scheme", [entry("nonsense", "x")]],
  ["world with another id", [entry("world", "somebody")]],
  ["auth without an authenticated id", [entry("auth", "")]],
  ["71: a digest with three parts", [entry("digest", "a:b:c")]],
  ["a digest with one part", [entry("digest", "a:")]],
  ["an address that is none", [entry("ip", "10.0.0")]],
  ["a prefix that is too long", [entry("ip", "10.0.0.0/33")]],
])("%s is not a valid list", (_name, acl) => {
  expect(fixupAcl(acl, [address])).toBeUndefined();
});

test.each([
  ["10.0.0.0/8", true],
  ["10.1.2.0/30", true],
  ["10.1.2.0/31", false],
  ["10.1.2.3", true],
  ["::/0", false],
  ["::ffff:10.1.2.3", true],
])("the address 10.1.2.3 in %s: %s", (range, expected) => {
  expect(isAllowed([entry("ip", range)], 1, [address])).toBe(expected);
});

test("addresses of version 6 are compared by prefix", () => {
  const own = [{ scheme: "ip", id: "2001:db8::1" }];
  expect(isAllowed([entry("ip", "2001:db8::/32")], 1, own)).toBe(true);
  expect(isAllowed([entry("ip", "2001:db9::/32")], 1, own)).toBe(false);
  expect(fixupAcl([entry("ip", "1::2::3")], [])).toBeUndefined();
});

test("super passes every check, and an empty stored list stops nobody", () => {
  expect(isAllowed([entry("digest", "x:y", 0)], 16, [{ scheme: "super", id: "" }])).toBe(true);
  expect(isAllowed([], 16, [])).toBe(true);
});

test("24: getACL needs READ or ADMIN and hides digests from those without ADMIN", () => {
  const acl = [entry("world", "anyone", 1), entry("digest", "u:hash", 16)];
  const world = new World().ok(create("/a", { acl }));
  const place = { tree: world.machine.tree, sessionId: session, ids: [address] };
  expect(read({ type: "getAcl", path: "/a" }, place)).toMatchObject({ acl: [acl[0], entry("digest", "u:x", 16)] });
  expect(read({ type: "getAcl", path: "/a" }, { ...place, ids: [user] })).toMatchObject({ acl });
  expect(maskDigests(open)).toEqual(open);
});

test("23: delete asks the parent, and the node's own list plays no part", () => {
  const world = new World().ok(create("/p"), create("/p/c", { acl: [entry("digest", "x:y", 0)] }));
  expect(world.outcome(setData("/p/c", "x"))).toBe("noAuth");
  world.ok(remove("/p/c"), create("/q", { acl: [entry("world", "anyone", 23)] }), create("/q/c"));
  expect(world.outcome(remove("/q/c"))).toBe("noAuth");
});

test("17: config and quota nodes are guarded by their lists", () => {
  expect(new World().outcome(setData("/zookeeper/config", "x"))).toBe("noAuth");
});
