import { expect, test } from "vitest";
import { create, remove, setData, World } from "./world.ts";

const limit = (world: World, text: string): World =>
  world.ok(
    create("/zookeeper/quota/q"),
    create("/zookeeper/quota/q/zookeeper_limits", { data: new TextEncoder().encode(text) }),
    create("/zookeeper/quota/q/zookeeper_stats"),
  );

test("usage below a quota is counted from what is there, and its node's Stat stays", () => {
  const world = limit(new World().ok(create("/q", { data: new Uint8Array(3) }), create("/q/a")), "count=5,bytes=-1");
  const { mzxid } = world.stat("/zookeeper/quota/q/zookeeper_stats");
  expect(world.text("/zookeeper/quota/q/zookeeper_stats")).toBe("count=2,bytes=3");
  world.ok(create("/q/b"), setData("/q/b", "12345"), remove("/q/a"), create("/other"));
  expect(world.text("/zookeeper/quota/q/zookeeper_stats")).toBe("count=2,bytes=8");
  expect(world.stat("/zookeeper/quota/q/zookeeper_stats").mzxid).toBe(mzxid);
});

test("a hard limit refuses what goes over it and allows what shrinks", () => {
  const world = limit(new World().ok(create("/q")), "count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=2");
  world.ok(create("/q/a"));
  expect(world.outcome(create("/q/b"))).toBe("quotaExceeded");
  expect(world.outcome(setData("/q/a", "12345"))).toBe("quotaExceeded");
  world.ok(setData("/q/a", "1234"), setData("/q/a", ""), remove("/q/a"), create("/q/b"));
});

test("a soft limit refuses nothing, nor does a hard one that is not enforced", () => {
  limit(new World().ok(create("/q")), "count=1,bytes=1").ok(create("/q/a"), setData("/q/a", "123"));
  const lax = new World({ enforceQuota: false }).ok(create("/q"));
  limit(lax, "count=-1,bytes=-1=;countHardLimit=1").ok(create("/q/a"));
});

test("a removed limits node ends the quota", () => {
  const world = limit(new World().ok(create("/q")), "count=-1,bytes=-1=;countHardLimit=1");
  expect(world.outcome(create("/q/a"))).toBe("quotaExceeded");
  world.ok(remove("/zookeeper/quota/q/zookeeper_limits"), create("/q/a"));
});
