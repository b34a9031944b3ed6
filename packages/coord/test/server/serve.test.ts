import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { RawClient } from "../integration/raw-client.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const acl = [{ perms: 31, scheme: "world", id: "anyone" }];

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Served {
  readonly child: ChildProcess;
  readonly port: number;
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tutti-serve-"));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Runs the command until it says where it serves, or ends. */
function run(config: string): { readonly child: ChildProcess; readonly said: Promise<string> } {
  const child = spawn(process.execPath, ["--conditions=@tutti/source", main, "serve", "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  closers.push(() => void child.kill("SIGKILL"));
  const said = new Promise<string>((resolve) => {
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.includes("serving clients on")) resolve(text);
    });
    child.once("exit", () => resolve(text));
  });
  return { child, said };
}

async function serve(config: string): Promise<Served> {
  const { child, said } = run(config);
  const port = Number(/serving clients on .*:(\d+)/.exec(await said)?.[1]);
  return { child, port };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
  });
}

async function client(port: number): Promise<RawClient> {
  const raw = new RawClient(port);
  closers.push(() => raw.destroy());
  await raw.open();
  return raw;
}

test("tutti-coord serves a zoo.cfg, loses nothing that it acknowledged to kill -9, and ends cleanly on SIGTERM", async () => {
  const dataDir = await directory();
  const config = join(dataDir, "zoo.cfg");
  await writeFile(config, `tickTime=200\ndataDir=${dataDir}\nclientPort=0\nclientPortAddress=127.0.0.1\n`);
  const first = await serve(config);
  const writer = await client(first.port);
  for (let index = 0; index < 20; index += 1) {
    const reply = await writer.request({ type: "create", path: `/n${index}`, data: null, acl, flags: 0 });
    expect(reply?.header.err).toBe(0);
  }
  const killed = ended(first.child);
  first.child.kill("SIGKILL");
  await killed;
  const second = await serve(config);
  const reader = await client(second.port);
  for (let index = 0; index < 20; index += 1) {
    expect((await reader.request({ type: "exists", path: `/n${index}`, watch: false }))?.header.err).toBe(0);
  }
  const stopped = ended(second.child);
  second.child.kill("SIGTERM");
  expect(await stopped).toBe(0);
});

test("tutti-coord says what is wrong with its configuration and ends with 1", async () => {
  const dataDir = await directory();
  const config = join(dataDir, "zoo.cfg");
  await writeFile(config, `dataDir=${dataDir}\nforceSync=no\ntickTime=soon\n`);
  const { child, said } = run(config);
  expect(await ended(child)).toBe(1);
  expect(await said).toMatch(/\[invalid-options\].*forceSync/);
  await writeFile(config, `dataDir=${dataDir}\nserver.1=localhost:1:2\n`);
  const second = run(config);
  expect(await ended(second.child)).toBe(1);
  expect(await second.said).toMatch(/myid/);
});
