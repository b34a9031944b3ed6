import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { text } from "../../src/index.ts";
import { createLock, type LockOptions } from "../../src/recipes/index.ts";
import { openTarget } from "./target.ts";

const roundCount = 20;

/**
 * Another program and we add to one counter under one lock, in turns. It is read, then written without a version: two
 * holders at once would lose a count.
 */
export async function contend(
  start: (args: readonly [hosts: string, lock: string, counter: string, rounds: string]) => ChildProcess,
  options: LockOptions = {},
): Promise<void> {
  const target = await openTarget();
  const session = await target.connect();
  await session.create("/counter", "0");
  const hosts = `${target.address.host}:${target.address.port}${target.chroot}`;
  const exited = once(start([hosts, "/lock", "/counter", String(roundCount)]), "exit");
  const lock = createLock(session, "/lock", options);
  // Its first write says that it is there: from then on both want the lock.
  for await (const _ of session.watch("/counter", { initial: true })) {
    if ((await session.getAs("/counter", text)) !== "0") break;
  }
  for (let round = 0; round < roundCount; round += 1) {
    await lock.hold(async () => {
      const value = Number(await session.getAs("/counter", text));
      await session.set("/counter", String(value + 1));
    });
  }
  expect(await exited).toEqual([0, null]);
  expect(await session.getAs("/counter", text)).toBe(String(2 * roundCount));
  await session.close();
  await target.close();
}
