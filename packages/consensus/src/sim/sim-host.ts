import type { Prng } from "@tutti/stdx";
import type { LinkId } from "../core/effects.ts";
import type { NodeId } from "../core/entry.ts";
import type { ReplicaMessage } from "../core/messages.ts";
import type { Transport, TransportListener } from "../ports/transport.ts";
import { createHubTransport } from "../node/tcp-transport.ts";
import { decodeMessage, encodeMessage } from "../wire/replica-codec.ts";
import type { EventQueue } from "./event-queue.ts";
import { createSimDisk, type DiskOperation, type PowerCut, type SimDisk } from "./sim-disk.ts";
import type { SimCables } from "./sim-cables.ts";
import type { NetworkPeer, SimNetwork } from "./sim-network.ts";
import { diskOf, ProcessTurns, type SimProcess, type WallClock } from "./sim-process.ts";

/** How a process ends. */
export type EndKind =
  /** What was not synced is lost in parts. */
  | "power"
  /** The system lives on, and holds what was written. */
  | "kill";

/** How long disks take. */
export interface DiskWeather {
  /** Mean of a sync; other operations take a tenth of it. */
  readonly meanMs: number;
}

/** How messages travel. */
export type SimWire =
  /** Whole, over links that are there or not: cheap. */
  | { readonly kind: "messages"; readonly network: SimNetwork<Uint8Array> }
  /** In frames over connections of bytes, made and secured as over TCP. */
  | { readonly kind: "bytes"; readonly cables: SimCables; readonly hasSecret: boolean };

interface HostOptions {
  readonly id: NodeId;
  readonly queue: EventQueue;
  readonly wire: SimWire;
  readonly peers: Map<NodeId, NetworkPeer<Uint8Array>>;
  readonly weather: DiskWeather;
  readonly chance: Prng;
  readonly onTurn: () => void;
  readonly onSend: (process: SimProcess, to: NodeId, message: ReplicaMessage) => void;
  readonly onFact: (fact: string) => void;
}

const secret = new TextEncoder().encode("known to all simulated members");

interface Running {
  readonly process: SimProcess;
  readonly turns: ProcessTurns;
}

/** One machine: a disk and a clock that last, and the process that runs on it, if one does. */
export class SimHost {
  readonly id: NodeId;
  readonly disk: SimDisk;
  readonly wall: WallClock;
  /** What power cuts did to what was not synced, so far. */
  readonly cuts: { lostSectors: number; tornSectors: number } = { lostSectors: 0, tornSectors: 0 };
  /** Until then every operation of the disk takes so many times as long. */
  slow: { readonly untilMs: number; readonly factor: number } = { untilMs: 0, factor: 1 };
  /** While it is, nothing can be written. */
  isFull = false;
  /** The next sync fails. */
  isSyncBroken = false;
  /** Operations of the disk that have failed. */
  failureCount = 0;
  readonly #options: HostOptions;
  #life = 0;
  #running: Running | undefined;
  #calls = 0;

