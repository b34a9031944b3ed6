import type { LinkSocket } from "@tutti/link";
import { EventEmitter } from "eventemitter3";

interface Events {
  connect: [];
  secureConnect: [];
  data: [chunk: Uint8Array];
  drain: [];
  end: [];
  error: [cause: Error];
  close: [];
}

/** What a socket hands to the system, which takes it to the other end in its own time. */
export interface SocketSystem {
  /** The bytes are the system's from now on; it calls {@link SimSocket.accepted} when the other end has read them. */
  transmit(bytes: Uint8Array): void;
  /** Nothing follows. */
  finish(): void;
  /** This end is gone. */
  gone(): void;
}

/** What the system takes before a sender has to wait. */
const windowBytes = 64 * 1024;
/** Node.js says `drain` only to those whose write went beyond this. */
const highWaterBytes = 16 * 1024;

/** One end of a simulated connection, which behaves as a socket of Node.js does. All that comes from outside comes in turns. */
export class SimSocket implements LinkSocket {
  readonly remoteAddress = "simulated";
  readonly remotePort: number;
  readonly #emitter: EventEmitter<Events> = new EventEmitter<Events>();
  readonly #system: SocketSystem;
  #isPaused = true;
  #corks = 0;
  #unread: Uint8Array[] = [];
  #hasEnd = false;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #inFlightBytes = 0;
  #needsDrain = false;
  #isEnding = false;
  #isFinished = false;
  #isClosed = false;

  constructor(remotePort: number, system: SocketSystem) {
    this.remotePort = remotePort;
    this.#system = system;
  }

  get writableLength(): number {
    return this.#unsentBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  on<Name extends keyof Events>(event: Name, listener: (...args: Events[Name]) => void): void {
    this.#emitter.on(event, listener as never);
  }

  off<Name extends keyof Events>(event: Name, listener: (...args: Events[Name]) => void): void {
    this.#emitter.off(event, listener as never);
  }

  setNoDelay(): void {}

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    this.#send();
    if (this.#unsentBytes > highWaterBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    this.#corks -= 1;
    this.#send();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => this.#read());
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#send();
  }

  destroySoon(): void {
    this.end();
    if (this.#isFinished) this.destroy();
    else this.#needsDrain = true;
  }

  destroy(cause?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#unread = [];
    if (!this.#isFinished) this.#system.finish();
    this.#isFinished = true;
    this.#system.gone();
    queueMicrotask(() => {
      if (cause !== undefined) this.#emitter.emit("error", cause);
      this.#emitter.emit("close");
    });
  }

  connected(): void {
    if (!this.#isClosed) this.#emitter.emit("connect");
  }

  failed(cause: Error): void {
    this.destroy(cause);
  }

  received(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#unread.push(bytes);
    this.#read();
  }

  receivedEnd(): void {
    this.#hasEnd = true;
    this.#read();
  }

  /** The other end has read so many bytes. */
  accepted(count: number): void {
    this.#inFlightBytes -= count;
    if (!this.#isClosed) this.#send();
  }

  #read(): void {
    while (!this.#isPaused && !this.#isClosed) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#emitter.emit("data", chunk);
    }
    if (!this.#hasEnd || this.#isPaused || this.#isClosed) return;
    this.#hasEnd = false;
    this.#emitter.emit("end");
    this.destroySoon();
  }

  #send(): void {
    if (this.#corks > 0 || this.#isClosed) return;
    while (this.#unsent.length > 0 && this.#inFlightBytes < windowBytes) {
      const bytes =
        this.#unsent.length === 1 ? (this.#unsent[0] as Uint8Array) : joined(this.#unsent, this.#unsentBytes);
      const room = windowBytes - this.#inFlightBytes;
      const part = bytes.subarray(0, room);
      this.#unsent = part.length === bytes.length ? [] : [bytes.subarray(room)];
      this.#unsentBytes -= part.length;
      this.#inFlightBytes += part.length;
      this.#system.transmit(part);
    }
    if (this.#unsentBytes > 0) return;
    if (this.#isEnding && !this.#isFinished) {
      this.#isFinished = true;
      this.#system.finish();
    }
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    queueMicrotask(() => {
      if (this.#isClosed) return;
      this.#emitter.emit("drain");
      if (this.#isFinished) this.destroy();
    });
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
