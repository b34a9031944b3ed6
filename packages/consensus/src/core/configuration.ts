import type { NodeId } from "./entry.ts";
import type { QuorumSystem } from "./quorum.ts";
import type { Zxid } from "./zxid.ts";

/** Who takes part. */
export interface Members {
  readonly voters: readonly NodeId[];
  /** Receive every committed entry, acknowledge nothing, never vote. */
  readonly observers: readonly NodeId[];
}

/**
 * Who takes part from one entry of the log on. A change of voters takes two entries, of per-slot Paxos one. From the first on, which still names
 * the voters before it, whatever is decided needs a quorum of both; once it is committed, its leader logs the second, from
 * which on the new voters are alone (joint consensus, Ongaro 2014, section 4.3).
 *
 * A replica goes by the newest one in its log, committed or not, and by nothing else: what is cut from the log is
 * undone with it, and a restart finds what it left.
 */
export interface Configuration extends Members {
  /** The voters before, while a change is under way. */
  readonly outgoing: readonly NodeId[] | undefined;
}

/** A configuration, and the position of the entry that brought it; `0n` for that with which the ensemble began. */
export interface LoggedConfiguration extends Configuration {
  readonly position: Zxid;
}

/** Everybody whose acknowledgement may count. */
export function votersOf({ voters, outgoing }: Configuration): ReadonlySet<NodeId> {
  return outgoing === undefined ? new Set(voters) : new Set([...voters, ...outgoing]);
}

/** Everybody who takes part, each once. */
export function membersOf(configuration: Configuration): ReadonlySet<NodeId> {
  return new Set([...votersOf(configuration), ...configuration.observers]);
}

/** Quorums of the voters; while a change is under way, of those before it as well. */
export function quorumOf(
  configuration: Configuration,
  among: (voters: readonly NodeId[]) => QuorumSystem,
): QuorumSystem {
  const incoming = among(configuration.voters);
  if (configuration.outgoing === undefined) return incoming;
  const outgoing = among(configuration.outgoing);
  return {
    voters: [...votersOf(configuration)],
    isQuorum: (nodes) => incoming.isQuorum(nodes) && outgoing.isQuorum(nodes),
  };
}

/** The configuration that leads from the present voters to `members`. */
export function changeTo(present: Configuration, { voters, observers }: Members): Configuration {
  const isSame = voters.length === present.voters.length && voters.every((voter) => present.voters.includes(voter));
  return { voters, observers, outgoing: isSame ? undefined : present.voters };
}
