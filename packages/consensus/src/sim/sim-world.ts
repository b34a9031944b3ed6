import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { SimCables } from "./sim-cables.ts";
import { SimHost, type DiskWeather, type EndKind, type SimWire } from "./sim-host.ts";
import { createSimNetwork, type NetworkPeer, type NetworkWeather } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import { streamOf } from "./stream-of.ts";

/** What is simulated, and how. */
export interface SimWorldOptions {
  /** Everything that happens by chance follows from it. */
  readonly seed: number;
  /** One machine for each. */
  readonly ids: readonly NodeId[];
  /** What a process does when it starts: opens a replica on what it is given, serves, and whatever else there is. */
  readonly main: (process: SimProcess) => void;
  /** Default: drawn from the seed. */
  readonly network?: NetworkWeather;
  /** Default: drawn from the seed. */
  readonly disk?: DiskWeather;
  /**
   * How messages travel: whole, over links that are there or not; or as bytes, in frames over connections that are made and
   * secured as over TCP, which costs about three times as much. Default: messages.
   */
  readonly wire?: "messages" | "bytes";
  /** Told of every message that a process sends, before it is bytes. */
  readonly onSend?: (process: SimProcess, to: NodeId, message: ReplicaMessage) => void;
  /** Told when a process has had a turn, and all promises that follow from it were followed. */
  readonly onTurn?: (id: NodeId) => void;
  /** Told of what happens to machines and links, for a trace. */
  readonly onFact?: (id: NodeId, fact: string) => void;
}

/**
 * Machines with a disk, a clock and a network, in virtual time: the same code runs on them that ships. Between two events
 * all promises are followed that are settled, so that a run depends on its seed and on nothing else; what runs in it must
 * take time, chance, disk and network from its process alone.
 *
 * ```ts
 * import { openReplica, zab, type Replica } from "@tutti/consensus";
 * import { createSimWorld } from "@tutti/consensus/sim";
 *
 * const replicas = new Map<number, Replica>();
 * const world = createSimWorld({
 *   seed: 7,
 *   ids: [1, 2, 3],
 *   main: async ({ id, storage, transport, clock }) => {
 *     const machine = { apply: () => Uint8Array.of(1), *snapshot() {}, restore: () => {} };
 *     const members = [1, 2, 3];
 *     replicas.set(id, await openReplica({ id, members, protocol: zab(), machine, storage, transport, clock }));
 *   },
 * });
 * for (const id of world.ids) world.start(id);
 * const leads = () => [...replicas.values()].filter((replica) => replica.status().role === "leading");
 * console.log(await world.run(10_000, () => leads().length === 1)); // => true
 * const [leader] = leads();
 * world.end(leader?.status().id ?? 1, "power"); // and the others elect another
 * console.log(await world.run(20_000, () => leads().some((replica) => replica !== leader))); // => true
 * ```
 */
export interface SimWorld {
  readonly ids: readonly NodeId[];
  /** Virtual milliseconds since the beginning. */
  readonly nowMs: number;
  readonly eventCount: number;
  readonly queue: EventQueue;
  readonly network: SimLinks;
  /** The machine: its disk, its clock, and whether a process runs on it. */
  host(id: NodeId): SimHost;
  /** Begins a process where none runs. */
  start(id: NodeId): void;
  /** Ends the process at once, wherever it is. */
  end(id: NodeId, kind: EndKind): void;
  /** Runs `action` when so much time has passed, whatever the processes do; what it waits for must be there already. */
  after(delayMs: number, action: () => void | Promise<void>): void;
  /** A stream of chance of its own for each purpose, so that one does not shift the others. */
  chance(purpose: number): Prng;
  /** Runs what is due until then, or until `isDone` holds after an event; says whether it did. Throws what {@link fail} was told. */
  run(untilMs: number, isDone?: () => boolean): Promise<boolean>;
  /** For checks that run inside a process, where what is thrown is caught: the run ends with this error. */
  fail(error: unknown): void;
}

