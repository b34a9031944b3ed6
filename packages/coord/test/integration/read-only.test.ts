import { connect as dial } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connect, type ConnectOptions, type Session } from "../../src/index.ts";
import { type Ensemble, type EnsembleServer, startEnsemble, startServer } from "../../src/server/index.ts";
import { startFaultProxy } from "../../src/testing/index.ts";
import { codeOf, reaches } from "../recipes/world.ts";
import { RawClient } from "./raw-client.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(): Promise<readonly [Ensemble, EnsembleServer, EnsembleServer, EnsembleServer]> {
  const ensemble = await startEnsemble({ tickTimeMs: 100, readOnlyMode: true });
  closers.push(() => ensemble.close());
  const [one, two, three] = ensemble.servers as [EnsembleServer, EnsembleServer, EnsembleServer];
  return [ensemble, one, two, three];
}

/** Sends a word and reads until the server hangs up. */
async function ask(port: number, word: string): Promise<string> {
  const socket = dial({ host: "127.0.0.1", port }, () => socket.write(word));
  const chunks: Uint8Array[] = [];
  for await (const chunk of socket) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

async function session(connectString: string, options: ConnectOptions = {}): Promise<Session> {
  const made = await connect(connectString, { sessionTimeoutMs: 1000, backoffMs: 5, allowReadOnly: true, ...options });
  closers.push(() => made.close());
  return made;
}

test("a server that has lost its ensemble serves reads to those who allow it, and the session goes on afterwards", async () => {
  const [ensemble, one, two, three] = await open();
  const client = await session(one.connectString, { sessionTimeoutMs: 2000 });
  await client.create("/kept", "data");
  const { id } = client;
  const readOnly = reaches(client, "connectedReadOnly");
  await Promise.all([two.stop(), three.stop()]);
  await readOnly;
  expect(one.server?.mode).toBe("read-only");
  expect(Buffer.from((await client.get("/kept")).data).toString()).toBe("data");
  expect(await codeOf(client.set("/kept", "new"))).toBe("not-read-only");
  expect(await codeOf(client.sync("/"))).toBe("not-read-only");
  expect(await codeOf(client.transaction().delete("/kept").commit())).toBe("not-read-only");
  const connected = reaches(client, "connected");
  await Promise.all([two.restart(), three.restart()]);
  await connected;
  expect(client.id).toBe(id);
  await client.set("/kept", "new");
  expect(ensemble.servers.map(({ server }) => server?.mode)).not.toContain("read-only");
});

test("a new session for reads is the server's own; who wants more is not let in", async () => {
  const [, one, two, three] = await open();
  await Promise.all([two.stop(), three.stop()]);
  const reader = await session(one.connectString);
  expect(reader.state).toBe("connectedReadOnly");
  expect(await reader.children("/")).toEqual(["zookeeper"]);
  const writer = connect(one.connectString, { connectTimeoutMs: 100, backoffMs: 5 });
  expect(await codeOf(writer)).toBe("timeout");
  await reader.close();
});

test("a client on a read-only server finds one that takes writes and goes there, with a session of the ensemble", async () => {
  const [ensemble, one, two, three] = await open();
  const whole = await startServer({ tickTimeMs: 100, fourLetterWords: ["isro"] });
  const proxy = await startFaultProxy(whole.address);
  closers.push(async () => {
    await proxy.close();
    await whole.close();
  });
  proxy.refuse(true);
  await Promise.all([two.stop(), three.stop()]);
  const client = await session(`${one.connectString},${proxy.connectString}`);
  expect(client.state).toBe("connectedReadOnly");
  const connected = reaches(client, "connected");
  proxy.refuse(false);
  await connected;
  await client.create("/written");
  expect(ensemble.servers[0]?.server?.mode).toBe("read-only");
});

test("the word isro tells them apart, and a reader who falls silent is let go", async () => {
  const [, one, two, three] = await open();
  await Promise.all([two.stop(), three.stop()]);
  await session(one.connectString);
  const port = Number(one.connectString.split(":").at(-1));
  expect(await ask(port, "isro")).toBe("ro");
  const silent = new RawClient(port);
  closers.push(() => silent.destroy());
  const greeting = await silent.open({ timeoutMs: 200, readOnly: true });
  expect(greeting?.readOnly).toBe(true);
  expect(await silent.frame()).toBeUndefined();
});
