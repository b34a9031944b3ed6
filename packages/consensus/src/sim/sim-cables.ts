import type { DoorOptions, LinkHost, LinkSocket } from "@tutti/link";
import type { Prng } from "@tutti/stdx";
import type { NodeId } from "../core/entry.ts";
import type { EventQueue } from "./event-queue.ts";
import type { NetworkWeather } from "./sim-network.ts";
import type { ProcessTurns } from "./sim-process.ts";
import { SimSocket } from "./sim-socket.ts";

/** One end of a connection, and whose it is. */
interface End {
  readonly id: NodeId;
  readonly turns: ProcessTurns;
  readonly socket: SimSocket;
}

interface Connection {
  readonly pair: readonly [NodeId, NodeId];
  readonly ends: Map<NodeId, End>;
  /** Per receiving end, when the last thing sent to it arrives. */
  readonly arrivals: Map<NodeId, number>;
  /** Nothing passes any more, whatever the ends believe. */
  isCut: boolean;
}

interface Door {
  readonly turns: ProcessTurns;
  readonly options: DoorOptions;
}

interface CablesOptions {
  readonly queue: EventQueue;
  readonly chance: Prng;
  readonly weather: NetworkWeather;
  readonly isUp: (id: NodeId) => boolean;
}

/**
 * Connections of bytes between machines: late, in pieces, held up, damaged now and then, and broken in all the ways in which
 * the two ends need not hear of it together. Nothing is lost as long as a connection lasts.
 */
export class SimCables {
  readonly counts = { connections: 0, pieces: 0, held: 0, damaged: 0, reset: 0 };
  readonly #options: CablesOptions;
  readonly #blocked: Set<string> = new Set<string>();
  readonly #held: Map<string, (() => void)[]> = new Map<string, (() => void)[]>();
  readonly #connections: Set<Connection> = new Set<Connection>();
  readonly #doors: Map<NodeId, Door> = new Map<NodeId, Door>();
  #isCalm = false;

  constructor(options: CablesOptions) {
    this.#options = options;
  }

  /** What links need, for one life of a process. */
  hostOf(id: NodeId, turns: ProcessTurns, chance: Prng): LinkHost {
    const { queue } = this.#options;
    return {
      connect: ({ port }) => this.#connect(id, port, turns),
      listen: async (address, options) => {
        const door = { turns, options };
        this.#doors.set(id, door);
        return {
          address,
          close: async () => {
            if (this.#doors.get(id) === door) this.#doors.delete(id);
          },
        };
      },
      nowMs: () => queue.now,
      after: (delayMs, run) => turns.clock.after(delayMs, run),
      every: (intervalMs, run) => turns.clock.every(intervalMs, run),
      soon: (run) => void turns.clock.after(0, run),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => chance.nextBelow(256)),
    };
  }

  /** Holds back all that goes this way, as long as the ends have patience. */
  block(from: NodeId, to: NodeId, isBlocked: boolean): void {
    const way = `${from}>${to}`;
    if (isBlocked) {
      this.#blocked.add(way);
      return;
    }
    this.#blocked.delete(way);
    const held = this.#held.get(way) ?? [];
    this.#held.delete(way);
    for (const pass of held) pass();
  }

