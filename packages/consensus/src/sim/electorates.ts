import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaChecker } from "./checker.ts";
import type { Victim } from "./nemesis.ts";

/** Every set of voters that may decide in a simulated ensemble, now or when what is logged becomes committed. */
export interface Electorates {
  /** Whether these nodes, as far as their disks may vote, have a majority everywhere. */
  suffices(nodes: readonly NodeId[]): boolean;
  isVoter(node: NodeId): boolean;
  /** Losing more than a minority of disks at a time loses data by definition; within it nothing may be lost. */
  mayWipe(node: NodeId): boolean;
  /** Who is healed: everybody, or just enough voters, with the rest left broken. */
  chooseCore(chance: Prng): readonly NodeId[];
}

interface ElectoratesOptions {
  readonly checker: Pick<ReplicaChecker, "configurations">;
  readonly nodes: ReadonlyMap<NodeId, Pick<Victim, "isTrusted">>;
  /** Empty disks of all of these would make a new ensemble. */
  readonly initialVoters: readonly NodeId[];
}

export function createElectorates({ checker, nodes, initialVoters }: ElectoratesOptions): Electorates {
  const ids = [...nodes.keys()];
  const all = (): readonly (readonly NodeId[])[] =>
    checker.configurations.flatMap(({ voters, outgoing }) => (outgoing === undefined ? [voters] : [voters, outgoing]));
  const isTrusted = (id: NodeId): boolean => nodes.get(id)?.isTrusted === true;
  const suffices = (some: readonly NodeId[]): boolean =>
    all().every(
      (voters) => voters.filter((voter) => some.includes(voter) && isTrusted(voter)).length * 2 > voters.length,
    );
  return {
    suffices,
    isVoter: (id) => all().some((voters) => voters.includes(id)),
    mayWipe: (id) => {
      // Whoever has no vote loses nothing that counts.
      if (!isTrusted(id) || !all().some((voters) => voters.includes(id))) return false;
      return [...all(), initialVoters].every((voters) => {
        const lost = voters.filter((voter) => voter === id || !isTrusted(voter));
        return !voters.includes(id) || lost.length <= (voters.length - 1) / 2;
      });
    },
    chooseCore: (chance) => {
      const core = ids.filter((id) => isTrusted(id) && all().some((voters) => voters.includes(id)));
      if (!suffices(core) || chance.nextUnit() < 0.5) return ids;
      for (const left = [...core]; left.length > 0;) {
        const [one] = left.splice(chance.nextBelow(left.length), 1);
        const fewer = core.filter((id) => id !== one);
        if (suffices(fewer)) core.splice(0, core.length, ...fewer);
      }
      return core;
    },
  };
}
