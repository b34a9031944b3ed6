import type { Acl } from "../protocol/records.ts";
import { openAcl } from "./acl.ts";

/** Different lists that are kept; a tree that has more holds some of them more than once. */
const listsMax = 4096;

function isOpen(acl: readonly Acl[]): boolean {
  const [first] = acl;
  const [open] = openAcl;
  return acl.length === 1 && first?.perms === open?.perms && first?.scheme === open?.scheme && first?.id === open?.id;
}

/** Nodes with equal lists share one: most trees have a handful, and each list that is read from bytes is another. */
export class AclPool {
  readonly #lists = new Map<string, readonly Acl[]>();

  keep(acl: readonly Acl[]): readonly Acl[] {
    if (isOpen(acl)) return openAcl;
    const key = JSON.stringify(acl);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    if (this.#lists.size >= listsMax) this.#lists.clear();
    this.#lists.set(key, acl);
    return acl;
  }
}
