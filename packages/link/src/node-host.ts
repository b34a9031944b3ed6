import { randomBytes } from "node:crypto";
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { DoorOptions, LinkAddress, LinkDoor, LinkHost } from "./link-host.ts";

/** Sockets of the system, and the time and chance of this process. */
export const nodeHost: LinkHost = {
  connect: ({ host, port }, tls) =>
    tls === undefined
      ? connectTcp({ host, port })
      : connectTls({ host, port, minVersion: "TLSv1.2", ...tls, servername: tls.servername ?? host }),
  listen,
  nowMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  soon: (run) => void setImmediate(run),
  randomBytes: (count) => randomBytes(count),
};

async function listen({ host, port }: LinkAddress, options: DoorOptions): Promise<LinkDoor> {
  const server = createServer(options);
  const bound = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo));
  });
  return {
    address: { host: bound.address, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function createServer({ tls, helloTimeoutMs, onSocket, onFailure }: DoorOptions): Server {
  if (tls === undefined) return createTcpServer(onSocket);
  const { cert, key, ca } = tls;
  const options = { cert, key, ca, requestCert: true, rejectUnauthorized: true, handshakeTimeout: helloTimeoutMs };
  const server = createTlsServer({ ...options, minVersion: "TLSv1.2" }, onSocket);
  server.on("tlsClientError", (cause, socket) => onFailure(cause, `${socket.remoteAddress}:${socket.remotePort}`));
  return server;
}
