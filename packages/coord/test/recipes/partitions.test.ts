import { expect, test } from "vitest";
import { joinPartitions, type Partitions } from "../../src/recipes/index.ts";
import { atEnd, codeOf, World } from "./world.ts";

const partitions = ["a", "b", "c", "d", "e", "f"];

function owns(member: Partitions, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (member.owned().size === count) resolve();
    };
    look();
    member.events.on("acquired", look);
    member.events.on("released", look);
  });
}

test("partitions are shared out among the members, again when one comes or is cut off, and never have two owners", async () => {
  const world = await World.open();
  const owners = new Map<string, Set<string>>();
  const tokens = new Map<string, bigint>();
  const follow = (id: string, member: Partitions): Partitions => {
    atEnd(() => member.close());
    const take = (partition: string, token: bigint): void => {
      const others = [...(owners.get(partition) ?? [])].filter((other) => other !== id);
      expect(others).toEqual([]);
      expect(token).toBeGreaterThan(tokens.get(partition) ?? 0n);
      tokens.set(partition, token);
      owners.set(partition, new Set([id]));
    };
    for (const [partition, lease] of member.owned()) take(partition, lease.fencingToken);
    member.events.on("acquired", (partition, lease) => {
      if (tokens.get(partition) !== lease.fencingToken) take(partition, lease.fencingToken);
    });
    member.events.on("released", (partition) => owners.get(partition)?.delete(id));
    return member;
  };
  const first = follow("1", await joinPartitions(await world.session(), "/p", { id: "1", partitions }));
  await owns(first, 6);
  const { session, proxy } = await world.link();
  const second = follow("2", await joinPartitions(session, "/p", { id: "2", partitions }));
  await Promise.all([owns(first, 3), owns(second, 3)]);
  const third = follow("3", await joinPartitions(await world.session(), "/p", { id: "3", partitions }));
  await Promise.all([owns(first, 2), owns(second, 2), owns(third, 2)]);
  proxy.refuse(true);
  await Promise.all([owns(first, 3), owns(second, 0), owns(third, 3)]);
  await third.close();
  await owns(first, 6);
});

test("partitions with the same name twice are refused", async () => {
  const world = await World.open();
  const session = await world.session();
  expect(await codeOf(joinPartitions(session, "/p", { id: "1", partitions: ["a", "a"] }))).toBe("invalid-options");
  expect(await codeOf(joinPartitions(session, "/p", { id: "1", partitions: ["a/b"] }))).toBe("invalid-options");
});
