import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { type ClientTls, connect, type Session } from "../../src/index.ts";
import { type CoordServer, type ServerOptions, startServer } from "../../src/server/index.ts";
import { hasOpenssl, makeCertificate } from "../client/certificates.ts";
import { codeOf } from "../recipes/world.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: ServerOptions): Promise<CoordServer> {
  const server = await startServer({ tickTimeMs: 50, ...options });
  closers.push(() => server.close());
  return server;
}

function place({ secureAddress }: CoordServer): string {
  return `${secureAddress?.host}:${secureAddress?.port}`;
}

async function open(target: string, tls?: ClientTls): Promise<Session> {
  const session = await connect(target, { connectTimeoutMs: 1000, backoffMs: 5, ...(tls && { tls }) });
  closers.push(() => session.close());
  return session;
}

const brief = { connectTimeoutMs: 200, backoffMs: 5 };

describe.skipIf(!hasOpenssl)("a server with a port for TLS", () => {
  test("knows its clients by their certificates: the subject is an id for ACLs, and one of them the super user", async () => {
    const own = makeCertificate();
    const [ann, root] = [makeCertificate("/C=DE/O=Works, Inc/CN=ann"), makeCertificate("/CN=root")];
    const server = await start({ tls: { ...own, ca: [ann.cert, root.cert] }, superSubject: "CN=root" });
    const asAnn = await open(place(server), { ca: own.cert, ...ann });
    const subject = String.raw`CN=ann,O=Works\, Inc,C=DE`;
    expect((await asAnn.whoAmI()).map(({ authScheme, user }) => `${authScheme} ${user}`)).toContain(`x509 ${subject}`);
    await asAnn.create("/hers", "x", { acl: [{ perms: 31, scheme: "x509", id: subject }] });
    const plain = await open(server.connectString);
    expect(await codeOf(plain.get("/hers"))).toBe("no-auth");
    const asRoot = await open(place(server), { ca: own.cert, ...root });
    expect(Buffer.from((await asRoot.get("/hers")).data).toString()).toBe("x");
  });

  test("lets in nobody without a certificate that it trusts, unless told that it may", async () => {
    const [own, known, stranger] = [makeCertificate(), makeCertificate(), makeCertificate()];
    const strict = await start({ tls: { ...own, ca: known.cert } });
    expect(await codeOf(connect(place(strict), { ...brief, tls: { ca: own.cert } }))).toBe("timeout");
    expect(await codeOf(connect(place(strict), { ...brief, tls: { ca: own.cert, ...stranger } }))).toBe("timeout");
    expect(await codeOf(connect(place(strict), brief))).toBe("timeout");
    const lenient = await start({ tls: { ...own, ca: known.cert, clientAuth: "want" } });
    const unknown = await open(place(lenient), { ca: own.cert, ...stranger });
    expect((await unknown.whoAmI()).map(({ authScheme }) => authScheme)).not.toContain("x509");
    const open_ = await start({ tls: { ...own, clientAuth: "none" } });
    await open(place(open_), { ca: own.cert });
  });

  test("takes other certificates while it runs: those who are there stay, those who come see the new one", async () => {
    const [first, second] = [makeCertificate(), makeCertificate()];
    const server = await start({ tls: { ...first, clientAuth: "none", isOnly: true } });
    expect(server.address).toEqual(server.secureAddress);
    const early = await open(place(server), { ca: first.cert });
    expect(() => server.reloadTls({ cert: "nonsense", key: second.key })).toThrow("invalid-options");
    await open(place(server), { ca: first.cert });
    server.reloadTls(second);
    await open(place(server), { ca: second.cert });
    expect(await codeOf(connect(place(server), { ...brief, tls: { ca: first.cert } }))).toBe("timeout");
    await early.create("/still-here");
  });

  test("does not start with certificates that it cannot use", async () => {
    const [own, other] = [makeCertificate(), makeCertificate()];
    expect(await codeOf(startServer({ tls: { cert: own.cert } }))).toBe("invalid-options");
    expect(await codeOf(startServer({ tls: { cert: own.cert, key: other.key } }))).toBe("invalid-options");
    const plain = await start({});
    expect(() => plain.reloadTls(own)).toThrow("without tls");
  });

  test("is set up by zoo.cfg, and reads its files again when they change", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-tls-"));
    closers.push(() => rm(directory, { recursive: true, force: true }));
    const [first, second, mine] = [makeCertificate(), makeCertificate(), makeCertificate()];
    const store = join(directory, "server.pem");
    await writeFile(store, first.key + first.cert);
    await writeFile(join(directory, "clients.pem"), mine.cert);
    const lines = ["tickTime=100", `dataDir=${directory}`, "secureClientPort=0", "secureClientPortAddress=127.0.0.1"];
    lines.push("ssl.keyStore.location=server.pem", "ssl.trustStore.location=clients.pem", "ssl.clientAuth=need");
    await writeFile(join(directory, "zoo.cfg"), lines.join("\n"));
    const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--conditions=@tutti/source", main, "serve", "--config", join(directory, "zoo.cfg")],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    closers.push(() => void child.kill("SIGKILL"));
    let text = "";
    const says = (what: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = what.exec(text);
          if (found !== null) resolve(found[1] ?? "");
        };
        child.stderr.on("data", look);
        child.once("exit", () => reject(new Error(text)));
        look();
      });
    child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
    const address = await says(/serving TLS on (\S+)/);
    await open(address, { ca: first.cert, ...mine });
    await writeFile(store, second.key + second.cert);
    await says(/certificates were read again()/);
    await open(address, { ca: second.cert, ...mine });
  });
});
