import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { SaslExchange, SaslStep } from "../ports/sasl-exchange.ts";

/** ZooKeeper's realm and host name in every exchange, whatever the host is called. */
const realm = "zk-sasl-md5";
const digestUri = `zookeeper/${realm}`;

function md5(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Text that fits into ISO 8859-1 is hashed in it, whatever the charset of the exchange (RFC 2831, 2.1.2.1). */
function bytesOf(text: string): Buffer {
  const latin = Buffer.from(text, "latin1");
  return latin.toString("latin1") === text ? latin : Buffer.from(text, "utf8");
}

/** `key=value, key="quoted"`; undefined for what is not that. */
function parseDirectives(text: string): ReadonlyMap<string, string> | undefined {
  const directives = new Map<string, string>();
  const pattern = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const [, key = "", quoted, plain = ""] = match;
    if (directives.has(key)) return undefined;
    directives.set(key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
  }
  return directives;
}

interface Proof {
  readonly user: string;
  readonly password: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly authorizationId: string | undefined;
  /** `AUTHENTICATE` in what the client proves, nothing in what the server proves. */
  readonly method: string;
}

function proofOf({ user, password, nonce, cnonce, authorizationId, method }: Proof): string {
  const secret = md5(bytesOf(user), ":", realm, ":", bytesOf(password));
  const suffix = authorizationId === undefined ? "" : `:${authorizationId}`;
  const a1 = md5(secret, `:${nonce}:${cnonce}${suffix}`).toString("hex");
  const a2 = md5(`${method}:${digestUri}`).toString("hex");
  return md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`).toString("hex");
}

function sameText(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

/**
 * The server's side of DIGEST-MD5 (RFC 2831) as ZooKeeper speaks it: quality of protection `auth` alone, no
 * reauthentication. It is no protection by today's measure, and the one mechanism besides Kerberos that clients have.
 */
export function beginDigestMd5(passwordOf: (user: string) => string | undefined): SaslExchange {
  const nonce = randomBytes(24).toString("base64");
  let isChallenged = false;
  const verify = (token: Uint8Array): SaslStep => {
    const directives = parseDirectives(Buffer.from(token).toString("utf8"));
    const user = directives?.get("username") ?? "";
    const cnonce = directives?.get("cnonce");
    const password = passwordOf(user);
    const isForUs =
      directives?.get("nonce") === nonce &&
      directives.get("nc") === "00000001" &&
      (directives.get("qop") ?? "auth") === "auth" &&
      (directives.get("realm") ?? "") === realm &&
      directives.get("digest-uri") === digestUri;
    if (!isForUs || cnonce === undefined || password === undefined) return { kind: "failed" };
    const authorizationId = directives?.get("authzid");
    const proof = { user, password, nonce, cnonce, authorizationId };
    if (!sameText(directives?.get("response") ?? "", proofOf({ ...proof, method: "AUTHENTICATE" }))) {
      return { kind: "failed" };
    }
    // Nobody may act for somebody else.
    if (authorizationId !== undefined && authorizationId !== user) return { kind: "failed" };
    return { kind: "done", token: Buffer.from(`rspauth=${proofOf({ ...proof, method: "" })}`), user };
  };
  return {
    next: (token) => {
      if (isChallenged) return verify(token);
      isChallenged = true;
      if (token.length > 0) return { kind: "failed" };
      const challenge = `realm="${realm}",nonce="${nonce}",charset=utf-8,algorithm=md5-sess,qop="auth"`;
      return { kind: "challenge", token: Buffer.from(challenge) };
    },
  };
}
