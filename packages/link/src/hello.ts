import { createHmac, timingSafeEqual } from "node:crypto";
import { LinkError, type LinkErrorCode } from "./link-error.ts";

/** Who is at an end of a link, as it says itself; with a secret on both sides, the peer has proved to know it. */
export interface Identity {
  /** What is spoken over the link, for example `tutti-zab`. Both sides must say the same. */
  readonly protocol: string;
  /** Of that protocol: the newest that it speaks. The smaller of both sides' is spoken. */
  readonly version: number;
  /** The oldest that it still speaks. Default: `version`, and no other. */
  readonly oldestVersion?: number;
  /** Of the ensemble. Empty means not known yet, and goes with every other. */
  readonly cluster: string;
  /** Of the process within the ensemble. */
  readonly node: string;
  /** What else a peer may want to compare before it agrees: versions of modules, an address. */
  readonly about?: Readonly<Record<string, string>>;
}

/** One of the few messages before frames flow. */
export type HelloMessage =
  | { readonly kind: "hello"; readonly link: number; readonly nonce: string; readonly identity: Identity }
  | { readonly kind: "proof"; readonly proof: string }
  | { readonly kind: "welcome" }
  | { readonly kind: "refusal"; readonly code: LinkErrorCode; readonly detail: string };

/** Version of the handshake and of the records below the protocol. */
export const linkVersion = 2;
/** A hello is small; whoever sends more is not one of us. */
export const helloBytesMax = 16 * 1024;

const refusalCodes: ReadonlySet<string> = new Set<LinkErrorCode>([
  "wrong-protocol",
  "wrong-version",
  "wrong-cluster",
  "wrong-secret",
  "refused",
]);

export function encodeHello(message: HelloMessage): Uint8Array {
  return Buffer.from(JSON.stringify(message), "utf8");
}

export function decodeHello(bytes: Uint8Array): HelloMessage {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (cause) {
    throw new LinkError("malformed", "a hello that is not JSON", { cause });
  }
  if (!isHelloMessage(value)) throw new LinkError("malformed", "a hello without its fields");
  return value;
}

function isHelloMessage(value: unknown): value is HelloMessage {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  switch (fields["kind"]) {
    case "hello":
      return (
        typeof fields["link"] === "number" && typeof fields["nonce"] === "string" && isIdentity(fields["identity"])
      );
    case "proof":
      return typeof fields["proof"] === "string";
    case "welcome":
      return true;
    case "refusal":
      return refusalCodes.has(String(fields["code"])) && typeof fields["detail"] === "string";
    default:
      return false;
  }
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== "object" || value === null) return false;
  const {
    protocol,
    version,
    oldestVersion = version,
    cluster,
    node,
    about = {},
  } = value as Readonly<Record<string, unknown>>;
  if (typeof about !== "object" || about === null) return false;
  const texts: unknown[] = [protocol, cluster, node, ...(Object.values(about) as unknown[])];
  return (
    typeof version === "number" && typeof oldestVersion === "number" && texts.every((text) => typeof text === "string")
  );
}

/** Why these two cannot talk, or undefined. The same on both sides, but for whose words come first. */
export function problemBetween(own: Identity, peer: Identity, peerLink: number): LinkError | undefined {
  if (peerLink !== linkVersion) return new LinkError("wrong-version", `link version ${peerLink}, not ${linkVersion}`);
  if (own.protocol !== peer.protocol) {
    return new LinkError("wrong-protocol", `${peer.node} speaks ${peer.protocol}, not ${own.protocol}`);
  }
  const spoken = Math.min(own.version, peer.version);
  if (spoken < (own.oldestVersion ?? own.version) || spoken < (peer.oldestVersion ?? peer.version)) {
    return new LinkError(
      "wrong-version",
      `${peer.node} has version ${peer.version} of ${own.protocol}, not ${own.version}`,
    );
  }
  if (own.cluster !== "" && peer.cluster !== "" && own.cluster !== peer.cluster) {
    return new LinkError("wrong-cluster", `${peer.node} belongs to cluster ${peer.cluster}, not to ${own.cluster}`);
  }
  return undefined;
}

/** What both sides have said, from which proofs and the key of the link are made. */
export interface Transcript {
  readonly dialed: Uint8Array;
  readonly accepted: Uint8Array;
}

export type Side = "dialer" | "acceptor";

/** Knowing the secret, over everything said so far; each side has its own, so that none can be sent back. */
export function proofOf(secret: Uint8Array, side: Side, transcript: Transcript): string {
  return mac(secret, `tutti-link proof ${side}`, transcript).toString("base64");
}

/** A key for what this side sends on this link alone. */
export function keyOf(secret: Uint8Array, side: Side, transcript: Transcript): Uint8Array {
  return mac(secret, `tutti-link key ${side}`, transcript);
}

export function sameProof(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function mac(secret: Uint8Array, label: string, { dialed, accepted }: Transcript): Buffer {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(dialed.length, 0);
  lengths.writeUInt32BE(accepted.length, 4);
  return createHmac("sha256", secret).update(label).update(lengths).update(dialed).update(accepted).digest();
}
