import type { Identity, LinkOptions } from "@tutti/link";
import { messageBytesMax } from "./messages.ts";
import { RuntimeError } from "../runtime-error.ts";

const secretBytesMin = 32;
const defaultSilenceMs = 4000;
const loopback = /^(127\.|::1$|localhost$|::ffff:127\.)/;

/** Where a process listens. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
}

/** Any free port, for this machine alone. */
export const defaultListen: ClusterAddress = { host: "127.0.0.1", port: 0 };

/** A certificate and key of this process, and the authorities whose certificates it believes: PEM. */
export interface ClusterTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly ca: string | Uint8Array;
  /** The name that others' certificates must have. Default: the host that is dialed. */
  readonly servername?: string;
}

/** Who may take part, and how that is known. */
export interface ClusterSecurity {
  /** Known to all processes of the cluster and to nobody else: at least 32 bytes. Whoever knows it runs code on all of them. */
  readonly secret?: Uint8Array;
  /** TLS on every link, with certificates on both sides: whoever has one of these authorities takes part. */
  readonly tls?: ClusterTls;
  /** A process from which nothing came for so long is taken for lost. Default 4 000. */
  readonly silenceMs?: number;
}

/** Whether only this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/** Refuses an address that strangers reach, without a secret or certificates. */
export function checkBind(host: string, { secret, tls }: ClusterSecurity): void {
  if (secret !== undefined && secret.length < secretBytesMin) {
    throw new RuntimeError("invalid-argument", `the secret has ${secret.length} bytes; it must have ${secretBytesMin}`);
  }
  if (secret !== undefined || tls !== undefined || isLoopback(host)) return;
  throw new RuntimeError(
    "invalid-argument",
    `${host} can be reached by others, who could run code here: give a secret, or listen on 127.0.0.1`,
  );
}

export function linkOptions(
  node: string,
  about: Readonly<Record<string, string>>,
  security: ClusterSecurity,
): LinkOptions {
  const { silenceMs = defaultSilenceMs, tls } = security;
  const identity: Identity = { protocol: "tutti-runtime", version: 1, cluster: "", node, about };
  return {
    identity,
    secret: security.secret,
    tls: tls === undefined ? undefined : linkTls(tls),
    silenceMs,
    helloTimeoutMs: silenceMs,
    heartbeatMs: Math.min(500, silenceMs / 4),
    frameBytesMax: messageBytesMax,
    unsentBytesMax: 4 * messageBytesMax,
  };
}

function linkTls({ cert, key, ca, ...rest }: ClusterTls): NonNullable<LinkOptions["tls"]> {
  const pem = (text: string | Uint8Array): string | Buffer => (typeof text === "string" ? text : Buffer.from(text));
  return { cert: pem(cert), key: pem(key), ca: pem(ca), ...rest };
}
