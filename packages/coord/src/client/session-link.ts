// Over 300 lines: connecting, what is alive, and what waits constrain each other, and stand together to be read together.
import { EventEmitter } from "eventemitter3";
import { answerCodeOf, CoordError } from "../coord-error.ts";
import type { ByteChannel } from "../ports/byte-channel.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../protocol/connect.ts";
import { errorCodes } from "../protocol/error-codes.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import { xids } from "../protocol/opcodes.ts";
import { encodeRequest, type AuthRequest, type Request } from "../protocol/requests.ts";
import { decodeReplyHeader, decodeResponseBody, decodeWatcherEvent } from "../protocol/responses.ts";
import { isWrite, pathOf, type PendingCall, PendingCalls, type Reply } from "./pending-calls.ts";
import { isFinal, type SessionEvents, type SessionState } from "./session-state.ts";
import { type WatchEvent, WatchRegistry } from "../core/client/watch-registry.ts";

export interface LinkSettings {
  readonly sessionTimeoutMs: number;
  readonly frameBytesMax: number;
  readonly callsMax: number;
  /** A new session takes the place of one that expired. */
  readonly renew: boolean;
  readonly unref: boolean;
  /** The next server to try, after a pause when all were tried in vain. */
  readonly nextChannel: () => { readonly channel: ByteChannel; readonly name: string; readonly isRoundOver: boolean };
}

export interface CallLimits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Identity {
  readonly sessionId: bigint;
  readonly password: Uint8Array | null;
}

const newSession: Identity = { sessionId: 0n, password: new Uint8Array(16) };
/** A third more than the timeout: no server keeps a session for so long without having heard of it. */
const expiryFactor = 4 / 3;
const retryMsMin = 20;
const retryMsMax = 1000;

