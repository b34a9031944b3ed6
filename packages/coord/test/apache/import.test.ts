import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { adler32 } from "../../src/core/apache/adler32.ts";
import { decodeApacheSnapshot, encodeApacheSnapshot } from "../../src/core/apache/snapshot-file.ts";
import { apachePasswordOf } from "../../src/core/apache/session-password.ts";
import { runBackup } from "../../src/cli/data-commands.ts";
import { connect } from "../../src/index.ts";
import { importDataDirectory, startEnsemble, startServer } from "../../src/server/index.ts";
import { codeOf } from "../recipes/world.ts";
import { fillTree, pictureOf } from "./tree-picture.ts";

/** Written by Apache ZooKeeper 3.8.0, which was killed at work: snapshots at 0 and 8, logs from 1 and from 0xa. */
const golden = join(import.meta.dirname, "golden");
const auth = [{ scheme: "digest", credential: "ann:secret" }];

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let directory = "";
let source = "";
let dataDir = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tutti-import-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  source = join(directory, "source");
  dataDir = join(directory, "data");
  await cp(golden, source, { recursive: true });
});

async function imported(): Promise<unknown> {
  await importDataDirectory({ source, dataDir });
  const server = await startServer({ dataDir, tickTimeMs: 500 });
  closers.push(() => server.close());
  const session = await connect(server, { auth });
  closers.push(() => session.close());
  return pictureOf(session);
}

async function pictureKept(): Promise<unknown> {
  return JSON.parse(await readFile(join(golden, "picture.json"), "utf8"));
}

describe("a data directory of Apache ZooKeeper", () => {
  test("is taken over: data, versions, times, lists, owners, counters", async () => {
    expect(await imported()).toEqual(await pictureKept());
  });

  test("starts from an older snapshot when the newest is damaged, since the logs reach back that far", async () => {
    await truncate(join(source, "snapshot.8"), 900);
    expect(await imported()).toEqual(await pictureKept());
  });

  test("may end in the middle of an entry, as a crash leaves it", async () => {
    await truncate(join(source, "log.a"), (await readFile(join(source, "log.a"))).length - 3);
    const { lastZxid } = await importDataDirectory({ source, dataDir });
    const whole = await importDataDirectory({ source: golden, dataDir: join(directory, "whole") });
    expect(lastZxid).toBe(whole.lastZxid - 1n);
  });

  test("is refused when transactions are missing, and nothing is written", async () => {
    await rm(join(source, "snapshot.8"));
    await rm(join(source, "log.1"));
    await expect(importDataDirectory({ source, dataDir })).rejects.toThrow(
      /log\.a: transactions 0x1 to 0x9 are missing/,
    );
    const server = await startServer({ dataDir, tickTimeMs: 100 });
    await server.close();
  });

  test("is refused when a log is damaged in the middle and another one follows", async () => {
    await rm(join(source, "snapshot.8"));
    const log = await readFile(join(source, "log.1"));
    log[400] = (log[400] ?? 0) ^ 1;
    await writeFile(join(source, "log.1"), log);
    await expect(importDataDirectory({ source, dataDir })).rejects.toThrow(/log\.(1: damaged|a: transactions)/);
  });

  test("goes into an empty directory only, and has to be there", async () => {
    await importDataDirectory({ source, dataDir });
    expect(await codeOf(importDataDirectory({ source, dataDir }))).toBe("storage-foreign");
    expect(await codeOf(importDataDirectory({ source: join(directory, "none"), dataDir }))).toBe("storage-failed");
    await rm(source, { recursive: true });
    await cp(import.meta.dirname, source, { recursive: true, filter: (from) => !from.includes("golden") });
    expect(await codeOf(importDataDirectory({ source, dataDir }))).toBe("invalid-options");
  });

  test("is given to each server of an ensemble", async () => {
    for (const id of [1, 2, 3]) await importDataDirectory({ source, dataDir: join(dataDir, String(id)), id });
    const ensemble = await startEnsemble({ dataDir, tickTimeMs: 200 });
    closers.push(() => ensemble.close());
    const session = await connect(ensemble.connectString, { auth });
    closers.push(() => session.close());
    expect(await pictureOf(session)).toEqual(await pictureKept());
    expect((await session.create("/later")).stat.czxid).toBeGreaterThan(0x10n);
  });
});

test("every damaged byte of a snapshot is noticed", async () => {
  const bytes = await readFile(join(golden, "snapshot.8"));
  const state = decodeApacheSnapshot(bytes, 8n);
  const again = Buffer.concat([...encodeApacheSnapshot(state)]);
  expect(decodeApacheSnapshot(again, 8n)).toEqual(state);
  for (let index = 0; index < again.length - 5; index += 7) {
    const damaged = Uint8Array.from(again);
    damaged[index] = (damaged[index] ?? 0) ^ 0x10;
    expect(() => decodeApacheSnapshot(damaged, 8n)).toThrow();
  }
});

test("a backup, made while the server serves, brings everything back under another server", async () => {
  const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="; // of super:test
  const server = await startServer({ tickTimeMs: 500, superDigest, admin: {}, extendedTypesEnabled: true });
  closers.push(() => server.close());
  const session = await connect(server, { auth });
  closers.push(() => session.close());
  await fillTree(session);
  const picture = await pictureOf(session);
  const admin = `http://127.0.0.1:${server.adminAddress?.port}`;
  await rm(source, { recursive: true });
  const arguments_ = [source, "--admin", admin, "--auth"];
  expect(await codeOf(runBackup([...arguments_, "digest:super:wrong"], () => undefined))).toBe("auth-failed");
  expect((await fetch(`${admin}/commands/snapshot`)).status).toBe(401);
  expect(await runBackup([...arguments_, "digest:super:test"], () => undefined)).toBe(0);
  await session.create("/after-the-backup");
  expect(await imported()).toEqual(picture);
});

test("checksums and passwords are those of ZooKeeper", () => {
  expect(adler32(new TextEncoder().encode("Wikipedia"))).toBe(0x11e6_0398);
  const long = new Uint8Array(20_000).fill(255);
  expect(adler32(long.subarray(9000), adler32(long.subarray(0, 9000)))).toBe(adler32(long));
  // From java.util.Random itself.
  expect(Buffer.from(apachePasswordOf(0n)).toString("hex")).toBe("f22acd4a97e69d6d20a49bb638eadb38");
  const id = 0x1000_1234_5670_001n;
  expect(Buffer.from(apachePasswordOf(id)).toString("hex")).toBe("5e058fd21c1319ff96668b75f9a288e2");
});
