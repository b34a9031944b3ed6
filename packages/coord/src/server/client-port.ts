import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createSecureServer, Server as SecureServer } from "node:tls";
import { CoordError } from "../coord-error.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { ResolvedOptions } from "./server-options.ts";
import { checkCertificates, type ServerCertificates, type ServerTls } from "./server-tls.ts";
import { SocketHost } from "./socket-host.ts";

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The port that clients connect to. */
export interface ClientPort {
  readonly address: ServerAddress;
  /** Takes no more connections, and closes those that are left after what was sent to them has left. */
  close(): Promise<void>;
}

export interface SecureClientPort extends ClientPort {
  /** From the next connection on. Throws `invalid-options` and goes on as before if they cannot be used. */
  reload(certificates: ServerCertificates): void;
}

/** Hands a socket's bytes to the pipeline, unless its address has too many already. */
function accept(socket: Socket, pipeline: Pipeline, options: ResolvedOptions): void {
  const host = new SocketHost(socket, options.unsentBytesMax);
  const { connectionsPerAddressMax: countMax } = options;
  if (countMax > 0) {
    let count = 0;
    for (const other of pipeline.connections.values()) if (other.host.remoteAddress === host.remoteAddress) count += 1;
    if (count >= countMax) {
      socket.destroy();
      return;
    }
  }
  const connection = pipeline.open(host);
  socket.on("drain", () => connection.drained());
  socket.on("data", (chunk: Uint8Array) => connection.receive(chunk));
  // What a socket reports as an error also closes it, and only that matters to the session.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.disconnected());
}

function listen(server: Server, { host, port }: ServerAddress): Promise<ServerAddress> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "address-in-use" : "listen-failed";
      reject(new CoordError(code, `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, () => {
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

/** How long a client may take to agree on keys. */
const handshakeMsMax = 10_000;

function secureServer({ clientAuth = "need", ...tls }: ServerTls): SecureServer {
  const server = createSecureServer({
    ...certificatesOf(tls),
    requestCert: clientAuth !== "none",
    rejectUnauthorized: clientAuth === "need",
    handshakeTimeout: handshakeMsMax,
  });
  // Of one client, whose connection is closed by it.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

function certificatesOf({ cert, key, ca, passphrase }: ServerCertificates): ServerCertificates {
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function serve(server: Server, pipeline: Pipeline, options: ResolvedOptions): Set<Socket> {
  const sockets = new Set<Socket>();
  // Those that are still agreeing on keys are closed with the others.
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const event = server instanceof SecureServer ? "secureConnection" : "connection";
  server.on(event, (socket: Socket) => accept(socket, pipeline, options));
  return sockets;
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroySoon();
  });
}

export async function openClientPort(pipeline: Pipeline, options: ResolvedOptions): Promise<ClientPort> {
  const server = createServer();
  const sockets = serve(server, pipeline, options);
  const address = await listen(server, options);
  return { address, close: () => close(server, sockets) };
}

export async function openSecurePort(
  pipeline: Pipeline,
  options: ResolvedOptions,
  tls: ServerTls,
): Promise<SecureClientPort> {
  const server = secureServer(tls);
  const sockets = serve(server, pipeline, options);
  const address = await listen(server, { host: tls.host ?? options.host, port: tls.port ?? 0 });
  return {
    address,
    close: () => close(server, sockets),
    reload: (certificates) => {
      checkCertificates(certificates);
      server.setSecureContext(certificatesOf(certificates));
    },
  };
}
