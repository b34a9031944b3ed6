import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { ByteChannel } from "../ports/byte-channel.ts";

/** Certificates and keys for TLS, as PEM; what is left out is Node's default. */
export type ClientTls = Pick<
  ConnectionOptions,
  "ca" | "cert" | "key" | "passphrase" | "servername" | "rejectUnauthorized"
>;

export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ClientTls | undefined;
  /** A program that has nothing else to do ends although the socket is open. */
  readonly unref: boolean;
}

/**
 * A connection to a server. Names are looked up anew each time. What is sent first in a turn leaves at once, for the sake of
 * a lone request; all that follows in that turn leaves together.
 */
export function createSocketChannel({ host, port, tls, unref }: SocketOptions): ByteChannel {
  let socket: Socket | undefined;
  let isCorked = false;
  return {
    open: (listener) => {
      const isSecure = tls !== undefined;
      const name = isSecure && isIP(host) === 0 ? { servername: host } : {};
      const made = isSecure ? connectTls({ host, port, ...name, ...tls }) : connectTcp({ host, port });
      socket = made;
      let cause: Error | undefined;
      made.setNoDelay(true);
      if (unref) made.unref();
      made.on(isSecure ? "secureConnect" : "connect", () => listener.opened());
      made.on("data", (chunk: Uint8Array) => listener.bytes(chunk));
      made.on("error", (error: Error) => (cause = error));
      made.on("close", () => listener.closed(cause));
    },
    send: (bytes) => {
      const open = socket;
      if (open === undefined) return;
      open.write(bytes);
      if (isCorked) return;
      isCorked = true;
      open.cork();
      process.nextTick(() => {
        isCorked = false;
        open.uncork();
      });
    },
    close: () => socket?.end(),
    destroy: () => socket?.destroy(),
  };
}
