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

async function newDirectory(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "tutti-member-"));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

test("voters are replaced one after the other, by reconfig, while clients write; nothing is lost", async () => {
  const dataDir = await newDirectory();
  const ports = await freePorts(5);
  const lineOf = (id: number): string => `server.${id}=127.0.0.1:${ports[id - 1]}:0:participant`;
  const serversOf = (ids: readonly number[]): MemberOptions["servers"] =>
    new Map(ids.map((id) => [id, { host: "127.0.0.1", port: ports[id - 1] ?? 0 }]));
  const running = new Map<number, CoordServer>();
  const start = async (id: number, known: readonly number[]): Promise<CoordServer> => {
    const options = { tickTimeMs: 100, reconfigEnabled: true, superDigest };
    const server = await startMember({ ...options, id, servers: serversOf(known), dataDir: join(dataDir, String(id)) });
    closers.push(() => server.close());
    running.set(id, server);
    return server;
  };
  const dial = async (id: number): Promise<RawClient> => {
    const client = new RawClient(running.get(id)?.address.port ?? 0);
    closers.push(() => client.destroy());
    await client.open();
    await client.request(
      { type: "auth", authType: 0, scheme: "digest", auth: new TextEncoder().encode("super:test") },
      -4,
    );
    return client;
  };
  const change = { newMembers: null, curConfigId: -1n };
  let voters = [1, 2, 3];
  for (const id of voters) await start(id, voters);
  for (const server of running.values()) await server.serving;
  const creator = await dial(1);
  await creator.request({ type: "create", path: "/before", data: null, acl, flags: 0 });

  for (const [joining, leaving] of [
    [4, 1],
    [5, 2],
  ] as const) {
    const next = [...voters.filter((id) => id !== leaving), joining];
    // As ZooKeeper's servers are started that are to join: with all servers, and with themselves as one that votes.
    await start(joining, [...voters, joining]);
    const admin = await dial(3);
    const answer = await admin.request({
      type: "reconfig",
      joining: lineOf(joining),
      leaving: String(leaving),
      ...change,
    });
    expect(answer?.header.err).toBe(0);
    await running.get(joining)?.serving;
    await running.get(leaving)?.close();
    running.delete(leaving);
    voters = next;
    // The two that are left of the old three are no majority of the new ones without the one that joined.
    const writer = await dial(joining);
    const created = await writer.request({ type: "create", path: `/by-${joining}`, data: null, acl, flags: 0 });
    expect(created?.header.err).toBe(0);
  }
  for (const id of voters) {
    const reader = await dial(id);
    await reader.request({ type: "sync", path: "/" });
    for (const path of ["/before", "/by-4", "/by-5"]) {
      expect((await reader.request({ type: "exists", path, watch: false }))?.header.err).toBe(0);
    }
    const config = await reader.request({ type: "getData", path: "/zookeeper/config", watch: false });
    const text =
      config?.body?.type === "getData" && "data" in config.body
        ? new TextDecoder().decode(config.body.data ?? undefined)
        : "";
    for (const voter of voters) expect(text).toContain(lineOf(voter));
    for (const gone of [1, 2]) expect(text).not.toContain(`server.${gone}=`);
  }
});

test("an observer that a reconfig lets in comes into step with servers that are running, and leaves again", async () => {
  const dataDir = await newDirectory();
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
