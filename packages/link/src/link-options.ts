import type { SecureContextOptions } from "node:tls";
import type { Identity } from "./hello.ts";
import type { LinkHost } from "./link-host.ts";
import { nodeHost } from "./node-host.ts";

/** A certificate and key of this process, and the authorities whose peers it believes: TLS on both sides, PEM. */
export interface LinkTls {
  readonly cert: NonNullable<SecureContextOptions["cert"]>;
  readonly key: NonNullable<SecureContextOptions["key"]>;
  readonly ca: NonNullable<SecureContextOptions["ca"]>;
  /** The name that a dialed peer's certificate must have. Default: the host that was dialed. */
  readonly servername?: string;
}

export interface LinkOptions {
  readonly identity: Identity;
  /** Both sides must know it, and prove so without saying it. Frames then carry a tag that nobody else can make. */
  readonly secret?: Uint8Array | undefined;
  readonly tls?: LinkTls | undefined;
  /** Largest frame, sent or received. Default 4 MiB. */
  readonly frameBytesMax?: number;
  /** Bytes that may wait for a peer before the link breaks as `overflow`. Default 64 MiB. */
  readonly unsentBytesMax?: number;
  /** A heartbeat leaves when nothing else did for so long. Default 500. */
  readonly heartbeatMs?: number;
  /** A link over which nothing came for so long breaks as `silent`. Default 4 000. */
  readonly silenceMs?: number;
  /** From the first byte to the end of the handshake. Default 5 000. */
  readonly helloTimeoutMs?: number;
  /** Sockets, time and chance. Default: those of this process. */
  readonly host?: LinkHost;
}

export type ResolvedLinkOptions = Required<Omit<LinkOptions, "secret" | "tls">> & Pick<LinkOptions, "secret" | "tls">;

export function resolveLinkOptions(options: LinkOptions): ResolvedLinkOptions {
  return {
    frameBytesMax: 4 * 1024 * 1024,
    unsentBytesMax: 64 * 1024 * 1024,
    heartbeatMs: 500,
    silenceMs: 4000,
    helloTimeoutMs: 5000,
    host: nodeHost,
    ...options,
  };
}
