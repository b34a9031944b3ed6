import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { CoordError } from "../coord-error.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { ResolvedOptions } from "./server-options.ts";
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

function listen(server: Server, { host, port }: ResolvedOptions): Promise<ServerAddress> {
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

export async function openClientPort(pipeline: Pipeline, options: ResolvedOptions): Promise<ClientPort> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    accept(socket, pipeline, options);
  });
  const address = await listen(server, options);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroySoon();
      }),
  };
}
