import { assert } from "@tutti/stdx";
import type { Acl } from "../protocol/records.ts";
import { isOpen, openAcl } from "./acl.ts";

interface SharedList {
  readonly acl: readonly Acl[];
  readonly key: string;
  nodeCount: number;
}

/** Number of the list that most nodes have, which nobody counts. */
const openNumber = 0;

/** Nodes with equal lists share one, by its number: most trees have a handful. */
export class AclPool {
  readonly #lists = new Map<number, SharedList>();
  readonly #numbers = new Map<string, number>();
  #lastNumber = openNumber;

  /** Counts one more node that has the list. */
  keep(acl: readonly Acl[]): number {
    if (isOpen(acl)) return openNumber;
    const key = JSON.stringify(acl);
    const number = this.#numbers.get(key) ?? this.#add(acl, key);
    this.#shared(number).nodeCount += 1;
    return number;
  }

  /** All lists that nodes have, but for the one that lets everybody do everything. */
  get lists(): readonly (readonly Acl[])[] {
    return [...this.#lists.values()].map(({ acl }) => acl);
  }

  read(number: number): readonly Acl[] {
    return number === openNumber ? openAcl : this.#shared(number).acl;
  }

  release(number: number): void {
    if (number === openNumber) return;
    const list = this.#shared(number);
    list.nodeCount -= 1;
    if (list.nodeCount > 0) return;
    this.#lists.delete(number);
    this.#numbers.delete(list.key);
  }

  #add(acl: readonly Acl[], key: string): number {
    let number = this.#lastNumber;
    // A number that comes round, 32 bits wide as nodes keep it, may still be in use.
    do {
      number = (number + 1) >>> 0;
    } while (number === openNumber || this.#lists.has(number));
    this.#lastNumber = number;
    this.#lists.set(number, { acl, key, nodeCount: 0 });
    this.#numbers.set(key, number);
    return number;
  }

  #shared(number: number): SharedList {
    const list = this.#lists.get(number);
    assert(list !== undefined, "a list that a node has is kept");
    return list;
  }
}
