import { connect as dial, type AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { connect, text } from "../../src/index.ts";
import { startServer } from "../../src/server/index.ts";
import { hasOpenssl, makeCertificate } from "./certificates.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Takes TLS from clients that show a certificate it knows, and passes the bytes on. */
async function startTlsFront(
  target: { host: string; port: number },
  own: { key: string; cert: string },
  ca: string,
): Promise<string> {
  const front = createServer({ ...own, ca, requestCert: true, rejectUnauthorized: true }, (client) => {
    const upstream = dial(target);
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const]) {
      one.on("error", () => one.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  front.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  closers.push(() => void front.close());
  return `127.0.0.1:${(front.address() as AddressInfo).port}`;
}

test.skipIf(!hasOpenssl)("a session over TLS shows its certificate and checks the server's", async () => {
  const server = await startServer({ tickTimeMs: 50 });
  closers.push(() => server.close());
  const [own, mine, stranger] = [makeCertificate(), makeCertificate(), makeCertificate()];
  const place = await startTlsFront(server.address, own, mine.cert);
  const session = await connect(place, { tls: { ca: own.cert, ...mine } });
  closers.push(() => session.close());
  await session.create("/a", "secret");
  expect(await session.getAs("/a", text)).toBe("secret");
  const brief = { connectTimeoutMs: 300, backoffMs: 5 };
  // The server's certificate is nobody's whom we trust.
  await expect(connect(place, { ...brief, tls: { ca: stranger.cert, ...mine } })).rejects.toMatchObject({
    code: "timeout",
  });
  // Ours is nobody's whom the server trusts.
  await expect(connect(place, { ...brief, tls: { ca: own.cert, ...stranger } })).rejects.toMatchObject({
    code: "timeout",
  });
  // A client that speaks plainly to a server that wants TLS does not hang.
  await expect(connect(place, brief)).rejects.toMatchObject({ code: "timeout" });
});
