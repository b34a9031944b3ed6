import type { Entry } from "./entry.ts";

/** What an acceptor of per-slot Paxos holds in a slot. The slot is the position of the entry. */
export interface AcceptedEntry {
  readonly ballot: number;
  readonly entry: Entry;
}

/**
 * The ballot of an entry that is known to be chosen. It is above all others, since nobody can propose anything else for
 * its slot any more.
 */
export const chosenBallot = 0xffff_ffff;
