import type { Acl, Stat } from "../protocol/records.ts";
import type { AclPool } from "./acl-pool.ts";
import type { DataPlace, DataPool } from "./data-pool.ts";
import { kindOfOwner, ownerOfKind, type ZnodeKind } from "./znode-kind.ts";

/** All that a node is but its name and its children. */
export interface ZnodeState {
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** The kind, as ZooKeeper keeps it. */
  readonly owner: bigint;
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** Last create or delete of a child; never goes back. */
  readonly pzxid: bigint;
  readonly ctimeMs: bigint;
  readonly mtimeMs: bigint;
  readonly version: number;
  /** Creates ever made below this node: the next number of a sequential child. Not what a Stat shows. */
  readonly childCreates: number;
  readonly aversion: number;
}

export interface ZnodeBirth {
  readonly zxid: bigint;
  readonly timeMs: bigint;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly kind: ZnodeKind;
}

export function newZnode({ zxid, timeMs, data, acl, kind }: ZnodeBirth): ZnodeState {
  return {
    data,
    acl,
    owner: ownerOfKind(kind),
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctimeMs: timeMs,
    mtimeMs: timeMs,
    version: 0,
    childCreates: 0,
    aversion: 0,
  };
}

/** Where a field is in a record. */
const offsets = {
  czxid: 0,
  mzxid: 8,
  pzxid: 16,
  ctimeMs: 24,
  mtimeMs: 32,
  owner: 40,
  version: 48,
  childCreates: 52,
  aversion: 56,
  acl: 60,
  dataSlot: 64,
  dataLength: 68,
  childCount: 72,
  firstChild: 76,
  lastChild: 80,
  nextSibling: 84,
  previousSibling: 88,
  viewNumber: 92,
} as const;

export const recordBytes = 96;

/** What nodes share, of which a record has the place. */
export interface ZnodePools {
  readonly data: DataPool;
  readonly acls: AclPool;
}

/** Where a record is. */
export interface RecordPlace {
  readonly page: DataView;
  readonly offset: number;
}

/**
 * A node of the tree: whoever asks for one gets an object that reads and writes its record, which says how the node is at any
 * moment until it is deleted. Only the tree changes it. Its links are slots of other nodes, 0 where there is none.
 */
export class Znode implements ZnodeState {
  readonly #record: DataView;
  readonly #at: number;
  readonly #pools: ZnodePools;

  constructor({ page, offset }: RecordPlace, pools: ZnodePools) {
    this.#record = page;
    this.#at = offset;
    this.#pools = pools;
  }

  /** Fills a record, whatever stood there before. The node has neither children nor a place among siblings. */
  static create(place: RecordPlace, pools: ZnodePools, state: ZnodeState): Znode {
    const { page, offset } = place;
    for (let at = offset; at < offset + recordBytes; at += 4) page.setInt32(at, 0);
    const node = new Znode(place, pools);
    node.#write(state);
    return node;
  }

  /** Everything but children and place is another from now on. */
  overwrite(state: ZnodeState): void {
    const { data, acl } = this.#shared;
    this.#write(state);
    this.#pools.data.release(data);
    this.#pools.acls.release(acl);
  }

  /** The node is gone, and its record is for others. */
  end(): void {
    const { data, acl } = this.#shared;
    this.#pools.data.release(data);
    this.#pools.acls.release(acl);
  }

  #write(state: ZnodeState): void {
    const [record, at] = [this.#record, this.#at];
    record.setBigInt64(at + offsets.czxid, state.czxid);
    record.setBigInt64(at + offsets.ctimeMs, state.ctimeMs);
    record.setBigInt64(at + offsets.owner, state.owner);
    this.mzxid = state.mzxid;
    this.pzxid = state.pzxid;
    this.mtimeMs = state.mtimeMs;
    this.version = state.version;
    this.childCreates = state.childCreates;
    this.aversion = state.aversion;
    record.setUint32(at + offsets.acl, this.#pools.acls.keep(state.acl));
    this.#setPlace(this.#pools.data.keep(state.data));
  }

  /** A copy that stays what it is. */
  state(): ZnodeState {
    return {
      data: this.data?.slice() ?? null,
      acl: this.acl,
      owner: this.owner,
      czxid: this.czxid,
      mzxid: this.mzxid,
      pzxid: this.pzxid,
      ctimeMs: this.ctimeMs,
      mtimeMs: this.mtimeMs,
      version: this.version,
      childCreates: this.childCreates,
      aversion: this.aversion,
    };
  }

  get #shared(): { readonly data: DataPlace; readonly acl: number } {
    const [record, at] = [this.#record, this.#at];
    const data = { slot: record.getInt32(at + offsets.dataSlot), length: record.getInt32(at + offsets.dataLength) };
    return { data, acl: record.getUint32(at + offsets.acl) };
  }

  #setPlace({ slot, length }: DataPlace): void {
    this.#record.setInt32(this.#at + offsets.dataSlot, slot);
    this.#record.setInt32(this.#at + offsets.dataLength, length);
  }

