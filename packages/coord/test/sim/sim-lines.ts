import type { SimProcess, SimWorld } from "@tutti/consensus/sim";
import type { Prng } from "@tutti/stdx";
import type { ByteChannel, ByteChannelListener } from "../../src/ports/byte-channel.ts";
import type { ConnectionHost } from "../../src/ports/connection-host.ts";

/** A server's end of a line. */
export interface ServerEnd {
  receive(bytes: Uint8Array): void;
  /** All that has come was looked at, and nothing of a frame is still on its way. */
  heard(): void;
  disconnected(): void;
}

/** The process that listens at a server, while one does. */
export interface Listening {
  readonly process: SimProcess;
  accept(host: ConnectionHost): ServerEnd;
}

interface LinesOptions {
  readonly world: SimWorld;
  readonly chance: Prng;
  readonly listening: (serverId: number) => Listening | undefined;
}

/** A client's end of a line. */
export interface SimLine extends ByteChannel {
  /** Nothing gets through for so long: there (0), back (1) or both (2). */
  hold(durationMs: number, ways: number): void;
}

/** How a line ends: both sides hear of it, or one of them hears so much later. */
export interface LineCut {
  readonly clientLateMs: number;
  readonly serverLateMs: number;
}

/** Connections between clients and servers: bytes in order, late, in pieces, held back, and at an end when it suits nobody. */
export class SimLines {
  readonly counts = { dialed: 0, refused: 0, held: 0, cut: 0, halfOpen: 0 };
  readonly #options: LinesOptions;
  readonly #lines = new Set<Line>();
  readonly #delayMeanMs: number;
  readonly #pieceShare: number;

  constructor(options: LinesOptions) {
    this.#options = options;
    const { chance } = options;
    this.#delayMeanMs = 0.2 + chance.nextUnit() * 3;
    this.#pieceShare = chance.nextUnit() < 0.5 ? 0 : chance.nextUnit() * 0.5;
  }

  dial(serverId: number): SimLine {
    this.counts.dialed += 1;
    const line = new Line({
      ...this.#options,
      serverId,
      delayMeanMs: this.#delayMeanMs,
      pieceShare: this.#pieceShare,
      onRefused: () => void (this.counts.refused += 1),
      onEnd: () => void this.#lines.delete(line),
    });
    this.#lines.add(line);
    return line;
  }

