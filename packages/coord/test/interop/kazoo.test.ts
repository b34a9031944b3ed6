import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { connect, text } from "../../src/index.ts";
import { createLock } from "../../src/recipes/index.ts";
import { closeApache, openTarget } from "./target.ts";

const python = "/usr/bin/python3";
const hasKazoo = spawnSync(python, ["-c", "import kazoo"]).status === 0;
const contender = path.join(import.meta.dirname, "kazoo-contender.py");

afterAll(closeApache);

for (const names of ["curator", "kazoo"] as const) {
  test.skipIf(!hasKazoo)(
    `a kazoo process and we take one lock in turns, under ${names}'s names`,
    { timeout: 60_000 },
    async () => {
      const roundCount = 20;
      const target = await openTarget();
      const session = await target.connect();
      await session.create("/counter", "0");
      const hosts = `${target.address.host}:${target.address.port}${target.chroot}`;
      const child = spawn(python, [contender, hosts, "/lock", "/counter", String(roundCount)], { stdio: "inherit" });
      const exited = once(child, "exit");
      const other = await connect(hosts);
      const lock = createLock(other, "/lock", { names, id: "tutti" });
      for (let round = 0; round < roundCount; round += 1) {
        // Read, then written without a version: two holders at once would lose a count.
        await lock.hold(async () => {
          const value = Number(await other.getAs("/counter", text));
          await other.set("/counter", String(value + 1));
        });
      }
      expect(await exited).toEqual([0, null]);
      expect(await session.getAs("/counter", text)).toBe(String(2 * roundCount));
      await other.close();
      await session.close();
      await target.close();
    },
  );
}
