import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { LinkAddress } from "./dial.ts";
import { shakeHands, type Admit } from "./handshake.ts";
import type { Link } from "./link.ts";
import { LinkError } from "./link-error.ts";
import { resolveLinkOptions, type LinkOptions, type ResolvedLinkOptions } from "./link-options.ts";

export interface ListenOptions extends LinkOptions {
  /** Whether this peer is wanted; the text says why not, and is told to it. Default: everybody is. */
  readonly admit?: Admit;
  /** A new link. It must be listened to at once. */
  readonly onLink: (link: Link) => void;
  /** A connection did not become a link. For people. */
  readonly onFailure?: (error: LinkError, remoteName: string) => void;
  /** Connections in the middle of a handshake; more are closed at once. Default 256. */
  readonly pendingMax?: number;
}

export interface LinkServer {
  readonly address: LinkAddress;
  /** Stops listening and ends handshakes under way. Links stay; they belong to whoever got them. */
  close(): Promise<void>;
}

/** Listens for peers. Port 0 takes a free one. */
export async function listenForLinks({ host, port }: LinkAddress, options: ListenOptions): Promise<LinkServer> {
  const { admit, onLink, onFailure, pendingMax = 256, ...rest } = options;
  const resolved = resolveLinkOptions(rest);
  const pending = new Set<Socket>();
  const onSocket = (socket: Socket): void => {
    const remoteName = `${socket.remoteAddress}:${socket.remotePort}`;
    if (pending.size >= pendingMax) {
      socket.destroy();
      onFailure?.(new LinkError("refused", `${pendingMax} handshakes are under way`), remoteName);
      return;
    }
    pending.add(socket);
    void shakeHands(socket, "acceptor", resolved, admit)
      .then(onLink, (thrown: unknown) => onFailure?.(LinkError.from(thrown, "broken"), remoteName))
      .finally(() => pending.delete(socket));
  };
  const server = createServer(resolved, onSocket, (error, remoteName) => onFailure?.(error, remoteName));
  const bound = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new LinkError("listen-failed", `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo));
  });
  return {
    address: { host: bound.address, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of pending) socket.destroy();
      }),
  };
}

function createServer(
  { tls, helloTimeoutMs }: ResolvedLinkOptions,
  onSocket: (socket: Socket) => void,
  onFailure: (error: LinkError, remoteName: string) => void,
): Server {
  if (tls === undefined) return createTcpServer(onSocket);
  const { cert, key, ca } = tls;
  const options = { cert, key, ca, requestCert: true, rejectUnauthorized: true, handshakeTimeout: helloTimeoutMs };
  const server = createTlsServer({ ...options, minVersion: "TLSv1.2" }, onSocket);
  server.on("tlsClientError", (cause, socket) => {
    onFailure(new LinkError("broken", cause.message, { cause }), `${socket.remoteAddress}:${socket.remotePort}`);
  });
  return server;
}
