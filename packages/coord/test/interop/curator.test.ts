import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, test } from "vitest";
import { contend } from "./contend.ts";
import { fetchCurator } from "./fetch-apache.ts";
import { closeApache } from "./target.ts";

/** A JVM and Maven take their time: only where the other servers are asked for, not in every `npm test`. */
const fetched = process.env["TUTTI_TARGET"] === undefined ? { missing: "not asked for" } : fetchCurator();
const contender = path.join(import.meta.dirname, "CuratorContender.java");

afterAll(closeApache);

test.skipIf("missing" in fetched)(
  "a Java program with Curator and we take one lock in turns",
  { timeout: 90_000 },
  async () => {
    const classPath = "classPath" in fetched ? fetched.classPath : "";
    const options = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath, contender];
    await contend((args) => spawn("java", [...options, ...args], { stdio: ["ignore", "inherit", "ignore"] }));
  },
);
