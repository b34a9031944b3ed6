import type { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import { CoordError } from "../coord-error.ts";

/** Certificates and keys as PEM. */
export type ServerCertificates = Pick<SecureContextOptions, "cert" | "key" | "ca" | "passphrase">;

/** A second port, for clients that speak TLS. */
export interface ServerTls extends ServerCertificates {
  /** Default 0, a free one. ZooKeeper's `secureClientPort`. */
  readonly port?: number;
  /** Default: as the plain port. ZooKeeper's `secureClientPortAddress`. */
  readonly host?: string;
  /**
   * Whether clients show a certificate that `ca` vouches for: `need`, the default, lets nobody else in; with `want` they
   * may. Its subject is the client's `x509` id in ACLs. ZooKeeper's `ssl.clientAuth`.
   */
  readonly clientAuth?: "none" | "want" | "need";
  /** There is no plain port. Default false. */
  readonly isOnly?: boolean;
}

/** Throws `invalid-options` for certificates that cannot be used, before a port is opened with them. */
export function checkCertificates(tls: ServerCertificates): void {
  if (tls.cert === undefined || tls.key === undefined) {
    throw new CoordError("invalid-options", "tls needs cert and key, both as PEM");
  }
  try {
    createSecureContext(tls);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CoordError("invalid-options", `the certificate or the key of tls cannot be used: ${why}`, { cause });
  }
}

/**
 * `CN=ann,O=works`: the subject as RFC 2253 writes it, last part first, which is what ZooKeeper compares. Node.js gives
 * one part a line, first part first, escaped as it has to be.
 */
function subjectOf({ subject }: X509Certificate): string {
  return subject.split("\n").toReversed().join(",");
}

/** Who the other side has proved to be; undefined when it showed nothing that anybody vouches for. */
export function provenSubject(socket: TLSSocket): string | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : subjectOf(certificate);
}
