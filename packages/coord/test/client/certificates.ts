import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A certificate that vouches for itself, for an address or a client. */
export function makeCertificate(subjectName = "/CN=localhost"): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(path.join(tmpdir(), "tutti-tls-"));
  try {
    const [key, cert] = [path.join(directory, "key.pem"), path.join(directory, "cert.pem")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const subject = ["-subj", subjectName, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    spawnSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...curve, ...subject, "-keyout", key, "-out", cert]);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
