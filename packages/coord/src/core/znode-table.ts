import { assert } from "@tutti/stdx";
import type { Acl } from "../protocol/records.ts";
import { AclPool } from "./acl-pool.ts";
import { DataPool } from "./data-pool.ts";
import { placeInPage, SlotPool, slotsOfPage } from "./slot-pool.ts";
import { recordBytes, Znode, type ZnodePools, type ZnodeState } from "./znode.ts";

/** A link to nobody. No node has this slot. */
const none = 0;

/**
 * Nodes by their paths. A node is a record among others, and the children of a node are a list that goes through the records
 * of its children: beside its record a node costs its path and nothing else.
 */
export class ZnodeTable {
  readonly #slots = new Map<string, number>();
  readonly #paths: string[] = [];
  readonly #records = new SlotPool(() => new DataView(new ArrayBuffer(recordBytes * slotsOfPage)));
  readonly #pools: ZnodePools = { data: new DataPool(), acls: new AclPool() };

  constructor() {
    const first = this.#records.take();
    assert(first === none, "the first slot stands for nobody");
    this.#paths.push("");
  }

  get size(): number {
    return this.#slots.size;
  }

  get aclLists(): readonly (readonly Acl[])[] {
    return this.#pools.acls.lists;
  }

  get(path: string): Znode | undefined {
    const slot = this.#slots.get(path);
    return slot === undefined ? undefined : this.#at(slot);
  }

  /** In the order in which they were added. What is added meanwhile is met, too. */
  *entries(): Generator<[path: string, node: Znode], void> {
    for (const [path, slot] of this.#slots) yield [path, this.#at(slot)];
  }

  add(path: string, state: ZnodeState, parent: Znode | undefined): Znode {
    const slot = this.#records.take();
    this.#slots.set(path, slot);
    this.#paths[slot] = path;
    const node = Znode.create(this.#placeOf(slot), this.#pools, state);
    if (parent === undefined) return node;
    const last = parent.lastChild;
    node.previousSibling = last;
    if (last === none) parent.firstChild = slot;
    else this.#at(last).nextSibling = slot;
    parent.lastChild = slot;
    parent.childCount += 1;
    return node;
  }

  /** `node` is what is at the path, and has no children. */
  remove(path: string, node: Znode, parent: Znode): void {
    const slot = this.#slots.get(path);
    assert(slot !== undefined, "only a node that is there is removed");
    const { previousSibling, nextSibling } = node;
    if (previousSibling === none) parent.firstChild = nextSibling;
    else this.#at(previousSibling).nextSibling = nextSibling;
    if (nextSibling === none) parent.lastChild = previousSibling;
    else this.#at(nextSibling).previousSibling = previousSibling;
    parent.childCount -= 1;
    node.end();
    this.#slots.delete(path);
    this.#paths[slot] = "";
    this.#records.release(slot);
  }

  /** Paths of children, in the order in which they were added. */
  childPaths(node: Znode): string[] {
    const paths: string[] = [];
    for (let slot = node.firstChild; slot !== none; slot = this.#at(slot).nextSibling) {
      paths.push(this.#paths[slot] ?? "");
    }
    return paths;
  }

  #at(slot: number): Znode {
    return new Znode(this.#placeOf(slot), this.#pools);
  }

  #placeOf(slot: number): { readonly page: DataView; readonly offset: number } {
    return { page: this.#records.pageOf(slot), offset: placeInPage(slot) * recordBytes };
  }
}
