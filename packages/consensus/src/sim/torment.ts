import type { LoggedConfiguration, Members } from "../core/configuration.ts";
import type { NodeId } from "../core/entry.ts";
import type { CoreStatus } from "../core/replica-core.ts";
import { createElectorates } from "./electorates.ts";
import { machineFaults } from "./machine-faults.ts";
import { createNemesis, type FaultCounts, type Nemesis } from "./nemesis.ts";
import { SimVictim, type VictimOptions } from "./sim-victim.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimWorld } from "./sim-world.ts";

/** Who is tormented, and for how long. */
export interface TormentOptions {
  readonly world: SimWorld;
  /** Of the replicas on its machines, from beginning to end. */
  readonly members: Members;
  /** Of the replica on this machine, while one runs there. */
  readonly statusOf: (id: NodeId) => CoreStatus | undefined;
  /** No fault begins after this virtual time. */
  readonly endMs: number;
  /** Told of each fault of which a machine was met, for a trace. */
  readonly onFault?: (kind: string, id: NodeId) => void;
}

/** Faults of all kinds, at random, for what runs in a world of yours. */
export interface Torment {
  /** How often each kind fired. */
  readonly counts: FaultCounts;
  /** How often a fault met a replica in a state, as `leading synchronization × crash`. */
  readonly marks: FaultCounts;
  start(): void;
  /** For a replica that was stopped by an error of its disk, which no replica survives: its process ends and starts again. */
  restartSoon(process: SimProcess): void;
  /**
   * Ends all faults among those it returns, which are enough to go on, and starts them. The others stay as broken as they
   * are, and go on crashing and coming back.
   */
  heal(): readonly NodeId[];
}

/**
 * Draws a set of faults and their intensity from the seed of the world. Disks are wiped and damaged as far as a majority of
 * good copies allows.
 *
 * ```ts
 * import { openReplica, zab, type Replica } from "@tutti/consensus";
 * import { createSimWorld, createTorment } from "@tutti/consensus/sim";
 *
 * const members = { voters: [1, 2, 3], observers: [] };
 * const replicas = new Map<number, Replica>();
 * const world = createSimWorld({
 *   seed: 7,
 *   ids: members.voters,
 *   main: async (process) => {
 *     const { id, storage, transport, clock } = process;
 *     const machine = { apply: () => Uint8Array.of(1), *snapshot() {}, restore: () => {} };
 *     replicas.delete(id);
 *     try {
 *       const replica = await openReplica({ id, members, protocol: zab(), machine, storage, transport, clock });
 *       replicas.set(id, replica);
 *       await replica.stopped;
 *     } catch {
 *       // The disk failed before it was open.
 *     }
 *     torment.restartSoon(process);
 *   },
 * });
 * const statusOf = (id: number) => (world.host(id).isUp ? replicas.get(id)?.status() : undefined);
 * const torment = createTorment({ world, members, statusOf, endMs: 2000 });
 * for (const id of world.ids) world.start(id);
 * torment.start();
 * await world.run(2000);
 * const healed = torment.heal();
 * const serve = () => healed.every((id) => statusOf(id)?.phase === "broadcast");
 * console.log(await world.run(10_000, serve), Object.keys(torment.counts).length > 0); // => true true
 * ```
 */
export function createTorment(options: TormentOptions): Torment {
  const { world, members, endMs, onFault } = options;
  const nodes = new Map(
    world.ids.map((id) => [
      id,
      new Tormented({ id, world, chance: world.chance(100 + id), statusOf: options.statusOf }),
    ]),
  );
  const configuration: LoggedConfiguration = { ...members, outgoing: undefined, position: 0n };
  const checker = { configurations: [configuration] };
  const electorates = createElectorates({ checker, nodes, initialVoters: members.voters });
  const mayWipe = (id: NodeId): boolean => electorates.mayWipe(id);
  const nemesis: Nemesis = createNemesis({
    queue: world.queue,
    network: world.network,
    nodes,
    mayWipe,
    hooks: { wrote: () => undefined },
    chance: world.chance(4),
    isOver: () => world.nowMs >= endMs,
    further: machineFaults({ world, nodes, mayDamage: mayWipe }),
    ...(onFault === undefined ? {} : { onFault }),
  });
  const lookAtDisks = (): void => {
    world.after(25, async () => {
      for (const node of nodes.values()) await node.lookAtDisk();
      lookAtDisks();
    });
  };
  return {
    counts: nemesis.counts,
    marks: nemesis.marks,
    start: () => {
      lookAtDisks();
      nemesis.start();
    },
    restartSoon: ({ id, isAlive }) => {
      if (isAlive) nodes.get(id)?.stoppedByDisk();
    },
    heal: () => {
      const core = electorates.chooseCore(world.chance(6));
      nemesis.heal(core);
      return core;
    },
  };
}

class Tormented extends SimVictim {
  readonly #statusOf: TormentOptions["statusOf"];

  constructor(options: VictimOptions & Pick<TormentOptions, "statusOf">) {
    super(options);
    this.#statusOf = options.statusOf;
  }

  override get status(): CoreStatus | undefined {
    return this.#statusOf(this.id);
  }

  override ended(): void {
    // Whoever runs on it hears of it from its process, which is no longer alive.
  }
}