  /** To be read at once: the next change of the tree may write something else there. */
  get data(): Uint8Array | null {
    return this.#pools.data.read(this.#shared.data);
  }

  set data(value: Uint8Array | null) {
    const before = this.#shared.data;
    this.#setPlace(this.#pools.data.keep(value));
    this.#pools.data.release(before);
  }

  get dataBytes(): number {
    return Math.max(0, this.#record.getInt32(this.#at + offsets.dataLength));
  }

  get acl(): readonly Acl[] {
    return this.#pools.acls.read(this.#record.getUint32(this.#at + offsets.acl));
  }

  set acl(value: readonly Acl[]) {
    const before = this.#shared.acl;
    this.#record.setUint32(this.#at + offsets.acl, this.#pools.acls.keep(value));
    this.#pools.acls.release(before);
  }

  get kind(): ZnodeKind {
    return kindOfOwner(this.owner);
  }

  get owner(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.owner);
  }

  get czxid(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.czxid);
  }

  get mzxid(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.mzxid);
  }

  set mzxid(value: bigint) {
    this.#record.setBigInt64(this.#at + offsets.mzxid, value);
  }

  get pzxid(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.pzxid);
  }

  set pzxid(value: bigint) {
    this.#record.setBigInt64(this.#at + offsets.pzxid, value);
  }

  get ctimeMs(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.ctimeMs);
  }

  get mtimeMs(): bigint {
    return this.#record.getBigInt64(this.#at + offsets.mtimeMs);
  }

  set mtimeMs(value: bigint) {
    this.#record.setBigInt64(this.#at + offsets.mtimeMs, value);
  }

  get version(): number {
    return this.#record.getInt32(this.#at + offsets.version);
  }

  set version(value: number) {
    this.#record.setInt32(this.#at + offsets.version, value);
  }

  get childCreates(): number {
    return this.#record.getInt32(this.#at + offsets.childCreates);
  }

  set childCreates(value: number) {
    this.#record.setInt32(this.#at + offsets.childCreates, value);
  }

  get aversion(): number {
    return this.#record.getInt32(this.#at + offsets.aversion);
  }

  set aversion(value: number) {
    this.#record.setInt32(this.#at + offsets.aversion, value);
  }

  get childCount(): number {
    return this.#record.getInt32(this.#at + offsets.childCount);
  }

  set childCount(value: number) {
    this.#record.setInt32(this.#at + offsets.childCount, value);
  }

  get firstChild(): number {
    return this.#record.getInt32(this.#at + offsets.firstChild);
  }

  set firstChild(value: number) {
    this.#record.setInt32(this.#at + offsets.firstChild, value);
  }

  get lastChild(): number {
    return this.#record.getInt32(this.#at + offsets.lastChild);
  }

  set lastChild(value: number) {
    this.#record.setInt32(this.#at + offsets.lastChild, value);
  }

  get nextSibling(): number {
    return this.#record.getInt32(this.#at + offsets.nextSibling);
  }

  set nextSibling(value: number) {
    this.#record.setInt32(this.#at + offsets.nextSibling, value);
  }

  get previousSibling(): number {
    return this.#record.getInt32(this.#at + offsets.previousSibling);
  }

  set previousSibling(value: number) {
    this.#record.setInt32(this.#at + offsets.previousSibling, value);
  }

  /** The view that has read it last. Views count from 1. */
  get viewNumber(): number {
    return this.#record.getInt32(this.#at + offsets.viewNumber);
  }

  set viewNumber(value: number) {
    this.#record.setInt32(this.#at + offsets.viewNumber, value);
  }
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
  const { kind, childCount: numChildren } = node;
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctime: node.ctimeMs,
    mtime: node.mtimeMs,
    version: node.version,
    cversion: wrap32(2 * node.childCreates - numChildren),
    aversion: node.aversion,
    ephemeralOwner: kind.kind === "ephemeral" ? kind.sessionId : 0n,
    dataLength: node.dataBytes,
    numChildren,
    pzxid: node.pzxid,
  };
}
