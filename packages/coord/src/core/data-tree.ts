import { assert } from "@tutti/stdx";
import type { Acl, Stat } from "../protocol/records.ts";
import { openAcl, readAcl } from "./acl.ts";
import { encodeQuotaTrack, limitsName, parseQuotaTrack, quotaSubjectOf, statsName, statsPathOf } from "./quota.ts";
import { nameOf, normalPath, parentOf, specialPaths } from "./zookeeper-path.ts";
import type { CreateTxn, SetAclTxn, SetDataTxn, TreeChange } from "./txn.ts";
import { TreeView } from "./tree-view.ts";
import { newZnode, statOf, type Znode, type ZnodeState } from "./znode.ts";
import { kindOfOwner, persistentKind } from "./znode-kind.ts";
import { ZnodeTable } from "./znode-table.ts";

const noPaths: ReadonlySet<string> = new Set();

function weightOf(path: string, data: Uint8Array | null): number {
  return path.length + bytesOf(data);
}

function bytesOf(data: Uint8Array | null): number {
  return data?.length ?? 0;
}

/**
 * All znodes, and the tables that are derived from them: ephemerals by session, containers, TTL nodes, quotas.
 * Applies what was already judged; it refuses nothing but what cannot exist.
 */
export class DataTree {
  readonly #nodes = new ZnodeTable();
  readonly #ephemerals = new Map<bigint, Set<string>>();
  /** Containers and TTL nodes, which the reaper looks at. */
  readonly #reapables = new Set<string>();
  /** Paths with a limits node. */
  readonly #quotas = new Set<string>();
  #bytes = 0;
  #view: TreeView | undefined;
  #viewCount = 0;