  /** A process is gone. Its system tells clients at once; a machine without power tells nobody. */
  serverEnded(serverId: number, isPower: boolean): void {
    for (const line of this.#lines) if (line.serverId === serverId && !isPower) line.reset();
  }

  /** Something happens to one of the lines. */
  disturb(): void {
    const { chance } = this.#options;
    const lines = [...this.#lines];
    const line = lines[chance.nextBelow(Math.max(1, lines.length))];
    if (line === undefined) return;
    const kind = chance.nextUnit();
    if (kind < 0.4) {
      this.counts.held += 1;
      line.hold(20 + chance.nextBelow(chance.nextUnit() < 0.3 ? 900 : 150), chance.nextBelow(3));
    } else if (kind < 0.7) {
      this.counts.cut += 1;
      line.cut({ clientLateMs: 0, serverLateMs: 0 });
    } else {
      this.counts.halfOpen += 1;
      const lateMs = 50 + chance.nextBelow(1000);
      const isClient = chance.nextUnit() < 0.5;
      line.cut({ clientLateMs: isClient ? lateMs : 0, serverLateMs: isClient ? 0 : lateMs });
    }
  }
}

interface LineOptions extends LinesOptions {
  readonly serverId: number;
  readonly delayMeanMs: number;
  readonly pieceShare: number;
  readonly onRefused: () => void;
  readonly onEnd: () => void;
}

/** One way of a line: what was sent arrives in order. */
interface Way {
  readonly sent: (() => void)[];
  arrivesMs: number;
  heldUntilMs: number;
}

class Line implements SimLine {
  readonly serverId: number;
  readonly #options: LineOptions;
  readonly #toServer: Way = { sent: [], arrivesMs: 0, heldUntilMs: 0 };
  readonly #toClient: Way = { sent: [], arrivesMs: 0, heldUntilMs: 0 };
  #listener: ByteChannelListener | undefined;
  #listening: Listening | undefined;
  #end: ServerEnd | undefined;
  #isCut = false;
  #isClosed = false;
  /** What arrived while the server takes nothing. */
  #waiting: (() => void)[] | undefined;
  #isPaused = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.serverId = options.serverId;
  }

  open(listener: ByteChannelListener): void {
    this.#listener = listener;
    this.#later(this.#toServer, () => {
      const listening = this.#options.listening(this.serverId);
      if (listening?.process.isAlive !== true) {
        this.#options.onRefused();
        return this.#later(this.#toClient, () => this.#tellClosed());
      }
      this.#listening = listening;
      listening.process.turn(() => {
        this.#end = listening.accept(this.#host());
        this.#later(this.#toClient, () => {
          if (!this.#isClosed) this.#listener?.opened();
        });
      });
    });
  }

  send(bytes: Uint8Array): void {
    for (const { piece, isWhole } of this.#piecesOf(bytes)) {
      const deliver = (): void => {
        this.#end?.receive(piece);
        if (isWhole && !this.#isPaused) this.#end?.heard();
      };
      this.#later(this.#toServer, () => {
        if (this.#listening?.process.isAlive === false) return this.reset();
        if (this.#waiting === undefined) this.#listening?.process.turn(deliver);
        else this.#waiting.push(deliver);
      });
    }
  }

  close(): void {
    this.destroy();
  }

  destroy(): void {
    this.#isClosed = true;
    this.#later(this.#toServer, () => this.#disconnect());
    this.#options.onEnd();
  }

  reset(): void {
    this.#isCut = true;
    this.#after(this.#delayMs(), () => this.#tellClosed());
  }

  hold(durationMs: number, ways: number): void {
    const untilMs = this.#options.world.nowMs + durationMs;
    for (const way of [this.#toServer, this.#toClient]) {
      const isHeld = ways === 2 || ways === (way === this.#toServer ? 0 : 1);
      if (isHeld) way.heldUntilMs = Math.max(way.heldUntilMs, untilMs);
    }
  }

  /** What is on its way is lost. */
  cut({ clientLateMs, serverLateMs }: LineCut): void {
    this.#isCut = true;
    this.#after(clientLateMs, () => this.#tellClosed());
    this.#after(serverLateMs, () => this.#disconnect());
  }

  #host(): ConnectionHost {
    return {
      remoteAddress: "127.0.0.1",
      remoteName: `a line to ${this.serverId}`,
      isSecure: false,
      subject: undefined,
      send: (bytes) => {
        if (this.#listening?.process.isAlive === true) {
          for (const { piece } of this.#piecesOf(bytes)) {
            this.#later(this.#toClient, () => {
              if (!this.#isClosed) this.#listener?.bytes(piece);
            });
          }
        }
        return "free";
      },
      close: () => {
        this.#end = undefined;
        this.#later(this.#toClient, () => this.#tellClosed());
      },
      setPaused: (isPaused) => {
        this.#isPaused = isPaused;
        this.#waiting ??= [];
        // In a turn of its own, as from a socket.
        if (!isPaused) this.#after(0, () => this.#takeWaiting());
      },
    };
  }

  #takeWaiting(): void {
    if (this.#isPaused) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const deliver of waiting) this.#listening?.process.turn(deliver);
  }

  #disconnect(): void {
    this.#listening?.process.turn(() => {
      this.#end?.disconnected();
      this.#end = undefined;
    });
  }

  #tellClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onEnd();
    this.#listener?.closed(undefined);
  }

  #delayMs(): number {
    const { chance, delayMeanMs } = this.#options;
    return 0.05 - Math.log(1 - chance.nextUnit()) * delayMeanMs;
  }

  #after(delayMs: number, action: () => void): void {
    const { queue } = this.#options.world;
    queue.at(queue.now + delayMs, action);
  }

  /** In order behind what was sent before; nothing gets over a line that is cut. */
  #later(way: Way, action: () => void): void {
    const { queue } = this.#options.world;
    way.arrivesMs = Math.max(way.arrivesMs, queue.now + this.#delayMs());
    way.sent.push(action);
    // Whichever arrival it is, what was sent first comes first.
    const arrive = (): void => {
      if (way.heldUntilMs > queue.now) queue.at(way.heldUntilMs, arrive);
      else if (!this.#isCut) way.sent.shift()?.();
    };
    queue.at(way.arrivesMs, arrive);
  }

  *#piecesOf(bytes: Uint8Array): Generator<{ piece: Uint8Array; isWhole: boolean }> {
    const { chance, pieceShare } = this.#options;
    if (chance.nextUnit() >= pieceShare) return yield { piece: bytes, isWhole: true };
    const at = chance.nextBelow(bytes.length);
    yield { piece: bytes.subarray(0, at), isWhole: false };
    yield { piece: bytes.subarray(at), isWhole: true };
  }
}