  constructor(options: HostOptions) {
    this.id = options.id;
    this.#options = options;
    // Clocks of machines differ a little.
    this.wall = { offsetMs: 0, pace: 0.95 + options.chance.nextUnit() * 0.1 };
    this.disk = createSimDisk({ during: (operation) => this.#during(operation) });
  }

  get process(): SimProcess | undefined {
    return this.#running?.process;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** Calls of the disk that have not ended. */
  get openCalls(): number {
    return this.#calls;
  }

  start(main: (process: SimProcess) => void): void {
    if (this.#running !== undefined) return;
    this.#life += 1;
    this.#calls = 0;
    const { id, queue, chance, onTurn } = this.#options;
    const turns = new ProcessTurns({ id, life: this.#life, queue, chance, wall: this.wall, onTurn });
    const process: SimProcess = {
      id,
      life: this.#life,
      get isAlive() {
        return turns.isAlive;
      },
      storage: diskOf(turns, this.disk, (change) => {
        this.#calls += change;
      }),
      transport: this.#transportOf(turns, () => process),
      clock: turns.clock,
      turn: (run) => turns.turn("input", run),
    };
    this.#running = { process, turns };
    this.#options.onFact("starts");
    turns.turn("input", () => main(process));
  }

  end(kind: EndKind): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.turns.end();
    const { wire, peers } = this.#options;
    peers.delete(this.id);
    if (wire.kind === "messages") wire.network.nodeDown(this.id);
    else wire.cables.nodeDown(this.id, kind === "power");
    if (kind === "kill") this.disk.abandon();
    else this.#cutPower();
    this.#options.onFact(kind === "kill" ? "is killed" : "loses power");
  }

  /** The machine loses power at its process's so-many-th call of a port from now: before that has any effect. */
  endAtCall(count: number, onEnd: () => void): void {
    const running = this.#running;
    running?.turns.endAtCall(count, () => {
      onEnd();
      if (this.#running === running) this.end("power");
    });
  }

  /** Its process does not run for so long. Then its timers come first, as after a stalled turn, or what came in meanwhile does. */
  stop(durationMs: number, timersFirst: boolean): void {
    this.#running?.turns.stop(durationMs, timersFirst);
    this.#options.onFact(`${timersFirst ? "stalls" : "is stopped"} for ${durationMs} ms`);
  }

  wipe(): void {
    this.end("power");
    this.disk.wipe();
    this.#options.onFact("has a new disk");
  }

  #cutPower(): void {
    const cut: PowerCut = this.disk.restart(this.#options.chance.nextUint32());
    this.cuts.lostSectors += cut.lostSectors;
    this.cuts.tornSectors += cut.tornSectors;
  }

  #during(operation: DiskOperation): Promise<void> | undefined {
    const running = this.#running;
    const { queue, chance, weather } = this.#options;
    if (running === undefined || operation === "close") return undefined;
    const isWrite = operation === "write" || operation === "open" || operation === "rename";
    let failure: string | undefined;
    if (this.isFull && isWrite) failure = "ENOSPC: no space left on the disk";
    if (operation === "sync" && this.isSyncBroken) failure = "EIO: the sync failed";
    if (operation === "sync") this.isSyncBroken = false;
    const share = operation === "sync" || operation === "syncDirectory" ? 1 : 0.1;
    const factor = queue.now < this.slow.untilMs ? this.slow.factor : 1;
    const delayMs = -Math.log(1 - chance.nextUnit()) * weather.meanMs * share * factor;
    return new Promise((resolve, reject) => {
      queue.at(queue.now + delayMs, () => {
        if (this.#running !== running) return;
        this.#options.onTurn();
        if (failure === undefined) return resolve();
        this.failureCount += 1;
        reject(new Error(failure));
      });
    });
  }

  /** What a process says on it is told before it is bytes; of a dead one nobody hears. */
  #transportOf(turns: ProcessTurns, process: () => SimProcess): Transport {
    const { wire, onSend } = this.#options;
    const inner = wire.kind === "messages" ? this.#linked(turns, wire.network) : this.#cabled(turns, wire);
    return {
      attach: (...given) => {
        const port = inner.attach(...given);
        return {
          send: (to, link, message) => {
            if (!turns.mayCall()) return;
            onSend(process(), to, message);
            port.send(to, link, message);
          },
          setPeers: (peers) => port.setPeers(peers),
          close: () => port.close(),
        };
      },
    };
  }

  /** The transport that ships, on simulated sockets. */
  #cabled(turns: ProcessTurns, { cables, hasSecret }: Extract<SimWire, { kind: "bytes" }>): Transport {
    const { chance } = this.#options;
    const { transport, listening } = createHubTransport(
      {
        id: this.id,
        listen: { host: "simulated", port: this.id },
        addressOf: (member) => ({ host: "simulated", port: member }),
        cluster: "simulated",
        ...(hasSecret ? { secret } : {}),
        silenceMs: 250,
      },
      { host: cables.hostOf(this.id, turns, chance), heartbeatMs: 40, helloTimeoutMs: 200 },
    );
    listening.catch(() => undefined);
    return transport;
  }

  #linked(turns: ProcessTurns, network: SimNetwork<Uint8Array>): Transport {
    const { peers } = this.#options;
    return {
      attach: (id, wanted, listener) => {
        let wants: ReadonlySet<NodeId> = new Set(wanted);
        const present = new Map<NodeId, LinkId>();
        const peer = peerOf({ turns, listener, present, wants: (other) => wants.has(other) });
        if (turns.isAlive) peers.set(id, peer);
        return {
          send: (to, link, message) => network.send(id, to, link, encodeMessage(message)),
          setPeers: (others) => {
            wants = new Set(others);
            if (turns.isAlive) for (const other of present.keys()) if (!wants.has(other)) network.breakLink(id, other);
          },
          close: async () => {
            if (peers.get(id) !== peer) return;
            peers.delete(id);
            network.nodeDown(id);
          },
        };
      },
    };
  }
}

interface PeerOptions {
  readonly turns: ProcessTurns;
  readonly listener: TransportListener;
  readonly present: Map<NodeId, LinkId>;
  readonly wants: (peer: NodeId) => boolean;
}

/** What a process hears of its links: one of each peer at a time, the old one ends before the new one begins. */
function peerOf({ turns, listener, present, wants }: PeerOptions): NetworkPeer<Uint8Array> {
  const down = (peer: NodeId): void => {
    const link = present.get(peer);
    if (link === undefined) return;
    present.delete(peer);
    listener.linkDown(peer, link);
  };
  return {
    get isUp() {
      return turns.isAlive;
    },
    wants,
    linkUp: (peer, link) => {
      turns.turn("input", () => {
        down(peer);
        present.set(peer, link);
        listener.linkUp(peer, link);
      });
    },
    linkDown: (peer, link) => {
      turns.turn("input", () => {
        if (present.get(peer) === link) down(peer);
      });
    },
    receive: (peer, link, bytes) => {
      turns.turn("input", () => {
        if (present.get(peer) === link) listener.message(peer, link, decodeMessage(bytes));
      });
    },
  };
}