  /** `config` is what `/zookeeper/config` shows: the servers of the ensemble, nothing for one that stands alone. */
  constructor(config: string = "") {
    const birth = { zxid: 0n, timeMs: 0n, data: new Uint8Array(0), acl: openAcl, kind: persistentKind };
    const { root: rootPath, zookeeper: ownPath } = specialPaths;
    const root = this.#nodes.add(rootPath, newZnode(birth), undefined);
    const own = this.#nodes.add(ownPath, newZnode(birth), root);
    this.#nodes.add(specialPaths.quota, newZnode(birth), own);
    const configNode = newZnode({ ...birth, data: new TextEncoder().encode(config), acl: readAcl });
    // ZooKeeper sets this list with version -1 at start, which leaves the aversion there. None of these counts as a create:
    // a fresh root shows cversion -1, a fresh /zookeeper -2.
    this.#nodes.add(specialPaths.config, { ...configNode, aversion: -1 }, own);
    for (const [path, { data }] of this.#nodes.entries()) this.#bytes += weightOf(path, data);
  }

  get(path: string): Znode | undefined {
    return this.#nodes.get(normalPath(path));
  }

  /** As `zk_znode_count` counts: the root under both of its names. */
  get nodeCount(): number {
    return this.#nodes.size + 1;
  }

  /** Of paths and data together, as `zk_approximate_data_size` counts. */
  get approximateBytes(): number {
    return this.#bytes;
  }

  ephemeralsOf(sessionId: bigint): ReadonlySet<string> {
    return this.#ephemerals.get(sessionId) ?? noPaths;
  }

  get ephemeralCount(): number {
    let count = 0;
    for (const paths of this.#ephemerals.values()) count += paths.size;
    return count;
  }

  get reapables(): ReadonlySet<string> {
    return this.#reapables;
  }

  /** Paths and nodes, in no promised order. */
  entries(): IterableIterator<[string, Znode]> {
    return this.#nodes.entries();
  }

  /** Paths of the children of a node, in no promised order. */
  childPathsOf(node: Znode): string[] {
    return this.#nodes.childPaths(node);
  }

  /** Names of the children of a node, in no promised order. */
  childNamesOf(node: Znode): string[] {
    return this.#nodes.childPaths(node).map(nameOf);
  }

  /** Lists that nodes share, each once; nodes with the one that lets everybody do everything share `openAcl`. */
  get aclLists(): readonly (readonly Acl[])[] {
    return this.#nodes.aclLists;
  }

  /** Views that were begun so far. */
  get viewCount(): number {
    return this.#viewCount;
  }

  get isViewed(): boolean {
    return this.#view !== undefined;
  }

  /**
   * All nodes as they are now, parents before children, to be drawn while the tree changes. `lastZxid`: of the last
   * change. One at a time: the next one ends it, so that what the tree keeps for one that nobody draws is bounded.
   */
  view(lastZxid: bigint): Iterable<readonly [path: string, node: ZnodeState]> {
    this.#viewCount += 1;
    const view = new TreeView(this.#nodes, this.#viewCount, lastZxid);
    this.#view = view;
    return this.#entriesOf(view);
  }

  *#entriesOf(view: TreeView): Generator<readonly [path: string, node: ZnodeState], void> {
    try {
      for (const entry of view.entries()) {
        assert(this.#view === view, "a view is not drawn on after the next one began");
        yield entry;
      }
    } finally {
      if (this.#view === view) this.#view = undefined;
    }
  }

  /** Descendants of a node, itself not included. */
  descendantCount(path: string): number {
    let count = 0;
    this.#visit(normalPath(path), () => (count += 1));
    return count - 1;
  }

  /** The nearest path with a quota, the node itself included. */
  quotaPathOf(path: string): string | undefined {
    if (this.#quotas.size === 0) return undefined;
    for (let at = path; at !== "/"; at = parentOf(at)) if (this.#quotas.has(at)) return at;
    return undefined;
  }

  create(txn: CreateTxn, zxid: bigint, timeMs: bigint): { stat: Stat; change: TreeChange } {
    const { path, data, acl, kind } = txn;
    const parent = this.#existing(parentOf(path));
    assert(this.#nodes.get(path) === undefined, "a create is applied only where there is no node");
    this.#view?.save(parentOf(path), parent);
    const node = this.#nodes.add(path, newZnode({ zxid, timeMs, data, acl, kind }), parent);
    this.#bytes += weightOf(path, data);
    parent.childCreates = txn.parentChildCreates;
    parent.pzxid = zxid;
    if (kind.kind === "ephemeral") this.#ephemeralSet(kind.sessionId).add(path);
    if (kind.kind === "container" || kind.kind === "ttl") this.#reapables.add(path);
    this.#quotaNodeCreated(path);
    this.#count(path, 1n, BigInt(bytesOf(data)));
    return { stat: statOf(node), change: { kind: "created", path, zxid, acl, parentAcl: parent.acl } };
  }

  delete(path: string, zxid: bigint): TreeChange {
    const node = this.#existing(path);
    const parent = this.#existing(parentOf(path));
    assert(node.childCount === 0, "only a node without children is deleted");
    this.#view?.save(path, node);
    this.#view?.save(parentOf(path), parent);
    const { acl, dataBytes, kind } = node;
    this.#count(path, -1n, -BigInt(dataBytes));
    this.#nodes.remove(path, node, parent);
    this.#bytes -= path.length + dataBytes;
    parent.pzxid = zxid;
    this.#reapables.delete(path);
    if (kind.kind === "ephemeral") this.#forgetEphemeral(kind.sessionId, path);
    const subject = quotaSubjectOf(path, limitsName);
    if (subject !== undefined) this.#quotas.delete(subject);
    return { kind: "deleted", path, zxid, acl, parentAcl: parent.acl };
  }

  setData(txn: SetDataTxn, zxid: bigint, timeMs: bigint): { stat: Stat; change: TreeChange } {
    const node = this.#existing(txn.path);
    const bytesDiff = BigInt(bytesOf(txn.data) - node.dataBytes);
    this.#view?.save(normalPath(txn.path), node);
    this.#replaceData(node, txn.data);
    node.version = txn.version;
    node.mzxid = zxid;
    node.mtimeMs = timeMs;
    this.#count(txn.path, 0n, bytesDiff);
    const parentAcl = this.#existing(parentOf(txn.path)).acl;
    return { stat: statOf(node), change: { kind: "dataChanged", path: txn.path, zxid, acl: node.acl, parentAcl } };
  }

  setAcl(txn: SetAclTxn): Stat {
    const node = this.#existing(txn.path);
    this.#view?.save(normalPath(txn.path), node);
    node.acl = txn.acl;
    node.aversion = txn.aversion;
    return statOf(node);
  }

  /** Puts a node back as it was saved; used by restore alone, parents before children. */
  restoreNode(path: string, node: ZnodeState): void {
    const before = this.#nodes.get(path);
    this.#bytes += weightOf(path, node.data) - (before === undefined ? 0 : path.length + before.dataBytes);
    if (before === undefined) this.#nodes.add(path, node, this.#existing(parentOf(path)));
    else before.overwrite(node);
    const kind = kindOfOwner(node.owner);
    if (kind.kind === "ephemeral") this.#ephemeralSet(kind.sessionId).add(path);
    if (kind.kind === "container" || kind.kind === "ttl") this.#reapables.add(path);
    const subject = quotaSubjectOf(path, limitsName);
    if (subject !== undefined) this.#quotas.add(subject);
  }

  #replaceData(node: Znode, data: Uint8Array | null): void {
    this.#bytes += bytesOf(data) - node.dataBytes;
    node.data = data;
  }

  #existing(path: string): Znode {
    const node = this.#nodes.get(normalPath(path));
    assert(node !== undefined, "a transaction names nodes that exist");
    return node;
  }

  #ephemeralSet(sessionId: bigint): Set<string> {
    const paths = this.#ephemerals.get(sessionId) ?? new Set<string>();
    this.#ephemerals.set(sessionId, paths);
    return paths;
  }

  #forgetEphemeral(sessionId: bigint, path: string): void {
    const paths = this.#ephemeralSet(sessionId);
    paths.delete(path);
    if (paths.size === 0) this.#ephemerals.delete(sessionId);
  }

  #quotaNodeCreated(path: string): void {
    const limited = quotaSubjectOf(path, limitsName);
    if (limited !== undefined) this.#quotas.add(limited);
    const counted = quotaSubjectOf(path, statsName);
    if (counted !== undefined) this.#recount(counted);
  }

  /** Fills a new stats node with what is there already. */
  #recount(subject: string): void {
    const stats = this.#nodes.get(statsPathOf(subject));
    if (stats === undefined) return;
    let count = 0n;
    let bytes = 0n;
    this.#visit(subject, (node) => {
      count += 1n;
      bytes += BigInt(node.dataBytes);
    });
    this.#view?.save(statsPathOf(subject), stats);
    this.#replaceData(stats, encodeQuotaTrack({ count, bytes, countHardLimit: -1n, byteHardLimit: -1n }));
  }

  /** Keeps the stats node of the nearest quota; its Stat stays, since no transaction touches it. */
  #count(path: string, countDiff: bigint, bytesDiff: bigint): void {
    const subject = this.quotaPathOf(path);
    const stats = subject === undefined ? undefined : this.#nodes.get(statsPathOf(subject));
    if (stats === undefined) return;
    const used = parseQuotaTrack(stats.data);
    const next = { ...used, count: used.count + countDiff, bytes: used.bytes + bytesDiff };
    if (subject !== undefined) this.#view?.save(statsPathOf(subject), stats);
    this.#replaceData(stats, encodeQuotaTrack(next));
  }

  /** Walks a subtree without recursion: a chain of a million nodes is legal. */
  #visit(path: string, visit: (node: Znode, path: string) => void): void {
    const waiting = [path];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const node = this.#nodes.get(at);
      if (node === undefined) continue;
      visit(node, at);
      for (const child of this.#nodes.childPaths(node)) waiting.push(child);
    }
  }
}
