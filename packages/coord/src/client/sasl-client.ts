import { createHash, randomBytes } from "node:crypto";

/** What follows a token from the server. */
export type SaslClientStep =
  | { readonly kind: "send"; readonly token: Uint8Array }
  | { readonly kind: "done" }
  | { readonly kind: "failed" };

export interface SaslClient {
  next(token: Uint8Array): SaslClientStep;
}

const digestUri = "zookeeper/zk-sasl-md5";

function md5(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Text that fits into ISO 8859-1 is hashed in it, whatever the charset of the exchange (RFC 2831, 2.1.2.1). */
function hashedForm(text: string): Buffer {
  const latin = Buffer.from(text, "latin1");
  return latin.toString("latin1") === text ? latin : Buffer.from(text, "utf8");
}

function directiveOf(challenge: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`(?:^|,)\\s*${name}=(?:"([^"]*)"|([^",\\s]+))`).exec(challenge) ?? [];
  return quoted ?? plain;
}

/** The client's side of DIGEST-MD5 (RFC 2831), which ends with a proof that the server knows the password, too. */
export function beginSaslClient({ user, password }: { readonly user: string; readonly password: string }): SaslClient {
  const cnonce = randomBytes(24).toString("base64");
  let expected: string | undefined;
  const respond = (challenge: string): SaslClientStep => {
    const nonce = directiveOf(challenge, "nonce");
    if (nonce === undefined) return { kind: "failed" };
    const realm = directiveOf(challenge, "realm") ?? "";
    const secret = md5(hashedForm(user), `:${realm}:`, hashedForm(password));
    const proofOf = (method: string): string => {
      const a1 = md5(secret, `:${nonce}:${cnonce}`).toString("hex");
      const a2 = md5(`${method}:${digestUri}`).toString("hex");
      return md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`).toString("hex");
    };
    expected = `rspauth=${proofOf("")}`;
    const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
    const response = [
      "charset=utf-8",
      `username=${quote(user)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      "nc=00000001",
      `cnonce=${quote(cnonce)}`,
      `digest-uri=${quote(digestUri)}`,
      "maxbuf=65536",
      `response=${proofOf("AUTHENTICATE")}`,
      "qop=auth",
    ].join(",");
    return { kind: "send", token: Buffer.from(response) };
  };
  return {
    next: (token) => {
      const text = Buffer.from(token).toString("utf8");
      if (expected === undefined) return respond(text);
      return text === expected ? { kind: "done" } : { kind: "failed" };
    },
  };
}
