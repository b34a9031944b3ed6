import { framedBytes, framesOf, recordsOf } from "./frames.ts";
import type { Identity } from "./hello.ts";
import { LinkError } from "./link-error.ts";
import type { LinkSocket } from "./link-host.ts";
import type { ResolvedLinkOptions } from "./link-options.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordSeal } from "./record-seal.ts";

/** What the owner of a link hears. Calls come one at a time, never from inside `send`. */
export interface LinkListener {
  /** A view that nobody else writes to; it keeps the bytes that came with it in memory. */
  frame(bytes: Uint8Array): void;
  /** Nothing comes any more. Called once; frames that were sent and not received are lost. */
  down(reason: LinkError): void;
  /** All that was sent has been handed to the system. */
  drained?(): void;
}

/** An established link: frames in order and without holes, or it breaks. */
export interface Link {
  readonly peer: Identity;
  /** Address and port of the other side, for people. */
  readonly remoteName: string;
  /** Bytes that were sent and wait here. */
  readonly unsentBytes: number;
  /** Must be called in the turn in which the link was handed out; frames wait for it no longer. */
  listen(listener: LinkListener): void;
  /**
   * Takes the frame over; it must not change any more. Frames of one turn leave together. Dropped when the link is
   * down, of which the listener hears. Throws `frame-too-large`.
   */
  send(frame: Uint8Array): void;
  /** Ends the link after what was sent has left. */
  close(): void;
  /** Ends the link now. */
  destroy(reason?: LinkError): void;
}

export interface LinkParts {
  readonly socket: LinkSocket;
  readonly peer: Identity;
  readonly reader: RecordReader;
  readonly seal: RecordSeal;
  readonly options: ResolvedLinkOptions;
}

/** Slower than that a record does not come: what it says of its length is not what was sent. */
const openBytesPerMs = 1024;

/** A record without frames. */
const heartbeat: readonly Uint8Array[] = [Buffer.alloc(0)];

export class SocketLink implements Link {
  readonly peer: Identity;
  readonly remoteName: string;
  readonly #socket: LinkSocket;
  readonly #reader: RecordReader;
  readonly #seal: RecordSeal;
  readonly #options: ResolvedLinkOptions;
  readonly #stopBeats: () => void;
  #listener: LinkListener | undefined;
  #frames: Uint8Array[] = [];
  #queuedBytes = 0;
  #isFlushDue = false;
  #downReason: LinkError | undefined;
  #isClosing = false;
  #checkedMs: number;
  #quietMs = 0;
  #silentMs = 0;
  /** For how long a record has been coming. */
  #openMs = 0;

  constructor({ socket, peer, reader, seal, options }: LinkParts) {
    this.peer = peer;
    this.remoteName = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#socket = socket;
    this.#reader = reader;
    this.#seal = seal;
    this.#options = options;
    socket.on("data", (chunk: Uint8Array) => {
      this.#silentMs = 0;
      reader.push(chunk);
      this.#read();
    });
    socket.on("drain", () => {
      if (this.unsentBytes === 0) this.#listener?.drained?.();
    });
    socket.on("error", (cause) => this.destroy(new LinkError("broken", cause.message, { cause })));
    socket.on("end", () => this.destroy(new LinkError("closed", `${peer.node} closed the link`)));
    socket.on("close", () => this.destroy(new LinkError("closed", "the connection is closed")));
    this.#checkedMs = options.host.nowMs();
    this.#stopBeats = options.host.every(options.heartbeatMs, () => this.#beat());
  }

  get unsentBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  listen(listener: LinkListener): void {
    this.#listener = listener;
    // What came together with the end of the handshake.
    if (this.#downReason === undefined) this.#options.host.soon(() => this.#read());
  }

  send(frame: Uint8Array): void {
    if (this.#downReason !== undefined || this.#isClosing) return;
    const { frameBytesMax, unsentBytesMax } = this.#options;
    if (frame.length > frameBytesMax) {
      throw new LinkError("frame-too-large", `a frame of ${frame.length} bytes is above ${frameBytesMax}`);
    }
    this.#frames.push(frame);
    this.#queuedBytes += framedBytes(frame);
    if (this.unsentBytes > unsentBytesMax) {
      const reason = new LinkError("overflow", `${this.unsentBytes} bytes wait for ${this.peer.node}`);
      this.#frames = [];
      queueMicrotask(() => this.destroy(reason));
      return;
    }
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  close(): void {
    if (this.#isClosing || this.#downReason !== undefined) return;
    this.#flush();
    this.#isClosing = true;
    this.#socket.end();
    // The other side answers by closing; if it does not, silence ends the link.
  }

  destroy(reason: LinkError = new LinkError("closed", "the link was closed here")): void {
    if (this.#downReason !== undefined) return;
    this.#downReason = reason;
    this.#stopBeats();
    this.#frames = [];
    this.#queuedBytes = 0;
    this.#socket.destroy();
    this.#listener?.down(reason);
  }

  #read(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    try {
      for (;;) {
        if (this.#downReason !== undefined) return;
        const record = this.#reader.next();
        if (record === undefined) return;
        this.#openMs = 0;
        for (const frame of framesOf(record)) {
          if (this.#downReason !== undefined) return;
          listener.frame(frame);
        }
      }
    } catch (thrown) {
      // What a listener throws is the end of this link too: it could not be told the rest in order.
      this.destroy(LinkError.from(thrown, "broken"));
    }
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#downReason !== undefined || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#queuedBytes = 0;
    this.#socket.cork();
    for (const record of recordsOf(frames)) this.#write(record);
    this.#socket.uncork();
  }

  #write(parts: readonly Uint8Array[]): void {
    this.#quietMs = 0;
    const tag = this.#seal.tag(parts);
    const head = Buffer.allocUnsafe(4 + tag.length);
    head.writeUInt32BE(
      parts.reduce((sum, part) => sum + part.length, 0),
      0,
    );
    head.set(tag, 4);
    this.#socket.write(head);
    for (const part of parts) this.#socket.write(part);
  }

  /**
   * Silence is counted in beats, and a beat that comes late counts as one: while this process was not running it could
   * not have heard anybody, and what came meanwhile is read before the next beat.
   */
  #beat(): void {
    const { heartbeatMs, silenceMs, host } = this.#options;
    const nowMs = host.nowMs();
    const passedMs = Math.min(nowMs - this.#checkedMs, 2 * heartbeatMs);
    this.#checkedMs = nowMs;
    this.#quietMs += passedMs;
    this.#silentMs += passedMs;
    const open = this.#reader.openBytes;
    this.#openMs = open === undefined ? 0 : this.#openMs + passedMs;
    if (this.#silentMs >= silenceMs) {
      this.destroy(new LinkError("silent", `nothing came from ${this.peer.node} for ${silenceMs} ms`));
    } else if (open !== undefined && this.#openMs >= silenceMs + open / openBytesPerMs) {
      // Heartbeats go on, and each is taken for a part of it.
      this.destroy(new LinkError("silent", `a record of ${open} bytes from ${this.peer.node} does not end`));
    } else if (this.#quietMs >= heartbeatMs) {
      this.#write(heartbeat);
    }
  }
}
