import type { NodeId } from "../entry.ts";

/**
 * A ballot as one number, which is also the epoch in a zxid: the round in the upper 24 bits, the member in the lower 8.
 * So ballots of two members are never equal, their order is that of (round, member), and a position names its leader.
 */
export const ballotMemberMax = 255;

/** The lowest ballot of `member` above `highest`. */
export function nextBallot(highest: number, member: NodeId): number {
  const round = Math.floor(highest / 256) + (highest % 256 >= member ? 1 : 0);
  return round * 256 + member;
}

/** The member whose ballot it is. */
export function memberOf(ballot: number): NodeId {
  return ballot % 256;
}