/** One session over one connection after another: requests out in order, answers and events in. */
export class SessionLink {
  readonly events: EventEmitter<SessionEvents> = new EventEmitter<SessionEvents>();
  readonly watches: WatchRegistry = new WatchRegistry();
  /** Called after each time that a server took the session over again: changes may have been missed. */
  readonly resumed: Set<() => void> = new Set<() => void>();
  readonly #settings: LinkSettings;
  readonly #calls = new PendingCalls();
  readonly #auths: AuthRequest[] = [];
  #state: SessionState = "connecting";
  #identity: Identity = newSession;
  #timeoutMs: number;
  #lastZxid = 0n;
  #xid = 0;
  #channel: ByteChannel | undefined;
  #isOpen = false;
  #beat: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = retryMsMin;
  #heardMs = 0;
  #sentMs = 0;
  #beatMs = 0;
  /** When the session was taken over or heard of last; undefined before it began. */
  #aliveMs: number | undefined;
  #closing: (() => void) | undefined;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    this.#timeoutMs = settings.sessionTimeoutMs;
  }

  get state(): SessionState {
    return this.#state;
  }

  get sessionId(): bigint {
    return this.#identity.sessionId;
  }

  /** As negotiated. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  start(): void {
    this.#attempt();
  }

  /** Sends a request in its turn and waits for the answer. */
  async call(request: Request, { signal, timeoutMs }: CallLimits = {}): Promise<Reply> {
    const operation = request.type;
    const path = pathOf(request);
    if (signal?.aborted === true) {
      throw new CoordError("aborted", `${operation}: the signal was aborted`, {
        path,
        operation,
        cause: signal.reason,
      });
    }
    this.#checkOpen(operation, path);
    if (this.#calls.count >= this.#settings.callsMax) {
      const message = `${operation}: ${this.#settings.callsMax} calls wait for the server`;
      throw new CoordError("overloaded", message, { path, operation });
    }
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<Reply>((resolve, reject) => {
        const call: PendingCall = { request, resolve, reject, xid: 0, isGivenUp: false };
        const giveUp = (code: "aborted" | "timeout", message: string): void => {
          call.isGivenUp = true;
          const maybeApplied = call.xid > 0 && isWrite(request);
          reject(
            new CoordError(code, `${operation}: ${message}`, { path, operation, maybeApplied, cause: signal?.reason }),
          );
        };
        if (signal !== undefined) {
          onAbort = () => giveUp("aborted", "the signal was aborted");
          signal.addEventListener("abort", onAbort, { once: true });
        }
        if (timeoutMs !== undefined) {
          timer = setTimeout(() => giveUp("timeout", `no answer within ${timeoutMs} ms`), timeoutMs);
        }
        this.#calls.add(call);
        this.#flush();
      });
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Says who this client is, now and after every reconnection. */
  addAuth(auth: AuthRequest): void {
    this.#auths.push(auth);
    if (this.#isOpen) this.#send(encodeRequest(xids.auth, { type: "auth", ...auth }));
  }

  /** Ends the session at the server when there is one, and here in any case. */
  async close(): Promise<void> {
    if (isFinal(this.#state)) return;
    if (this.#isOpen) {
      const answered = new Promise<void>((resolve) => {
        this.#closing = resolve;
        this.#send(encodeRequest((this.#xid += 1), { type: "closeSession" }));
      });
      const timer = setTimeout(() => this.#closing?.(), Math.min(this.#timeoutMs, 2000));
      await answered;
      clearTimeout(timer);
    }
    this.#end("closed", "the session was closed");
  }

  /** Breaks the connection without a word, as a network would. */
  dropConnection(): void {
    this.#channel?.destroy();
  }

  #checkOpen(operation: string, path: string | undefined): void {
    const codes = { expired: "session-expired", refused: "auth-failed", closed: "closed" } as const;
    if (this.#state === "expired" || this.#state === "refused" || this.#state === "closed") {
      throw new CoordError(codes[this.#state], `${operation}: the session is ${this.#state}`, { path, operation });
    }
  }

  #become(to: SessionState, reason: string): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    queueMicrotask(() => this.events.emit("state", { from, to, reason }));
  }

  #end(to: "expired" | "refused" | "closed", reason: string): void {
    if (isFinal(this.#state)) return;
    const codes = { expired: "session-expired", refused: "auth-failed", closed: "closed" } as const;
    clearTimeout(this.#retry);
    const channel = this.#channel;
    this.#disconnected();
    if (to === "closed") channel?.close();
    else channel?.destroy();
    this.#calls.failAll(codes[to], reason);
    this.#become(to, reason);
    if (to !== "expired" || !this.#settings.renew) {
      this.watches.clear();
      return;
    }
    this.#identity = newSession;
    this.#aliveMs = undefined;
    this.#state = "connecting";
    this.#attempt();
  }

  #attempt(): void {
    const { channel, name, isRoundOver } = this.#settings.nextChannel();
    this.#channel = channel;
    const decoder = new FrameDecoder(this.#settings.frameBytesMax);
    const isCurrent = (): boolean => this.#channel === channel;
    const patience = setTimeout(() => channel.destroy(), Math.max(this.#timeoutMs / 3, 100));
    let isTaken = false;
    channel.open({
      opened: () => {
        if (!isCurrent()) return;
        const { sessionId, password } = this.#identity;
        const timeoutMs = this.#settings.sessionTimeoutMs;
        const request = { protocolVersion: 0, lastZxidSeen: this.#lastZxid, timeoutMs, sessionId, password };
        channel.send(encodeConnectRequest({ ...request, readOnly: false }));
      },
      bytes: (chunk) => {
        if (!isCurrent()) return;
        this.#heardMs = performance.now();
        decoder.push(chunk);
        try {
          for (let step = decoder.next(); step.kind !== "partial" && isCurrent(); step = decoder.next()) {
            if (step.kind === "illegal-length")
              throw new CoordError("malformed-record", `a frame of ${step.length} bytes`);
            if (isTaken) this.#handleFrame(step.payload);
            else {
              isTaken = true;
              clearTimeout(patience);
              this.#handleConnected(step.payload, name);
            }
          }
        } catch {
          // What cannot be read cannot be put into order: another connection may do better.
          channel.destroy();
        }
      },
      closed: (cause) => {
        clearTimeout(patience);
        if (!isCurrent()) return;
        this.#lost(
          cause === undefined ? `${name} closed the connection` : `${name}: ${cause.message}`,
          isRoundOver && !isTaken,
        );
      },
    });
  }

  #handleConnected(payload: Uint8Array, name: string): void {
    const { sessionId, password, timeoutMs } = decodeConnectResponse(payload);
    if (timeoutMs <= 0) {
      this.#end("expired", `${name} says that the session is over`);
      return;
    }
    const isResumed = this.#identity.sessionId !== 0n;
    this.#identity = { sessionId, password };
    this.#timeoutMs = timeoutMs;
    this.#isOpen = true;
    this.#retryMs = retryMsMin;
    this.#startBeat();
    for (const auth of this.#auths) this.#send(encodeRequest(xids.auth, { type: "auth", ...auth }));
    for (const { persistent, persistentRecursive, ...watches } of this.watches.replay(this.#lastZxid)) {
      const isOld = persistent.length + persistentRecursive.length === 0;
      const request: Request = isOld
        ? { type: "setWatches", ...watches }
        : { type: "setWatches2", ...watches, persistent, persistentRecursive };
      this.#send(encodeRequest(xids.setWatches, request));
    }
    this.#flush();
    this.#become("connected", `${name} ${isResumed ? "took the session over" : "opened a session"}`);
    if (isResumed) for (const tell of this.resumed) queueMicrotask(tell);
  }

  #handleFrame(payload: Uint8Array): void {
    const { header, body } = decodeReplyHeader(payload);
    const { xid, zxid, err } = header;
    this.#aliveMs = this.#heardMs;
    if (xid === xids.notification) {
      const { type, path } = decodeWatcherEvent(body);
      this.#notify(type, path);
      return;
    }
    if (xid === xids.auth) {
      if (err !== errorCodes.ok) this.#end("refused", "the server does not accept the credentials");
      return;
    }
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    if (xid === xids.ping || xid === xids.setWatches) return;
    const call = this.#calls.takeAnswered();
    if (call === undefined) {
      this.#closing?.();
      return;
    }
    if (call.xid !== xid)
      throw new CoordError("malformed-record", `the answer to ${xid} came before that to ${call.xid}`);
    const hasBody = err === errorCodes.ok || body.remaining > 0;
    const reply = { zxid, err, body: hasBody ? decodeResponseBody(call.request.type, body) : undefined };
    if (err === errorCodes.sessionExpired) this.#end("expired", "the server says that the session is over");
    call.resolve(reply);
  }

  #notify(type: number, path: string): void {
    const taken = this.watches.take(type, path);
    if (taken === undefined) return;
    const event: WatchEvent = taken.event;
    // Behind this turn's work, and before the answers that came with it: what a callback throws is its own affair.
    for (const callback of taken.callbacks) queueMicrotask(() => callback(event));
  }

  #flush(): void {
    if (!this.#isOpen) return;
    for (let call = this.#calls.takeToSend(); call !== undefined; call = this.#calls.takeToSend()) {
      // Positive 32 bits; the numbers below have meanings of their own.
      this.#xid = this.#xid >= 0x7fff_ffff ? 1 : this.#xid + 1;
      call.xid = this.#xid;
      this.#send(encodeRequest(call.xid, call.request));
    }
  }

  #send(frame: Uint8Array): void {
    this.#sentMs = performance.now();
    this.#channel?.send(frame);
  }

  /** Silence of two thirds of the timeout is a dead connection; a third without a request is filled with a ping. */
  #startBeat(): void {
    const nowMs = performance.now();
    this.#heardMs = nowMs;
    this.#aliveMs = nowMs;
    this.#beatMs = nowMs;
    clearInterval(this.#beat);
    const intervalMs = Math.max(this.#timeoutMs / 12, 5);
    this.#beat = setInterval(() => {
      const beatMs = performance.now();
      // While this process stood still nobody could be heard: what waits in the socket is read first.
      const stalledMs = Math.max(0, beatMs - this.#beatMs - 2 * intervalMs);
      this.#beatMs = beatMs;
      this.#heardMs += stalledMs;
      if (beatMs - this.#heardMs > (this.#timeoutMs * 2) / 3) this.#channel?.destroy();
      else if (beatMs - this.#sentMs > this.#timeoutMs / 3) this.#send(encodeRequest(xids.ping, { type: "ping" }));
    }, intervalMs);
    if (this.#settings.unref) this.#beat.unref();
  }

  #disconnected(): void {
    clearInterval(this.#beat);
    this.#isOpen = false;
    this.#channel = undefined;
    this.#calls.failSent();
    this.#closing?.();
  }

  #lost(reason: string, isPauseDue: boolean): void {
    this.#disconnected();
    if (isFinal(this.#state)) return;
    if (this.#state === "connected") this.#become("suspended", reason);
    const silentMs = this.#aliveMs === undefined ? 0 : performance.now() - this.#aliveMs;
    if (silentMs > this.#timeoutMs * expiryFactor) {
      this.#end("expired", `no server was reached for ${Math.round(silentMs)} ms`);
      return;
    }
    const pauseMs = isPauseDue ? this.#retryMs * (0.5 + Math.random() / 2) : 1;
    if (isPauseDue) this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
    this.#retry = setTimeout(() => this.#attempt(), pauseMs);
    if (this.#settings.unref) this.#retry.unref();
  }
}

/** Throws what a server's refusal means. */
export function throwRefusal(request: Request, err: number): never {
  const path = pathOf(request);
  const operation = request.type;
  const code = answerCodeOf(err);
  throw new CoordError(code, `${operation} ${path ?? ""}: ${code} (${err})`, { path, operation });
}
