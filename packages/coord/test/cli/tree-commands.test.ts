import { afterEach, beforeEach, expect, test } from "vitest";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTreeCommand, treeCommands } from "../../src/cli/run-tree-command.ts";
import { connect, type Session } from "../../src/index.ts";
import { type CoordServer, startServer } from "../../src/server/index.ts";

let server: CoordServer;
let session: Session;
beforeEach(async () => {
  server = await startServer({ tickTimeMs: 100 });
  session = await connect(server);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

interface Around {
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly onSay?: (text: string) => void;
}

/** Runs a command as the shell would, against the server of the test. */
async function run(command: string, given: readonly string[], around: Around = {}): Promise<Ran> {
  const chunks: Uint8Array[] = [];
  let said = "";
  const { input = "", signal = new AbortController().signal, onSay } = around;
  const code = await runTreeCommand(command, ["--server", server.connectString, ...given], {
    write: (chunk) => {
      chunks.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    say: (text) => {
      said += text;
      onSay?.(text);
    },
    input: (async function* () {
      await Promise.resolve();
      yield Buffer.from(input);
    })(),
    signal,
  });
  return { code, out: Buffer.concat(chunks).toString(), said };
}

function saying(text: string): unknown {
  return expect.stringContaining(text);
}

test("create prints the path that it made, get the bytes, ls the names in order, stat the versions", async () => {
  expect(await run("create", ["/app/b", "two", "--parents"])).toEqual({ code: 0, out: "/app/b\n", said: "" });
  expect((await run("create", ["/app/a-", "--sequential"])).out).toBe("/app/a-0000000001\n");
  expect((await run("get", ["/app/b"])).out).toBe("two");
  expect((await run("ls", ["/app"])).out).toBe("a-0000000001\nb\n");
  expect((await run("set", ["/app/b", "three", "--version", "0"])).out).toBe("1\n");
  expect((await run("stat", ["/app/b"])).out).toMatch(/^cZxid = 0x[\da-f]+\nctime = 2[^\n]*Z\n[^]*dataVersion = 1\n/);
});

test("--json gives one value a line, with 64-bit numbers digit for digit and bytes that are no text in base64", async () => {
  await session.create("/n", new Uint8Array([0xff, 0x00]));
  const { out } = await run("get", ["/n", "--json"]);
  const { stat } = await session.get("/n");
  expect(JSON.parse(out)).toMatchObject({
    path: "/n",
    base64: "/wA=",
    stat: { czxid: String(stat.czxid), version: 0 },
  });
  expect(JSON.parse((await run("ls", ["/", "--json"])).out)).toEqual(["n", "zookeeper"]);
});

test("tree draws what is below, and --depth stops it", async () => {
  await session.create("/a", "xyz");
  await session.create("/a/b");
  await session.create("/a/b/c");
  await session.create("/a/d", null, { mode: "ephemeral" });
  expect((await run("tree", ["/a"])).out).toBe("/a\n├── b\n│   └── c\n└── d [ephemeral]\n");
  expect((await run("tree", ["/a", "--depth", "1"])).out).toBe("/a\n├── b\n└── d [ephemeral]\n");
});

test("delete takes one node at its version, or all below it", async () => {
  await session.create("/a");
  await session.create("/a/b");
  expect(await run("delete", ["/a"])).toMatchObject({ code: 1, said: saying("[not-empty]") });
  expect(await run("delete", ["/a/b", "--version", "3"])).toMatchObject({ code: 1 });
  expect(await run("delete", ["/a", "--recursive"])).toEqual({ code: 0, out: "", said: "" });
  expect(await session.exists("/a")).toBeUndefined();
});

test("watch tells each change from the moment that it says so, and ends after --count", async () => {
  await session.create("/w");
  const change = async (): Promise<void> => {
    await session.set("/w", "new");
    await session.create("/w/child");
  };
  const { code, out } = await run("watch", ["/w", "--recursive", "--count", "2", "--data"], {
    onSay: () => void change(),
  });
  expect(code).toBe(0);
  expect(out).toMatch(/^\S+Z dataChanged \/w\nnew\n\S+Z created \/w\/child\n/);
});

test("watch ends with 0 when it is interrupted", async () => {
  await session.create("/w");
  const controller = new AbortController();
  const ran = await run("watch", ["/w"], { signal: controller.signal, onSay: () => controller.abort() });
  expect(ran.code).toBe(0);
});

test("restore makes again what dump has written: data, ACLs, order; ephemeral nodes are left out and counted", async () => {
  await session.create("/a", new Uint8Array([1, 2, 255]), { acl: [{ perms: 31, scheme: "world", id: "anyone" }] });
  for (let index = 0; index < 200; index += 1) await session.create(`/a/n${index}`, `data ${index}`);
  await session.create("/a/n7/deep", "x", { acl: [{ perms: 1, scheme: "world", id: "anyone" }] });
  await session.create("/a/mine", null, { mode: "ephemeral" });
  const dumped = await run("dump", ["/a"]);
  expect(dumped).toMatchObject({ code: 0, said: "1 ephemeral nodes left out\n" });
  expect((await run("restore", ["/copy/of/a"], { input: dumped.out })).out).toBe("202 created, 0 replaced\n");
  const again = await run("dump", ["/copy/of/a"]);
  expect(again.out.split("\n").slice(1).toSorted()).toEqual(dumped.out.split("\n").slice(1).toSorted());
  const refused = await run("restore", ["/copy/of/a"], { input: dumped.out });
  expect(refused).toMatchObject({ code: 1, said: saying("[node-exists]") });
  expect((await run("restore", ["/copy/of/a", "--overwrite"], { input: dumped.out })).code).toBe(1); // /deep: no admin
});

test("a dump of the root leaves out ZooKeeper's own nodes and goes into another server's root", async () => {
  await session.create("/x", "1");
  const { out } = await run("dump", []);
  expect(out).not.toContain("zookeeper");
  await session.delete("/x");
  const directory = await mkdtemp(join(tmpdir(), "tutti-dump-"));
  try {
    await writeFile(join(directory, "dump"), out);
    expect((await run("restore", ["--file", join(directory, "dump")])).out).toBe("1 created, 0 replaced\n");
  } finally {
    await rm(directory, { recursive: true });
  }
  expect((await run("get", ["/x"])).out).toBe("1");
});

test("a dump that is damaged is refused with the number of its line", async () => {
  expect(await run("restore", ["/"], { input: "" })).toMatchObject({
    code: 1,
    said: saying("line 1"),
  });
  const head = `{"format":"tutti-coord-dump","version":1,"root":"/"}\n`;
  const half = await run("restore", ["/"], { input: `${head}{"path":"/x","da` });
  expect(half).toMatchObject({ code: 1, said: saying("line 2") });
  const lacking = await run("restore", ["/"], { input: `${head}{"path":"/x"}\n` });
  expect(lacking).toMatchObject({ code: 1, said: saying("line 2") });
});

test("what went wrong has an exit code: 1 the server says no, 2 the command line, 3 nobody answers", async () => {
  expect(await run("get", ["/none"])).toMatchObject({ code: 1, said: saying("[no-node]") });
  expect(await run("get", ["/a//b"])).toMatchObject({ code: 2, said: saying("[invalid-path]") });
  expect((await run("get", [])).code).toBe(2);
  expect((await run("get", ["/a", "--nonsense"])).code).toBe(2);
  expect((await run("set", ["/a", "x", "--version", "soon"])).code).toBe(2);
  expect((await run("set", ["/a", "x", "--stdin"])).code).toBe(2);
  expect((await run("create", ["/a", "--acl", "world:anyone:xyz"])).code).toBe(2);
  const json = await run("get", ["/none", "--json"]);
  expect(JSON.parse(json.said)).toMatchObject({ error: { code: "no-node", path: "/none" } });
  await server.close();
  expect((await run("get", ["/a", "--timeout-ms", "200"])).code).toBe(3);
});

test("credentials and ACLs reach the server", async () => {
  const acl = ["--acl", "auth::cdrwa", "--auth", "digest:me:secret"];
  expect((await run("create", ["/mine", "x", ...acl])).code).toBe(0);
  expect((await run("get", ["/mine"])).said).toContain("[no-auth]");
  expect((await run("get", ["/mine", "--auth", "digest:me:secret"])).out).toBe("x");
});

test("every command has its help, which needs no server", async () => {
  for (const name of treeCommands.keys()) {
    const { code, out } = await run(name, ["--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`usage: tutti-coord ${name}`);
  }
});
