import { connect, type Socket } from "node:net";
import { decodeConnectResponse, encodeConnectRequest } from "../../src/protocol/connect.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import type { ConnectRequest, ConnectResponse, ReplyHeader, WatcherEvent } from "../../src/protocol/records.ts";
import { encodeRequest, type Request } from "../../src/protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../../src/protocol/responses.ts";
import type { Response } from "../../src/protocol/responses.ts";

export interface RawEvent extends WatcherEvent {
  readonly zxid: bigint;
}

export interface RawReply {
  readonly header: ReplyHeader;
  /** Undefined for errors. */
  readonly body: Response | undefined;
  /** Notifications that came since the previous reply. */
  readonly events: readonly RawEvent[];
}

const newSession: ConnectRequest = {
  protocolVersion: 0,
  lastZxidSeen: 0n,
  timeoutMs: 10_000,
  sessionId: 0n,
  password: new Uint8Array(16),
  readOnly: false,
};

/** A client that says exactly what it is told, one request after the other. */
export class RawClient {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(64 * 1024 * 1024);
  readonly #frames: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  #xid = 0;
  session: ConnectResponse | undefined;

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (chunk: Uint8Array) => {
      this.#decoder.push(Uint8Array.from(chunk));
      for (let step = this.#decoder.next(); step.kind === "frame"; step = this.#decoder.next()) {
        this.#frames.push(step.payload.slice());
      }
      this.#wake?.();
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The connect handshake; undefined when the server hangs up instead. */
  async open(request: Partial<ConnectRequest> = {}): Promise<ConnectResponse | undefined> {
    this.write(encodeConnectRequest({ ...newSession, ...request }));
    const frame = await this.frame();
    this.session = frame === undefined ? undefined : decodeConnectResponse(frame);
    return this.session;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next payload; undefined once the connection is closed. */
  async frame(): Promise<Uint8Array | undefined> {
    while (this.#frames.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift();
  }

  /** Sends one request and waits for its reply; undefined when the server hangs up instead. */
  async request(request: Request, xid?: number): Promise<RawReply | undefined> {
    this.ask(request, xid);
    return this.reply(request.type);
  }

  /** Sends one request and leaves its reply on the way. */
  ask(request: Request, xid?: number): void {
    this.#xid += 1;
    this.write(encodeRequest(xid ?? this.#xid, request));
  }

  /** Waits for the next reply, which answers a request of this type. */
  async reply(type: Request["type"]): Promise<RawReply | undefined> {
    const events: RawEvent[] = [];
    for (;;) {
      const frame = await this.frame();
      if (frame === undefined) return undefined;
      const { header, body } = decodeReplyHeader(frame);
      if (header.xid === -1) {
        events.push({ ...decodeWatcherEvent(body), zxid: header.zxid });
        continue;
      }
      const hasBody = header.err === 0;
      return { header, body: hasBody ? ({ type, ...decodeResponseBody(type, body) } as Response) : undefined, events };
    }
  }

  /** Stops taking bytes from the server. */
  pause(): void {
    this.#socket.pause();
  }

  /** Cuts the connection without closing the session. */
  destroy(): void {
    this.#socket.destroy();
  }
}
