import { ChurningMap } from "@tutti/stdx";
import type { Acl } from "../protocol/records.ts";
import type { DataTree } from "./data-tree.ts";
import { normalPath } from "./zookeeper-path.ts";
import type { Znode } from "./znode.ts";
import type { ZnodeKind } from "./znode-kind.ts";

/** What judging a request has to know of a node. */
export interface NodeView {
  readonly version: number;
  readonly aversion: number;
  readonly childCreates: number;
  readonly childCount: number;
  readonly dataBytes: number;
  readonly mtimeMs: bigint;
  readonly kind: ZnodeKind;
  readonly acl: readonly Acl[];
}

interface ChangeRecord {
  readonly zxid: bigint;
  /** Undefined once the node is deleted. */
  readonly view: NodeView | undefined;
}

interface LoggedChange {
  readonly zxid: bigint;
  readonly path: string;
  readonly previous: ChangeRecord | undefined;
}

function viewOf(node: Znode): NodeView {
  return {
    version: node.version,
    aversion: node.aversion,
    childCreates: node.childCreates,
    childCount: node.childCount,
    dataBytes: node.dataBytes,
    mtimeMs: node.mtimeMs,
    kind: node.kind,
    acl: node.acl,
  };
}

/**
 * The tree as it will be once everything prepared is applied: the tree itself, and in front of it one record per
 * node that a transaction on its way has changed. Holds nothing when nothing is on its way.
 */
export class Outstanding {
  readonly #tree: DataTree;
  readonly #records = new ChurningMap<string, ChangeRecord>();
  #log: LoggedChange[] = [];
  /** Changes before this one are settled; they are dropped in bulk. */
  #settled = 0;

  constructor(tree: DataTree) {
    this.#tree = tree;
  }

  get(path: string): NodeView | undefined {
    const key = normalPath(path);
    const record = this.#records.get(key);
    if (record !== undefined) return record.view;
    const node = this.#tree.get(key);
    return node === undefined ? undefined : viewOf(node);
  }

  put(path: string, view: NodeView | undefined, zxid: bigint): void {
    const key = normalPath(path);
    this.#log.push({ zxid, path: key, previous: this.#records.get(key) });
    this.#records.set(key, { zxid, view });
  }

  /** Ephemerals that the session will have: those of the tree, with creates and deletes on their way. */
  ephemeralsOf(sessionId: bigint): readonly string[] {
    const paths = new Set(this.#tree.ephemeralsOf(sessionId));
    for (const [path, { view }] of this.#records) {
      if (view?.kind.kind === "ephemeral" && view.kind.sessionId === sessionId) paths.add(path);
      else paths.delete(path);
    }
    return [...paths];
  }

  /** A point to come back to, when one operation of a multi fails. */
  mark(): number {
    return this.#log.length;
  }

  /** Takes back everything since the mark, so that a failed multi leaves no trace (ZOOKEEPER-1624). */
  rollback(mark: number): void {
    for (const { path, previous } of this.#log.splice(mark).toReversed()) {
      if (previous === undefined) this.#records.delete(path);
      else this.#records.set(path, previous);
    }
  }

  /** The tree has caught up to this zxid. */
  settle(zxid: bigint): void {
    for (; this.#settled < this.#log.length; this.#settled += 1) {
      const logged = this.#log[this.#settled];
      if (logged === undefined || logged.zxid > zxid) break;
      const record = this.#records.get(logged.path);
      if (record !== undefined && record.zxid <= zxid) this.#records.delete(logged.path);
    }
    if (this.#settled * 2 < this.#log.length) return;
    this.#log = this.#log.slice(this.#settled);
    this.#settled = 0;
  }

  clear(): void {
    this.#records.clear();
    this.#log = [];
    this.#settled = 0;
  }
}
