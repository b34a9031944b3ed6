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

/** Who may take part, and how that is known. */
export interface ClusterSecurity {
  /** Known to all processes of the cluster and to nobody else: at least 32 bytes. Whoever knows it runs code on all of them. */
  readonly secret?: Uint8Array;
  /** A process from which nothing came for so long is taken for lost. Default 4 000. */
  readonly silenceMs?: number;
}

/** Refuses an address that strangers reach, without a secret. */
export function checkBind(host: string, { secret }: ClusterSecurity): void {
  if (secret !== undefined && secret.length < secretBytesMin) {
    throw new RuntimeError("invalid-argument", `the secret has ${secret.length} bytes; it must have ${secretBytesMin}`);
  }
  if (secret !== undefined || loopback.test(host)) return;
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
  const { silenceMs = defaultSilenceMs } = security;
  const identity: Identity = { protocol: "tutti-runtime", version: 1, cluster: "", node, about };
  return {
    identity,
    secret: security.secret,
    silenceMs,
    helloTimeoutMs: silenceMs,
    heartbeatMs: Math.min(500, silenceMs / 4),
    frameBytesMax: messageBytesMax,
    unsentBytesMax: 4 * messageBytesMax,
  };
}