/** What can be done to the links between machines. */
export interface SimLinks {
  /** Holds back all that goes one way, or lets it go. Links break when they are held for long. */
  block(from: NodeId, to: NodeId, isBlocked: boolean): void;
  /** Both ends hear of it, one of them so much later: until then its link is half open. */
  breakLink(left: NodeId, right: NodeId, lateMs?: number): void;
  /** From now on the network does nothing by chance but take its time. */
  calm(): void;
  /** What it did, by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Creates a world in which no process runs yet. */
export function createSimWorld(options: SimWorldOptions): SimWorld {
  return new World(options);
}

/** Everything that promises wait for has been followed: nothing here does real I/O. */
function followed(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

class World implements SimWorld {
  readonly ids: readonly NodeId[];
  readonly queue: EventQueue = createEventQueue();
  readonly network: SimLinks;
  eventCount = 0;
  readonly #options: SimWorldOptions;
  readonly #hosts: Map<NodeId, SimHost> = new Map<NodeId, SimHost>();
  readonly #turned: Set<NodeId> = new Set<NodeId>();
  #isAwaited = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: SimWorldOptions) {
    this.ids = options.ids;
    this.#options = options;
    const shape = this.chance(2);
    const weather = options.network ?? drawNetworkWeather(shape);
    const disk = options.disk ?? { meanMs: 0.1 + shape.nextUnit() * (shape.nextUnit() < 0.3 ? 10 : 1) };
    const peers = new Map<NodeId, NetworkPeer<Uint8Array>>();
    const wire = this.#createWire(options.wire ?? "messages", peers, weather);
    this.network = wire.kind === "messages" ? wire.network : wire.cables;
    for (const id of options.ids) {
      const parts = { id, queue: this.queue, wire, peers, weather: disk };
      const told = {
        onTurn: () => void this.#turned.add(id),
        onSend: options.onSend ?? (() => undefined),
        onFact: (fact: string) => options.onFact?.(id, fact),
      };
      this.#hosts.set(id, new SimHost({ ...parts, ...told, chance: this.chance(1000 + id) }));
    }
  }

  #createWire(kind: SimWire["kind"], nodes: Map<NodeId, NetworkPeer<Uint8Array>>, weather: NetworkWeather): SimWire {
    const { queue } = this;
    const chance = this.chance(3);
    if (kind === "bytes") {
      const cables = new SimCables({ queue, chance, weather, isUp: (id) => this.host(id).isUp });
      return { kind, cables, hasSecret: this.chance(9).nextUnit() < 0.3 };
    }
    const network = createSimNetwork<Uint8Array>({ queue, chance, nodes, weather });
    const reconnect = (): void => {
      network.connectAll();
      queue.at(queue.now + 15, reconnect);
    };
    reconnect();
    return { kind, network };
  }

  get nowMs(): number {
    return this.queue.now;
  }

  chance(purpose: number): Prng {
    return streamOf(this.#options.seed, purpose);
  }

  host(id: NodeId): SimHost {
    const host = this.#hosts.get(id);
    if (host === undefined) throw new RangeError(`there is no machine ${id}, only ${this.ids.join(", ")}`);
    return host;
  }

  start(id: NodeId): void {
    this.host(id).start(this.#options.main);
  }

  end(id: NodeId, kind: EndKind): void {
    this.host(id).end(kind);
  }

  after(delayMs: number, action: () => void | Promise<void>): void {
    this.queue.at(this.queue.now + delayMs, () => {
      this.#isAwaited = true;
      void Promise.resolve(action()).catch((error: unknown) => this.fail(error));
    });
  }

  async run(untilMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    // What was begun from outside.
    await followed();
    for (;;) {
      this.#throwFailure();
      if (isDone()) return true;
      if (!this.queue.runNext(untilMs)) return false;
      this.eventCount += 1;
      if (this.#turned.size === 0 && !this.#isAwaited) continue;
      this.#isAwaited = false;
      await followed();
      for (const id of this.#turned) this.#options.onTurn?.(id);
      this.#turned.clear();
    }
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function drawNetworkWeather(shape: Prng): NetworkWeather {
  return {
    delayMinMs: 0.1 + shape.nextUnit(),
    delayMeanMs: 0.5 + shape.nextUnit() * 4,
    lossChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
    repeatChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
    detourChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.3,
    damageChance: shape.nextUnit() < 0.5 ? 0 : shape.nextUnit() * 0.002,
  };
}
