import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { CoordError } from "../../src/coord-error.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { type CoordServer, type ServerOptions, startServer } from "../../src/server/index.ts";
import { RawClient } from "./raw-client.ts";

const acl = [{ perms: 31, scheme: "world", id: "anyone" }];
const create = (path: string, data: Uint8Array | null = null, flags = 0): Request => ({
  type: "create",
  path,
  data,
  acl,
  flags,
});

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(options: ServerOptions = {}): Promise<CoordServer> {
  const server = await startServer(options);
  closers.push(() => server.close());
  return server;
}

async function client(server: CoordServer, timeoutMs = 10_000): Promise<RawClient> {
  const raw = new RawClient(server.address.port);
  closers.push(() => raw.destroy());
  await raw.open({ timeoutMs });
  return raw;
}

/** Sends a word and reads until the server hangs up. */
function ask(server: CoordServer, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host: "127.0.0.1", port: server.address.port }, () => socket.write(word));
    socket.setEncoding("utf8");
    socket.on("data", (more: string) => (text += more));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

describe("a server", () => {
  test("takes a free port on loopback and tells where it is", async () => {
    const server = await serve();
    expect(server.address.host).toBe("127.0.0.1");
    expect(server.connectString).toBe(`127.0.0.1:${server.address.port}`);
  });

  test("keeps what a client writes and tells another client of it", async () => {
    const server = await serve();
    const [writer, watcher] = [await client(server), await client(server)];
    await watcher.request({ type: "exists", path: "/a", watch: true });
    const created = await writer.request(create("/a", Uint8Array.of(1, 2)));
    expect(created?.body).toEqual({ type: "create", path: "/a" });
    const got = await watcher.request({ type: "getData", path: "/a", watch: false });
    expect(got?.events).toMatchObject([{ type: 1, path: "/a", zxid: created?.header.zxid }]);
    expect(got?.body).toMatchObject({ data: Uint8Array.of(1, 2), stat: { version: 0, dataLength: 2 } });
  });

  test("removes the ephemerals of a session that fell silent, and keeps those of one that comes back", async () => {
    const server = await serve({ tickTimeMs: 50 });
    const [silent, watcher] = [await client(server, 100), await client(server, 1000)];
    await silent.request(create("/e", null, 1));
    await watcher.request({ type: "exists", path: "/e", watch: true });
    silent.destroy();
    const frame = await watcher.frame();
    expect(new TextDecoder().decode(frame?.subarray(-2))).toBe("/e");
  });

  test("serves a request of exactly the limit and closes on one byte more, without harm to others", async () => {
    const server = await serve();
    const [exact, over, other] = [await client(server), await client(server), await client(server)];
    const overhead = encodeRequest(1, create("/big", new Uint8Array(0))).length - 4;
    const dataBytes = 1_048_575 - overhead;
    expect((await exact.request(create("/big", new Uint8Array(dataBytes))))?.header.err).toBe(0);
    expect(await over.request(create("/more", new Uint8Array(dataBytes + 1)))).toBeUndefined();
    expect((await other.request({ type: "exists", path: "/more", watch: false }))?.header.err).toBe(-101);
  });

  test("answers 1000 requests that come at once, in order", async () => {
    const server = await serve();
    const raw = await client(server);
    for (let xid = 1; xid <= 1000; xid += 1) raw.write(encodeRequest(xid, create("/s-", null, 2)));
    for (let xid = 1; xid <= 1000; xid += 1) {
      const reply = await raw.reply("create");
      expect(reply?.header).toMatchObject({ xid, err: 0 });
    }
  });

  test("closes connections beyond the limit of one address and serves those within it", async () => {
    const server = await serve({ connectionsPerAddressMax: 1 });
    const first = await client(server);
    const second = new RawClient(server.address.port);
    closers.push(() => second.destroy());
    expect(await second.open()).toBeUndefined();
    expect((await first.request({ type: "ping" }, -2))?.header.xid).toBe(-2);
  });

  test("takes no more from a client that never reads, so that what waits for it is bounded", async () => {
    const server = await serve({ fourLetterWords: ["cons"] });
    const [greedy, other] = [await client(server), await client(server)];
    await other.request(create("/big", new Uint8Array(1_000_000)));
    greedy.pause();
    for (let xid = 1; xid <= 10_000; xid += 1) {
      greedy.write(encodeRequest(xid, { type: "getData", path: "/big", watch: false }));
    }
    for (let asked = 0; asked < 20; asked += 1) {
      expect((await other.request({ type: "exists", path: "/big", watch: false }))?.header.err).toBe(0);
    }
    const received = [...(await ask(server, "cons")).matchAll(/recved=(\d+)/g)].map(([, count]) => Number(count));
    expect(received[0]).toBeLessThan(5000);
  });

  test("cuts off a client that never reads once too much waits for it", async () => {
    const server = await serve({ unsentBytesMax: 200_000, fourLetterWords: ["srvr"] });
    const [silent, writer] = [await client(server), await client(server)];
    await writer.request(create("/big", new Uint8Array(1_000_000)));
    silent.pause();
    // More than what the kernel buffers on loopback, so that the rest waits in the server.
    for (let xid = 1; xid <= 16; xid += 1) {
      silent.write(encodeRequest(xid, { type: "getData", path: "/big", watch: false }));
    }
    let block = "";
    while (!block.includes("Connections: 2\n")) block = await ask(server, "srvr");
    expect((await writer.request({ type: "exists", path: "/big", watch: false }))?.header.err).toBe(0);
  });

  test("knows the super user and the digest of a user", async () => {
    const server = await serve({ superDigest: "super:D/InIHSb7yEEbrWz8b9l71RjZJU=" });
    const raw = await client(server);
    const auth = new TextEncoder().encode("super:test");
    await raw.request({ type: "auth", authType: 0, scheme: "digest", auth }, -4);
    expect((await raw.request({ type: "whoAmI" }))?.body).toEqual({
      type: "whoAmI",
      clientInfo: [
        { authScheme: "ip", user: "127.0.0.1" },
        { authScheme: "super", user: "" },
        { authScheme: "digest", user: "super" },
      ],
    });
  });

  test("removes used and empty containers by itself", async () => {
    const server = await serve({ reapIntervalMs: 20 });
    const raw = await client(server);
    await raw.request({ ...create("/c", null, 4), type: "createContainer" } as Request);
    await raw.request(create("/c/x"));
    await raw.request({ type: "addWatch", path: "/c", mode: 0 });
    await raw.request({ type: "delete", path: "/c/x", version: -1 });
    const frames = [await raw.frame()];
    expect(new DataView(frames[0]?.buffer ?? new ArrayBuffer(20)).getInt32(16)).toBe(2);
  });
});

