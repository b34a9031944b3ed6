import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startMember, type CoordServer, type MemberOptions } from "../../src/server/index.ts";
import { freePorts } from "@tutti/testkit";
import { RawClient } from "./raw-client.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";
const acl = [{ perms: 31, scheme: "world", id: "anyone" }];

test("an observer that a reconfig lets in comes into step with servers that are running, and leaves again", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "tutti-member-"));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const [one, two, nine] = (await freePorts(3)) as [number, number, number];
  const place = (port: number): { host: string; port: number } => ({ host: "127.0.0.1", port });
  const servers: MemberOptions["servers"] = new Map([
    [1, place(one)],
    [2, place(two)],
  ]);
  const start = async (id: number, known: MemberOptions["servers"]): Promise<CoordServer> => {
    const options = { tickTimeMs: 100, reconfigEnabled: true, superDigest };
    const server = await startMember({ ...options, id, servers: known, dataDir: join(dataDir, String(id)) });
    closers.push(() => server.close());
    return server;
  };
  const running = [await start(1, servers), await start(2, servers)];
  for (const server of running) await server.serving;

  const admin = new RawClient(running[0]?.address.port ?? 0);
  closers.push(() => admin.destroy());
  await admin.open();
  const auth = new TextEncoder().encode("super:test");
  await admin.request({ type: "auth", authType: 0, scheme: "digest", auth }, -4);
  await admin.request({ type: "create", path: "/before", data: null, acl, flags: 0 });

  const observer = await start(9, new Map([...servers, [9, { ...place(nine), isObserver: true }]]));
  const change = { newMembers: null, curConfigId: -1n };
  const joining = `server.9=127.0.0.1:${nine}:0:observer`;
  const joined = await admin.request({ type: "reconfig", joining, leaving: null, ...change });
  expect(joined?.header.err).toBe(0);
  await observer.serving;
  expect(observer.mode).toBe("observer");
  const reader = new RawClient(observer.address.port);
  closers.push(() => reader.destroy());
  await reader.open();
  expect((await reader.request({ type: "exists", path: "/before", watch: false }))?.header.err).toBe(0);

  const left = await admin.request({ type: "reconfig", joining: null, leaving: "9", ...change });
  expect(left?.header.err).toBe(0);
  expect(await reader.frame()).toBeUndefined();
  expect(observer.mode).toBe("looking");
});
