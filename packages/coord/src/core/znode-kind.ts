/** What kind of node it is, with what only that kind has. */
export type ZnodeKind =
  | { readonly kind: "persistent" }
  | { readonly kind: "container" }
  | { readonly kind: "ephemeral"; readonly sessionId: bigint }
  | { readonly kind: "ttl"; readonly ttlMs: bigint };

export const persistentKind: ZnodeKind = { kind: "persistent" };
export const containerKind: ZnodeKind = { kind: "container" };

/** Longest life of a TTL node: 40 bits, since ZooKeeper keeps it in the owner field of the Stat. */
export const ttlMsMax = 0xff_ffff_ffffn;

// ZooKeeper's own encoding of a node's kind in the owner field.
const containerOwner = -0x8000_0000_0000_0000n;
const ttlOwnerMark = 0xffn;
const ttlOwnerShift = 56n;

/** A kind as ZooKeeper keeps it in a node's owner field. */
export function ownerOfKind(kind: ZnodeKind): bigint {
  switch (kind.kind) {
    case "persistent":
      return 0n;
    case "container":
      return containerOwner;
    case "ephemeral":
      return kind.sessionId;
    case "ttl":
      return BigInt.asIntN(64, (ttlOwnerMark << ttlOwnerShift) | kind.ttlMs);
  }
}

export function kindOfOwner(owner: bigint): ZnodeKind {
  if (owner === 0n) return persistentKind;
  if (owner === containerOwner) return containerKind;
  const bits = BigInt.asUintN(64, owner);
  if (bits >> ttlOwnerShift !== ttlOwnerMark) return { kind: "ephemeral", sessionId: owner };
  return { kind: "ttl", ttlMs: BigInt.asUintN(40, bits) };
}