describe("four-letter words", () => {
  test("only srvr is answered unless others are allowed", async () => {
    const server = await serve();
    expect(await ask(server, "ruok")).toBe("ruok is not executed because it is not in the whitelist.");
    expect(await ask(server, "srvr")).toMatch(
      /^Zookeeper version: 3\.9\.\S+, built on \d\d\/\d\d\/\d{4} \d\d:\d\d \w+\nLatency min\/avg\/max: \d+\/\d+\.\d+\/\d+\n/,
    );
  });

  test("each allowed word has its answer", async () => {
    const server = await serve({ fourLetterWords: "*" });
    const raw = await client(server);
    await raw.request(create("/e", null, 1));
    await raw.request({ type: "exists", path: "/e", watch: true });
    const id = `0x${raw.session?.sessionId.toString(16)}`;
    expect(await ask(server, "ruok")).toBe("imok");
    expect(await ask(server, "isro")).toBe("rw");
    expect(await ask(server, "stat")).toMatch(/Clients:\n \/127\.0\.0\.1:\d+\[1\]\(queued=0,recved=3,sent=3\)\n/);
    expect(await ask(server, "stat")).toContain("Zxid: 0x2\nMode: standalone\nNode count: 6\n");
    expect(await ask(server, "mntr")).toMatch(/^zk_version\t3\.9.*\nzk_server_state\tstandalone\n(zk_\w+\t[\d.]+\n)+$/);
    expect(await ask(server, "conf")).toContain(`clientPort=${server.address.port}\n`);
    expect(await ask(server, "envi")).toMatch(/^Environment:\nzookeeper\.version=3\.9/);
    expect(await ask(server, "dump")).toContain(`Sessions with Ephemerals (1):\n${id}:\n\t/e\n`);
    expect(await ask(server, "cons")).toContain(`sid=${id},to=10000`);
    expect(await ask(server, "wchs")).toBe("1 connections watching 1 paths\nTotal watches:1\n");
    expect(await ask(server, "wchp")).toBe(`/e\n\t${id}\n`);
    expect(await ask(server, "wchc")).toBe(`${id}\n\t/e\n`);
    expect(await ask(server, "dirs")).toBe("datadir_size: 0\nlogdir_size: 0\n");
    expect(await ask(server, "crst")).toBe("Connection stats reset.\n");
    expect(await ask(server, "srst")).toBe("Server stats reset.\n");
    expect(await ask(server, "srvr")).toContain("Received: 0\nSent: 0\n");
  });
});

describe("starting and stopping", () => {
  test("all wrong options are named in one error", async () => {
    const wrong = startServer({ port: -1, tickTimeMs: 0.5, sessionTimeoutMsMin: 9, sessionTimeoutMsMax: 8 });
    await expect(wrong).rejects.toThrow(/^\[invalid-options\] port is -1 .*tickTimeMs is 0\.5 .*sessionTimeoutMsMin/);
  });

  test("a taken port is said to be taken", async () => {
    const { address } = await serve();
    const second = startServer({ port: address.port });
    await expect(second).rejects.toSatisfy((thrown) => (thrown as CoordError).code === "address-in-use");
  });

  test("an aborted signal prevents the start and later closes the server", async () => {
    await expect(startServer({ signal: AbortSignal.abort() })).rejects.toThrow(/^\[aborted\]/);
    const controller = new AbortController();
    const server = await serve({ signal: controller.signal });
    const raw = await client(server);
    controller.abort();
    expect(await raw.frame()).toBeUndefined();
    await server.close();
  });

  test("closing hangs up on clients, frees the port and may be asked for twice", async () => {
    const server = await serve();
    const raw = await client(server);
    await Promise.all([server.close(), server.close()]);
    expect(await raw.frame()).toBeUndefined();
    const again = await serve({ port: server.address.port });
    expect(again.address).toEqual(server.address);
  });
});
