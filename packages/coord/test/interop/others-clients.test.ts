import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import zookeeper from "node-zookeeper-client";
import { afterEach, expect, test } from "vitest";
import { connect, text } from "../../src/index.ts";
import { createLock } from "../../src/recipes/index.ts";
import { type Ensemble, startEnsemble } from "../../src/server/index.ts";
import { connectNative, loadNativeClient } from "./native-client.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const run = promisify(execFile);
/** ZooKeeper's own shell, from Debian's package. */
const zkCli = "/usr/share/zookeeper/bin/zkCli.sh";
const hasZkCli = existsSync(zkCli) && spawnSync("java", ["-version"]).status === 0;
const python = "/usr/bin/python3";
const hasKazoo = spawnSync(python, ["-c", "import kazoo"]).status === 0;

async function ensemble(): Promise<Ensemble> {
  const made = await startEnsemble({ tickTimeMs: 200 });
  closers.push(() => made.close());
  return made;
}

test("node-zookeeper-client creates, reads, watches, moves to another server and keeps its session", async () => {
  const { connectString, servers } = await ensemble();
  const client = zookeeper.createClient(connectString, { sessionTimeout: 4000, spinDelay: 20 });
  closers.push(() => client.close());
  client.connect();
  await once(client, "connected");
  const call = <T>(ask: (done: (error: Error | null, result?: T) => void) => void): Promise<T | undefined> =>
    new Promise((resolve, reject) => ask((error, result) => (error === null ? resolve(result) : reject(error))));
  const path = await call<string>((done) => client.create("/theirs-", Buffer.from("one"), 3, done));
  expect(path).toBe("/theirs-0000000000");
  const changed = new Promise<number>((resolve) => {
    client.getData(
      "/theirs-0000000000",
      (event) => resolve(event.type),
      () => undefined,
    );
  });
  const ours = await connect(connectString);
  closers.push(() => ours.close());
  expect(await ours.getAs("/theirs-0000000000", text)).toBe("one");
  await ours.set("/theirs-0000000000", "two");
  expect(await changed).toBe(3);
  const before = client.getSessionId().toString("hex");
  for (const one of servers) {
    if ((one.server?.mode ?? "") === "leader") continue;
    await one.stop();
    await one.restart();
  }
  const again = await call<Buffer>((done) => client.getData("/theirs-0000000000", done)).catch(() => undefined);
  if (again === undefined) await once(client, "connected");
  expect(client.getSessionId().toString("hex")).toBe(before);
  expect(await ours.exists("/theirs-0000000000")).toBeDefined();
});

test.skipIf(!hasZkCli)("zkCli.sh works on our server as on its own", { timeout: 60_000 }, async () => {
  const { connectString } = await ensemble();
  const shell = async (...words: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await run(zkCli, ["-server", connectString, ...words], { timeout: 30_000 });
    return stdout + stderr;
  };
  expect(await shell("create", "/shell", "hello")).toContain("Created /shell");
  expect(await shell("get", "-s", "/shell")).toMatch(/^hello$[^]*dataVersion = 0[^]*dataLength = 5/m);
  expect(await shell("set", "/shell", "bye")).not.toContain("Exception");
  expect(await shell("ls", "-R", "/")).toMatch(/^\/shell$/m);
  const session = await connect(connectString);
  closers.push(() => session.close());
  expect(await session.getAs("/shell", text)).toBe("bye");
  await shell("deleteall", "/shell");
  expect(await session.exists("/shell")).toBeUndefined();
});

test.skipIf(!hasKazoo)("a kazoo program waits for a lock of ours and gets it", { timeout: 30_000 }, async () => {
  const { connectString } = await ensemble();
  const session = await connect(connectString);
  closers.push(() => session.close());
  const lease = await createLock(session, "/lock", { names: "kazoo" }).acquire();
  const program = `
import kazoo.client, sys
client = kazoo.client.KazooClient(sys.argv[1]); client.start()
lock = client.Lock("/lock"); print("waits", flush=True)
lock.acquire(timeout=20); client.create("/had", b"it"); lock.release(); client.stop()
`;
  const waiting = run(python, ["-c", program, connectString]);
  while ((await session.children("/lock")).length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(await session.exists("/had")).toBeUndefined();
  await lease.release();
  await waiting;
  expect(await session.exists("/had")).toBeDefined();
});

const Native = loadNativeClient();

test.skipIf(Native === undefined)("the native client of npm creates, watches, writes and reads", async () => {
  if (Native === undefined) return;
  const { connectString } = await ensemble();
  const client = await connectNative(Native, connectString, 4000);
  closers.push(() => client.close());
  const ephemeral = 1;
  const path = await new Promise((resolve) => {
    client.a_create("/native", "one", ephemeral, (rc, _, made) => resolve(rc === 0 ? made : rc));
  });
  expect(path).toBe("/native");
  const changed = new Promise<readonly [number, string]>((resolve) => {
    client.aw_get(
      "/native",
      (type, _, at) => resolve([type, at]),
      () => undefined,
    );
  });
  const ours = await connect(connectString);
  closers.push(() => ours.close());
  await ours.sync();
  expect(await ours.getAs("/native", text)).toBe("one");
  await ours.set("/native", "two");
  const dataChanged = 3;
  expect(await changed).toEqual([dataChanged, "/native"]);
  const version = await new Promise((resolve) => {
    client.a_set("/native", Buffer.from("three"), 1, (rc, _, stat) => resolve(rc === 0 ? stat : rc));
  });
  expect(version).toMatchObject({ version: 2 });
  expect(await ours.getAs("/native", text)).toBe("three");
});
