import type { NodeId } from "../entry.ts";

/** Names one attempt of one proposer. The node's number makes equal rounds of two proposers different ballots. */
export interface Ballot {
  readonly round: number;
  readonly node: NodeId;
}

/** Below every ballot of a proposer. */
export const noBallot: Ballot = { round: 0, node: 0 };

/**
 * Below, at or above zero as `left` is lower than, equal to or higher than `right`: by round, then by node.
 *
 * ```ts
 * import { compareBallots } from "@tutti/consensus";
 *
 * console.log(compareBallots({ round: 2, node: 1 }, { round: 1, node: 3 }) > 0); // => true
 * ```
 */
export function compareBallots(left: Ballot, right: Ballot): number {
  return left.round - right.round || left.node - right.node;
}

/**
 * `round.node`, the form in which people read it.
 *
 * ```ts
 * import { formatBallot } from "@tutti/consensus";
 *
 * console.log(formatBallot({ round: 2, node: 1 })); // => 2.1
 * ```
 */
export function formatBallot({ round, node }: Ballot): string {
  return `${round}.${node}`;
}
