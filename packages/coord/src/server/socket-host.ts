import type { Socket } from "node:net";
import type { ConnectionHost } from "../ports/connection-host.ts";

/** Above this nothing more is read from a client that does not take its answers. */
const unsentBytesCalm = 1024 * 1024;
/** How long a closed connection may take to hand over what was sent. */
const lingerMs = 5000;

/** Carries one connection over a socket: corks what one turn of the event loop sends, and pushes back. */
export class SocketHost implements ConnectionHost {
  readonly remoteAddress: string;
  readonly remoteName: string;
  readonly #socket: Socket;
  readonly #unsentBytesMax: number;
  #corked = false;
  #pausedByPipeline = false;
  #pausedByOutput = false;

  constructor(socket: Socket, unsentBytesMax: number) {
    this.#socket = socket;
    this.#unsentBytesMax = unsentBytesMax;
    const address = socket.remoteAddress ?? "";
    // A dual-stack listener shows IPv4 clients mapped into IPv6; ACLs name them without.
    this.remoteAddress = address.startsWith("::ffff:") ? address.slice(7) : address;
    this.remoteName = `${this.remoteAddress}:${socket.remotePort ?? 0}`;
    socket.on("drain", () => {
      this.#pausedByOutput = false;
      this.#applyPause();
    });
  }

  send(bytes: Uint8Array): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
    const unsent = this.#socket.writableLength;
    if (unsent > this.#unsentBytesMax) {
      this.#socket.destroy();
    } else if (unsent > unsentBytesCalm && !this.#pausedByOutput) {
      this.#pausedByOutput = true;
      this.#applyPause();
    }
  }

  close(): void {
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    timer.unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }

  setPaused(paused: boolean): void {
    this.#pausedByPipeline = paused;
    this.#applyPause();
  }

  #applyPause(): void {
    if (this.#pausedByPipeline || this.#pausedByOutput) this.#socket.pause();
    else this.#socket.resume();
  }
}
