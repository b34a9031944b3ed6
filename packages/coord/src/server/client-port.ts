import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createSecureServer, Server as SecureServer } from "node:tls";
import { CoordError } from "../coord-error.ts";
import { TokenBucket } from "../core/token-bucket.ts";
import type { RefusalReason } from "../ports/server-event.ts";
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

/** Decides whom to let in; the same for all ports of a server. */
export type Admission = (remoteAddress: string) => RefusalReason | undefined;

export function createAdmission(pipeline: Pipeline, options: ResolvedOptions): Admission {
  const { connectionsPerAddressMax, connectionsMax, connectionThrottle } = options;
  const { environment } = pipeline;
  const bucket =
    connectionThrottle === undefined ? undefined : new TokenBucket(connectionThrottle, environment.monotonicMs());
  return (remoteAddress) => {
    const { connections } = pipeline;
    if (connectionsMax > 0 && connections.size >= connectionsMax) return "too-many";
    if (connectionsPerAddressMax > 0) {
      let count = 0;
      for (const { host } of connections.values()) if (host.remoteAddress === remoteAddress) count += 1;
      if (count >= connectionsPerAddressMax) return "too-many-of-address";
    }
    return bucket?.take(environment.monotonicMs()) === false ? "too-fast" : undefined;
  };
}

/** Hands a socket's bytes to the pipeline, unless it is refused. */
function accept(socket: Socket, { pipeline, options, admission }: PortPlace): void {
  const host = new SocketHost(socket, options.unsentBytesMax);
  const reason = admission(host.remoteAddress);
  if (reason !== undefined) {
    pipeline.environment.tell("connectionRefused", { remote: host.remoteName, reason });
    socket.destroy();
    return;
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

/** What the ports of a server have in common. */
export interface PortPlace {
  readonly pipeline: Pipeline;
  readonly options: ResolvedOptions;
  readonly admission: Admission;
}

function serve(server: Server, place: PortPlace): Set<Socket> {
  const sockets = new Set<Socket>();
  // Those that are still agreeing on keys are closed with the others.
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const event = server instanceof SecureServer ? "secureConnection" : "connection";
  server.on(event, (socket: Socket) => accept(socket, place));
  return sockets;
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroySoon();
  });
}

export async function openClientPort(place: PortPlace): Promise<ClientPort> {
  const server = createServer();
  const sockets = serve(server, place);
  const address = await listen(server, place.options);
  return { address, close: () => close(server, sockets) };
}

export async function openSecurePort(place: PortPlace, tls: ServerTls): Promise<SecureClientPort> {
  const server = secureServer(tls);
  const sockets = serve(server, place);
  const address = await listen(server, { host: tls.host ?? place.options.host, port: tls.port ?? 0 });
  return {
    address,
    close: () => close(server, sockets),
    reload: (certificates) => {
      checkCertificates(certificates);
      server.setSecureContext(certificatesOf(certificates));
    },
  };
}
