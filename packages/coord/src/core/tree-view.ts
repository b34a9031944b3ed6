import type { Znode, ZnodeState } from "./znode.ts";
import type { ZnodeTable } from "./znode-table.ts";

/**
 * A tree as it was at one moment, read node by node while it goes on changing. Before the tree changes a node that was not
 * read yet, it saves it here.
 */
export class TreeView {
  readonly #nodes: Pick<ZnodeTable, "entries">;
  readonly #number: number;
  readonly #lastZxid: bigint;
  /** Changed or deleted since, and not read yet. */
  readonly #saved = new Map<string, ZnodeState>();

  /** `lastZxid`: of the last change that it shows. `number`: no other view of these nodes has it. */
  constructor(nodes: Pick<ZnodeTable, "entries">, number: number, lastZxid: bigint) {
    this.#nodes = nodes;
    this.#number = number;
    this.#lastZxid = lastZxid;
  }

  /** To be called before a node changes in any way but its children, or goes. */
  save(path: string, node: Znode): void {
    if (node.viewNumber === this.#number || node.czxid > this.#lastZxid || this.#saved.has(path)) return;
    this.#saved.set(path, node.state());
  }

  /** Parents before children. Each is to be read at once, since it goes on changing afterwards. */
  *entries(): Generator<readonly [path: string, node: ZnodeState], void> {
    // Nodes stand in the order in which they were created. What is new is met, too, and passed over.
    for (const [path, node] of this.#nodes.entries()) {
      if (node.czxid > this.#lastZxid) continue;
      const saved = this.#saved.get(path);
      this.#saved.delete(path);
      node.viewNumber = this.#number;
      yield [path, saved ?? node];
    }
    // The rest was deleted, children before their parents, and before it was read.
    for (const entry of [...this.#saved].toSorted(([left], [right]) => left.length - right.length)) yield entry;
  }
}
