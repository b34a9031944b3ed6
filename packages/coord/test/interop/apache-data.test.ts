import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runBackup } from "../../src/cli/data-commands.ts";
import { connect, type Session } from "../../src/index.ts";
import { importDataDirectory, startServer } from "../../src/server/index.ts";
import { fillTree, pictureOf } from "../apache/tree-picture.ts";
import { apacheClassPath, startApache } from "./apache-server.ts";

/** These start their own servers: once, and where Apache's is. */
const classPath = process.env["TUTTI_TARGET"] === "apache" ? apacheClassPath() : undefined;
const tickTimeMs = 500;
/** Set to a directory, what Apache has written and what clients saw of it is kept there, for the tests without it. */
const goldenDirectory = process.env["TUTTI_GOLDEN"];

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function directory(): string {
  const made = mkdtempSync(path.join(tmpdir(), "tutti-data-"));
  closers.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function open(place: string): Promise<Session> {
  const session = await connect(place, {
    sessionTimeoutMs: 8000,
    auth: [{ scheme: "digest", credential: "ann:secret" }],
  });
  closers.push(() => session.close());
  return session;
}

/** Without the zeros that Apache puts behind a log ahead of time. */
async function keep(source: string, picture: unknown): Promise<void> {
  if (goldenDirectory === undefined) return;
  await mkdir(goldenDirectory, { recursive: true });
  for (const name of await readdir(path.join(source, "version-2"))) {
    const bytes = await readFile(path.join(source, "version-2", name));
    const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
    await writeFile(path.join(goldenDirectory, name), bytes.subarray(0, length));
  }
  await writeFile(path.join(goldenDirectory, "picture.json"), `${JSON.stringify(picture, undefined, 1)}\n`);
}

describe.skipIf(classPath === undefined)("between Apache ZooKeeper and ours", () => {
  test("what a killed ZooKeeper left on disk goes on here, with its sessions", { timeout: 60_000 }, async () => {
    const source = directory();
    // Several snapshots and logs, the last of them in the middle of its work.
    const apache = await startApache(classPath ?? "", tickTimeMs, { directory: source, lines: ["snapCount=12"] });
    closers.push(() => apache.close());
    const session = await open(`127.0.0.1:${apache.address.port}`);
    await fillTree(session);
    const picture = await pictureOf(session);
    await apache.close();
    await keep(source, picture);
    const dataDir = directory();
    const imported = await importDataDirectory({ source, dataDir });
    expect(imported.sessionCount).toBe(1);
    const server = await startServer({ dataDir, tickTimeMs, port: apache.address.port, extendedTypesEnabled: true });
    closers.push(() => server.close());
    const { id } = session;
    expect(await pictureOf(session)).toEqual(picture);
    // The same session, by the password that ZooKeeper gave it, and its ephemeral node with it.
    expect(session.id).toBe(id);
    const { stat } = await session.create("/later");
    expect(stat.czxid).toBeGreaterThan(imported.lastZxid);
  });

  test(
    "a backup that is made while our server serves is a data directory for ZooKeeper",
    { timeout: 60_000 },
    async () => {
      const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="; // of super:test
      const server = await startServer({ tickTimeMs, superDigest, admin: {}, extendedTypesEnabled: true });
      closers.push(() => server.close());
      const session = await open(server.connectString);
      await fillTree(session);
      const picture = await pictureOf(session);
      const backup = directory();
      const admin = `http://127.0.0.1:${server.adminAddress?.port}`;
      expect(await runBackup([backup, "--admin", admin, "--auth", "digest:super:test"], () => undefined)).toBe(0);
      const apache = await startApache(classPath ?? "", tickTimeMs, { directory: backup });
      closers.push(() => apache.close());
      const there = await open(`127.0.0.1:${apache.address.port}`);
      expect(await pictureOf(there)).toEqual(picture);
      const { stat } = await there.create("/later");
      expect(stat.czxid).toBeGreaterThan((await there.get("/plain")).stat.mzxid);
    },
  );
});
