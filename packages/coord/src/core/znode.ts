import type { Acl, Stat } from "../protocol/records.ts";

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

/** A node of the tree. Only the tree changes it; the data array itself is never written to. */
export interface Znode {
  data: Uint8Array | null;
  acl: readonly Acl[];
  readonly kind: ZnodeKind;
  readonly czxid: bigint;
  mzxid: bigint;
  /** Last create or delete of a child; never goes back. */
  pzxid: bigint;
  readonly ctimeMs: bigint;
  mtimeMs: bigint;
  version: number;
  /** Creates ever made below this node: the next number of a sequential child. Not what a Stat shows. */
  childCreates: number;
  aversion: number;
  /** Empty ones are all the same: most nodes have none. See `addChild`. */
  children: ReadonlySet<string>;
  /** The view that has read it last. Views count from 1. */
  viewNumber: number;
}

export const noChildren: ReadonlySet<string> = new Set();

export function addChild(parent: Znode, name: string): void {
  if (parent.children === noChildren) parent.children = new Set([name]);
  else (parent.children as Set<string>).add(name);
}

export function removeChild(parent: Znode, name: string): void {
  (parent.children as Set<string>).delete(name);
  if (parent.children.size === 0) parent.children = noChildren;
}

export interface ZnodeBirth {
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly kind: ZnodeKind;
}

export function createZnode({ zxid, timeMs, data, acl, kind }: ZnodeBirth): Znode {
  return {
    data,
    acl,
    kind,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctimeMs: timeMs,
    mtimeMs: timeMs,
    version: 0,
    childCreates: 0,
    aversion: 0,
    children: noChildren,
    viewNumber: 0,
  };
}

/** Counters are signed 32 bits wide and come round, as Java's do. */
export function wrap32(value: number): number {
  return value | 0;
}

/**
 * The Stat as clients see it. The visible cversion counts creates and deletes: with c creates and n children left
 * there were c - n deletes. Owners of containers and TTL nodes never show.
 */
export function statOf(node: Znode): Stat {
  const numChildren = node.children.size;
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctime: node.ctimeMs,
    mtime: node.mtimeMs,
    version: node.version,
    cversion: wrap32(2 * node.childCreates - numChildren),
    aversion: node.aversion,
    ephemeralOwner: node.kind.kind === "ephemeral" ? node.kind.sessionId : 0n,
    dataLength: node.data?.length ?? 0,
    numChildren,
    pzxid: node.pzxid,
  };
}

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
