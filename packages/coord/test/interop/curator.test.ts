import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { text } from "../../src/index.ts";
import { createLock } from "../../src/recipes/index.ts";
import { fetchCurator } from "./fetch-apache.ts";
import { closeApache, openTarget } from "./target.ts";

/** A JVM and Maven take their time: only where the other servers are asked for, not in every `npm test`. */
const fetched = process.env["TUTTI_TARGET"] === undefined ? { missing: "not asked for" } : fetchCurator();
const contender = path.join(import.meta.dirname, "CuratorContender.java");

afterAll(closeApache);

test.skipIf("missing" in fetched)(
  "a Java program with Curator and we take one lock in turns",
  { timeout: 90_000 },
  async () => {
    const roundCount = 20;
    const target = await openTarget();
    const session = await target.connect();
    await session.create("/counter", "0");
    const hosts = `${target.address.host}:${target.address.port}${target.chroot}`;
    const classPath = "classPath" in fetched ? fetched.classPath : "";
    const given = [
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      "-cp",
      classPath,
      contender,
      hosts,
      "/lock",
      "/counter",
    ];
    const child = spawn("java", [...given, String(roundCount)], { stdio: ["ignore", "inherit", "ignore"] });
    const exited = once(child, "exit");
    // Its first write says that it is there: from then on both want the lock.
    const lock = createLock(session, "/lock");
    while ((await session.getAs("/counter", text)) === "0") await new Promise((resolve) => setImmediate(resolve));
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
  },
);
