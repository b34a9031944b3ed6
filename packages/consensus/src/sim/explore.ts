import { FingerprintSet } from "./fingerprint-set.ts";
import { Violation } from "./explored-ensemble.ts";
import type { Action, Bounds, ExploredWorld } from "./explored-world.ts";
import { ExploredSlots } from "./explored-slots.ts";
import { ExploredZab } from "./explored-zab.ts";
import type { PlantedFault, SimProtocol } from "./faults.ts";

export interface ExploreOptions {
  readonly protocol: SimProtocol;
  readonly bounds: Bounds;
  readonly plant?: PlantedFault | undefined;
  /** Where to begin: after these actions, which count towards the bounds; an arrival of nothing changes nothing. Default: nothing has happened. */
  readonly after?: readonly Action[];
  /** Gives up after so many states. Default 10 million. */
  readonly statesMax?: number;
}

export interface ExploreReport {
  readonly states: number;
  /** Steps from a state to a next one; those that led to known states are counted too. */
  readonly edges: number;
  /** The most actions from the start to a state, by the shortest way. */
  readonly depth: number;
  /** Whether every state within the bounds was visited. */
  readonly isComplete: boolean;
  readonly violation: { readonly detail: string; readonly actions: readonly Action[] } | undefined;
}

interface Path {
  readonly action: Action;
  readonly before: Path | undefined;
}

/**
 * Visits every state that the cores as they are shipped can reach within the bounds, breadth first, so that what it finds
 * is as short as can be. Election and discovery are one action; links are FIFO and may be cut; writes are completed or
 * lost one choice at a time.
 *
 * A core cannot be copied, so a state is kept as the actions that lead to it, and told apart by what each server went
 * through: two orders of actions on different servers are one state. A sum of 53 bits stands for that; among a million
 * states the chance that two are taken for one is below 1 in 10,000.
 */
export function explore({
  protocol,
  bounds,
  plant,
  after = [],
  statesMax = 10_000_000,
}: ExploreOptions): ExploreReport {
  const seen = new FingerprintSet();
  const totals = { states: 1, edges: 0, depth: 0, isComplete: true };
  const replay = (path: readonly Action[]): ExploredWorld => {
    const world: ExploredWorld =
      protocol === "slot-paxos" ? new ExploredSlots(bounds) : new ExploredZab(protocol, bounds, plant);
    for (const action of [...after, ...path]) world.act(action);
    return world;
  };
  seen.add(replay([]).fingerprint);
  let frontier: (Path | undefined)[] = [undefined];
  for (let depth = 0; frontier.length > 0; depth += 1) {
    totals.depth = depth;
    const next: Path[] = [];
    for (const before of frontier) {
      const path = actionsOf(before);
      let world: ExploredWorld | undefined = replay(path);
      for (const action of world.actions()) {
        totals.edges += 1;
        world ??= replay(path);
        try {
          world.act(action);
        } catch (thrown) {
          if (!(thrown instanceof Violation)) throw thrown;
          return {
            ...totals,
            isComplete: false,
            violation: { detail: thrown.message, actions: [...after, ...path, action] },
          };
        }
        if (seen.add(world.fingerprint)) next.push({ action, before });
        world = undefined;
      }
      totals.states = seen.size;
      if (seen.size > statesMax) return { ...totals, isComplete: false, violation: undefined };
    }
    frontier = next;
  }
  return { ...totals, violation: undefined };
}

function actionsOf(path: Path | undefined): Action[] {
  const actions: Action[] = [];
  for (let one = path; one !== undefined; one = one.before) actions.push(one.action);
  return actions.toReversed();
}
