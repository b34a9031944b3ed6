import type { NodeId } from "./entry.ts";
import type { Zxid } from "./zxid.ts";

/** Which sets of voters may decide. Any two quorums of one system share a voter; that alone carries the proof. */
export interface QuorumSystem {
  readonly voters: readonly NodeId[];
  isQuorum(nodes: ReadonlySet<NodeId>): boolean;
}

/**
 * More than half of the voters. Nodes that do not vote are not counted, so a caller may pass any set.
 *
 * ```ts
 * import { majority } from "@tutti/consensus";
 *
 * const quorum = majority([1, 2, 3, 4]);
 * console.log(quorum.isQuorum(new Set([1, 2])), quorum.isQuorum(new Set([1, 2, 4]))); // => false true
 * ```
 */
export function majority(voters: readonly NodeId[]): QuorumSystem {
  const known = new Set(voters);
  const needed = Math.floor(known.size / 2) + 1;
  return {
    voters: [...known],
    isQuorum: (nodes) => {
      let counted = 0;
      for (const node of nodes) if (known.has(node)) counted += 1;
      return counted >= needed;
    },
  };
}

/** The highest position that a quorum has reached, given what each voter acknowledged; `0n` when there is none. */
export function quorumPosition(quorum: QuorumSystem, acked: ReadonlyMap<NodeId, Zxid>): Zxid {
  const candidates = [...acked.entries()].toSorted((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0));
  const reached = new Set<NodeId>();
  for (const [node, position] of candidates) {
    reached.add(node);
    if (quorum.isQuorum(reached)) return position;
  }
  return 0n;
}
