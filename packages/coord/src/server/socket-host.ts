import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ConnectionHost, SendOutcome } from "../ports/connection-host.ts";
import { provenSubject } from "./server-tls.ts";

/** Above this nothing more is read from a client that does not take its answers. */
const unsentBytesCalm = 1024 * 1024;
/** In a long turn, as when a large batch commits, clients should work meanwhile: what waits for longer leaves. */
const corkMsMax = 0.5;
/** How long a closed connection may take to hand over what was sent. */
const lingerMs = 5000;

/** Carries one connection over a socket: corks what one turn of the event loop sends, and pushes back. */
export class SocketHost implements ConnectionHost {
  readonly remoteAddress: string;
  readonly remoteName: string;
  readonly isSecure: boolean;
  readonly subject: string | undefined;
  readonly #socket: Socket;
  readonly #unsentBytesMax: number;
  #corked = false;
  #corkedMs = 0;

  constructor(socket: Socket, unsentBytesMax: number) {
    this.#socket = socket;
    this.isSecure = socket instanceof TLSSocket;
    this.subject = socket instanceof TLSSocket ? provenSubject(socket) : undefined;
    this.#unsentBytesMax = unsentBytesMax;
    const address = socket.remoteAddress ?? "";
    // A dual-stack listener shows IPv4 clients mapped into IPv6; ACLs name them without.
    this.remoteAddress = address.startsWith("::ffff:") ? address.slice(7) : address;
    this.remoteName = `${this.remoteAddress}:${socket.remotePort ?? 0}`;
  }

  send(bytes: Uint8Array): SendOutcome {
    if (!this.#corked) {
      this.#corked = true;
      this.#corkedMs = performance.now();
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    } else if (performance.now() - this.#corkedMs > corkMsMax) {
      this.#corkedMs = performance.now();
      this.#socket.uncork();
      this.#socket.cork();
    }
    this.#socket.write(bytes);
    const unsent = this.#socket.writableLength;
    if (unsent > this.#unsentBytesMax) {
      this.#socket.destroy();
      return "cut";
    }
    return unsent > unsentBytesCalm ? "full" : "free";
  }

  close(): void {
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    timer.unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }

  setPaused(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }
}