  /** Both ends are told, one of them so much later; until then it writes into nothing. */
  breakLink(left: NodeId, right: NodeId, lateMs: number = 0): void {
    for (const connection of [...this.#connections]) {
      if (!connection.pair.includes(left) || !connection.pair.includes(right)) continue;
      connection.isCut = true;
      this.#connections.delete(connection);
      for (const end of connection.ends.values()) {
        const late = end.id === right ? lateMs : 0;
        this.#options.queue.at(this.#options.queue.now + this.#delay() + late, () => this.#reset(end));
      }
    }
  }

  /** Its process is gone. If its system lives, it tells the other ends; without power nobody does. */
  nodeDown(id: NodeId, isPowerLost: boolean): void {
    this.#doors.delete(id);
    for (const connection of this.#connections) {
      const end = connection.ends.get(id);
      if (end === undefined || end.turns.isAlive) continue;
      if (isPowerLost) continue;
      const other = this.#otherEnd(connection, id);
      this.#pass(connection, id, () => {
        if (other !== undefined) this.#reset(other);
      });
    }
  }

  calm(): void {
    this.#isCalm = true;
  }

  #delay(): number {
    const { chance, weather } = this.#options;
    const exponential = -Math.log(1 - chance.nextUnit()) * weather.delayMeanMs;
    return weather.delayMinMs + (chance.nextUnit() < 0.01 && !this.#isCalm ? exponential * 10 : exponential);
  }

  #otherEnd({ pair, ends }: Connection, id: NodeId): End | undefined {
    return ends.get(pair[0] === id ? pair[1] : pair[0]);
  }

  /** Lets something travel from one end to the other, behind all that went before it. */
  #pass(connection: Connection, from: NodeId, arrive: () => void): void {
    const { queue } = this.#options;
    const to = connection.pair[0] === from ? connection.pair[1] : connection.pair[0];
    const way = `${from}>${to}`;
    if (this.#blocked.has(way)) {
      this.counts.held += 1;
      const held = this.#held.get(way) ?? [];
      this.#held.set(way, held);
      held.push(() => this.#pass(connection, from, arrive));
      return;
    }
    const time = Math.max(queue.now + this.#delay(), connection.arrivals.get(to) ?? 0);
    connection.arrivals.set(to, time);
    queue.at(time, () => {
      if (!connection.isCut) arrive();
    });
  }

  #connect(from: NodeId, to: NodeId, turns: ProcessTurns): LinkSocket {
    this.counts.connections += 1;
    const connection: Connection = { pair: [from, to], ends: new Map(), arrivals: new Map(), isCut: false };
    this.#connections.add(connection);
    const end = this.#openEnd(connection, from, to, turns);
    this.#pass(connection, from, () => this.#knock(connection, end, to));
    return end.socket;
  }

  /** A machine without power says nothing; one where nobody listens says so. */
  #knock(connection: Connection, dialer: End, to: NodeId): void {
    const door = this.#doors.get(to);
    if (door === undefined || !door.turns.isAlive) {
      if (!this.#options.isUp(to)) return;
      this.#pass(connection, to, () => {
        dialer.turns.turn("input", () => dialer.socket.failed(new Error("ECONNREFUSED: nobody listens there")));
      });
      return;
    }
    const end = this.#openEnd(connection, to, dialer.id, door.turns);
    door.turns.turn("input", () => door.options.onSocket(end.socket));
    this.#pass(connection, to, () => dialer.turns.turn("input", () => dialer.socket.connected()));
  }

  #openEnd(connection: Connection, id: NodeId, peer: NodeId, turns: ProcessTurns): End {
    const socket = new SimSocket(peer, {
      transmit: (bytes) => this.#transmit(connection, end, bytes),
      finish: () => {
        this.#pass(connection, id, () => {
          const other = this.#otherEnd(connection, id);
          other?.turns.turn("input", () => other.socket.receivedEnd());
        });
      },
      gone: () => {
        const ends = [...connection.ends.values()];
        if (ends.every((one) => one.socket.isClosed || !one.turns.isAlive)) this.#connections.delete(connection);
      },
    });
    const end: End = { id, turns, socket };
    connection.ends.set(id, end);
    return end;
  }

  /** In pieces, as a network cuts them; and a bit of one may be another when it arrives. */
  #transmit(connection: Connection, from: End, bytes: Uint8Array): void {
    if (!from.turns.mayCall()) return;
    const { chance, weather } = this.#options;
    for (let offset = 0; offset < bytes.length;) {
      const isCut = !this.#isCalm && chance.nextUnit() < 0.1;
      const length = isCut ? 1 + chance.nextBelow(bytes.length - offset) : bytes.length - offset;
      let piece = bytes.subarray(offset, offset + length);
      offset += length;
      this.counts.pieces += 1;
      if (!this.#isCalm && chance.nextUnit() < (weather.damageChance ?? 0)) {
        this.counts.damaged += 1;
        piece = piece.slice();
        const index = chance.nextBelow(piece.length);
        piece[index] = (piece[index] ?? 0) ^ (1 << chance.nextBelow(8));
      }
      this.#pass(connection, from.id, () => this.#arrive(connection, from, piece));
    }
  }

  #arrive(connection: Connection, from: End, piece: Uint8Array): void {
    const to = this.#otherEnd(connection, from.id);
    if (to === undefined) return;
    if (!to.turns.isAlive || to.socket.isClosed) {
      // Nobody is there who knows this connection; a machine that is up says so.
      if (this.#options.isUp(to.id)) this.#pass(connection, to.id, () => this.#reset(from));
      return;
    }
    to.turns.turn("input", () => {
      to.socket.received(piece);
      from.turns.turn("input", () => from.socket.accepted(piece.length));
    });
  }

  #reset({ turns, socket }: End): void {
    turns.turn("input", () => {
      if (socket.isClosed) return;
      this.counts.reset += 1;
      socket.failed(new Error("ECONNRESET: the connection is broken"));
    });
  }
}
