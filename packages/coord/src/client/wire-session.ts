import { createPrng } from "@tutti/stdx";
import { EventEmitter } from "eventemitter3";
import { CoordError, type CoordErrorCode } from "../coord-error.ts";
import { ConnectionLife, type LifeEffect, type LifeInput } from "../core/client/connection-life.ts";
import { isFinal, type SessionEvents, type SessionState } from "../core/client/session-state.ts";
import { WatchRegistry } from "../core/client/watch-registry.ts";
import type { ByteChannel } from "../ports/byte-channel.ts";
import { decodeConnectResponse, encodeConnectRequest } from "../protocol/connect.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import { xids } from "../protocol/opcodes.ts";
import { type AuthRequest, encodeRequest, type Request } from "../protocol/requests.ts";
import { decodeReplyHeader, decodeWatcherEvent } from "../protocol/responses.ts";
import { withoutChroot } from "./client-path.ts";
import type { ResolvedConnectOptions } from "./connect-options.ts";
import type { ClientClock } from "./client-clock.ts";
import { Fifo } from "../core/fifo.ts";
import { PendingCall, type Reply, type WireCallOptions } from "./pending-call.ts";
import { probeServer } from "./probe-server.ts";
import { type SaslClient, beginSaslClient } from "./sasl-client.ts";
import { ShortWait } from "./short-wait.ts";

const int32Max = 0x7fff_ffff;
/** A timer that comes later than this was held up together with everything else. */
const lateMs = 20;
/** How long a server may take to say good-bye. */
const farewellMsMax = 2000;

/** Where a session goes. */
export interface WireTarget {
  readonly chroot: string;
  readonly hostCount: number;
  readonly dial: (host: number) => ByteChannel;
  readonly clock: ClientClock;
}

/** Performs what `ConnectionLife` decides, and matches answers with calls. */
export class WireSession {
  readonly events: EventEmitter<SessionEvents> = new EventEmitter();
  /** Put before every path of the caller; empty for none. */
  readonly chroot: string;
  readonly watches: WatchRegistry = new WatchRegistry();
  readonly options: ResolvedConnectOptions;
  readonly #life: ConnectionLife;
  readonly #dialHost: (host: number) => ByteChannel;
  readonly #clock: ClientClock;
  readonly #auths: AuthRequest[] = [];
  readonly #unsent = new Fifo<PendingCall>();
  readonly #sent = new Fifo<PendingCall>();
  readonly #shortWait = new ShortWait(() => this.#sent.length === 1);
  /** Called after each time that a server took the session over again: changes may have been missed. */
  readonly resumed: Set<() => void> = new Set<() => void>();
  #channel: ByteChannel | undefined;
  #decoder: FrameDecoder;
  #sasl: SaslClient | undefined;
  #isReady = false;
  #stopProbe: (() => void) | undefined;
  #xid = 0;
  #cancelTimer: (() => void) | undefined;
  #lastCause: Error | undefined;
  #closing: Promise<void> | undefined;
  /** A server has said so; it stays so for this session, since each question costs a connection. */
  lacksPersistentWatches = false;
  #told: SessionState = "connecting";
  /** When the pings that wait for their answers were sent: an answer proves its own ping, not a later one. */
  #pings = new Fifo<number>();

  constructor(options: ResolvedConnectOptions, { chroot, hostCount, dial, clock }: WireTarget) {
    this.chroot = chroot;
    this.options = options;
    this.#dialHost = dial;
    this.#clock = clock;
    this.#decoder = new FrameDecoder(options.replyBytesMax);
    this.#life = new ConnectionLife({ ...options, hostCount, prng: createPrng(options.seed) });
  }

  get state(): SessionState {
    return this.#life.state;
  }

  get sessionId(): bigint {
    return this.#life.sessionId;
  }

  get timeoutMs(): number {
    return this.#life.timeoutMs;
  }

  get lastZxid(): bigint {
    return this.#life.lastZxid;
  }

  /** Why the last connection failed. */
  get lastCause(): Error | undefined {
    return this.#lastCause;
  }

  start(): void {
    this.#step({ kind: "start" });
  }

  call(request: Request, options: WireCallOptions = {}): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      const call = new PendingCall(request, { resolve, reject }, { ...options, clock: this.#clock });
      if (call.isSettled) return;
      const refusal = this.#refusal();
      if (refusal !== undefined) call.fail(...refusal);
      else if (this.#isReady) this.#send(call);
      else this.#unsent.push(call);
    });
  }

  addAuth(auth: AuthRequest): void {
    this.#auths.push(auth);
    if (this.#isReady) this.#sendAuth(auth);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#isReady) {
      // A server that does not answer ends the session by its timeout; nobody waits for that here.
      const timeoutMs = Math.min(this.timeoutMs / 3, farewellMsMax);
      await this.call({ type: "closeSession" }, { timeoutMs }).catch(() => undefined);
    }
    this.#step({ kind: "end", state: "closed" });
  }

  #refusal(): [CoordErrorCode, string] | undefined {
    const { state } = this;
    if (state === "closed") return ["closed", "the session was closed"];
    if (state === "refused") return ["auth-failed", "the server does not accept the credentials"];
    if (state === "expired") return ["session-expired", "the session is over; connect again"];
    const { callsMax } = this.options;
    if (this.#unsent.length + this.#sent.length < callsMax) return undefined;
    for (const call of this.#unsent.takeAll()) if (!call.isSettled) this.#unsent.push(call);
    const isFull = this.#unsent.length + this.#sent.length >= callsMax;
    return isFull ? ["overloaded", `${callsMax} calls wait already`] : undefined;
  }

  #send(call: PendingCall): void {
    if (call.isSettled) return;
    this.#xid = this.#xid === int32Max ? 1 : this.#xid + 1;
    const frame = encodeRequest(this.#xid, call.request);
    const { frameBytesMax } = this.options;
    if (frame.length - 4 > frameBytesMax) {
      call.fail("data-too-large", `the request has ${frame.length - 4} bytes, at most ${frameBytesMax} are taken`);
      return;
    }
    call.xid = this.#xid;
    call.sentMs = this.#clock.monotonicMs();
    this.#sent.push(call);
    this.#life.sent(call.sentMs);
    this.#channel?.send(frame);
    this.#shortWait.begin();
  }

  #step(input: LifeInput): void {
    this.#perform(this.#life.step(input, this.#clock.monotonicMs()));
    this.#armTimer();
  }

  #perform(effects: readonly LifeEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "dial":
          this.#dial(effect.host);
          break;
        case "greet":
          this.#channel?.send(encodeConnectRequest(effect.request));
          break;
        case "ping":
          this.#pings.push(this.#clock.monotonicMs());
          this.#channel?.send(encodeRequest(xids.ping, { type: "ping" }));
          break;
        case "probe":
          this.#probe(effect.host);
          break;
        case "drop":
          this.#drop();
          break;
        case "interrupt":
          this.#interrupt();
          break;
        case "resume":
          this.#resume();
          break;
        case "state":
          this.#tell(effect.state);
          break;
      }
    }
  }

  #tell(to: SessionState): void {
    const from = this.#told;
    this.#told = to;
    const reason = this.#lastCause?.message ?? "";
    // In a turn of its own, so that a listener that throws cannot stop what has to be done.
    queueMicrotask(() => this.events.emit("state", { from, to, reason }));
  }

  #armTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { deadlineMs } = this.#life;
    if (deadlineMs === undefined) return;
    const clock = this.#clock;
    const delayMs = Math.max(1, Math.ceil(deadlineMs - clock.monotonicMs()));
    const onTimer = (): void => {
      const tick = (): void => this.#step({ kind: "tick" });
      // After a stall, what waits in the socket is read before anybody is given up.
      if (clock.monotonicMs() - deadlineMs > lateMs) clock.soon(tick);
      else tick();
    };
    this.#cancelTimer = clock.after(delayMs, onTimer, { unref: this.options.unref });
  }

  #dial(host: number): void {
    const channel = this.#dialHost(host);
    this.#channel = channel;
    this.#decoder = new FrameDecoder(this.options.replyBytesMax);
    this.#pings = new Fifo<number>();
    channel.open({
      opened: () => {
        if (this.#channel === channel) this.#step({ kind: "opened" });
      },
      bytes: (chunk) => {
        if (this.#channel === channel) this.#receive(chunk, channel);
      },
      closed: (cause) => {
        if (this.#channel !== channel) return;
        this.#lastCause = cause ?? this.#lastCause;
        this.#lose();
      },
    });
  }

  #probe(host: number): void {
    this.#stopProbe = probeServer({ channel: this.#dialHost(host), clock: this.#clock }, (isWritable) => {
      this.#stopProbe = undefined;
      this.#step({ kind: "probed", host, isWritable });
    });
  }

  #drop(): void {
    this.#stopProbe?.();
    this.#stopProbe = undefined;
    const channel = this.#channel;
    this.#channel = undefined;
    this.#isReady = false;
    if (this.#life.state === "closed") channel?.close();
    else channel?.destroy();
  }

  #lose(): void {
    this.#drop();
    this.#step({ kind: "lost" });
  }

  #receive(chunk: Uint8Array, channel: ByteChannel): void {
    this.#decoder.push(chunk);
    try {
      while (this.#channel === channel) {
        const step = this.#decoder.next();
        if (step.kind === "partial") return;
        if (step.kind === "illegal-length") {
          throw new CoordError("malformed-record", `the server sent a frame of length ${step.length}`);
        }
        this.#handleFrame(step.payload);
      }
    } catch (thrown) {
      this.#lastCause = CoordError.from(thrown, "malformed-record");
      this.#lose();
    }
  }

  #handleFrame(payload: Uint8Array): void {
    if (!this.#life.isConnected) {
      this.#step({ kind: "welcomed", response: decodeConnectResponse(payload) });
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    const { header, body } = decodeReplyHeader(payload);
    switch (header.xid) {
      case xids.notification: {
        this.#life.heard(nowMs);
        const event = decodeWatcherEvent(body);
        this.#notify(event.type, event.path);
        return;
      }
      case xids.ping:
        this.#perform(this.#life.answered(nowMs, this.#pings.shift() ?? 0, header));
        return;
      case xids.auth:
        this.#life.heard(nowMs);
        if (header.err !== 0) this.#step({ kind: "end", state: "refused" });
        return;
      case xids.setWatches:
        this.#life.heard(nowMs);
        return;
      default:
        if (this.#sasl !== undefined) this.#continueSasl(header.err, body.remaining > 0 ? body.buffer() : null);
        else this.#answer(header, body, nowMs);
    }
  }

  #answer(
    { xid, zxid, err }: { xid: number; zxid: bigint; err: number },
    body: Parameters<PendingCall["answer"]>[1],
    nowMs: number,
  ): void {
    const call = this.#sent.first;
    if (call?.xid !== xid) {
      throw new CoordError("malformed-record", `the server answers request ${xid} and ${call?.xid ?? "none"} was next`);
    }
    this.#sent.shift();
    this.#shortWait.end();
    this.#perform(this.#life.answered(nowMs, call.sentMs, { zxid, err }));
    try {
      call.answer(err, body);
    } catch (thrown) {
      // Its bytes may hide where the next answer begins: the connection goes, and the call is no longer among the sent.
      call.fail("malformed-record", "the answer cannot be read", thrown);
      throw thrown;
    }
  }

  #notify(type: number, path: string): void {
    const taken = this.watches.take(type, path);
    if (taken === undefined) return;
    // Each in a turn of its own, so that one that throws takes nothing from the others.
    const event = { type: taken.event.type, path: withoutChroot(this.chroot, path) ?? path };
    for (const callback of taken.callbacks) queueMicrotask(() => callback(event));
  }

  /** Reads are asked again; of writes nobody knows whether they happened. */
  #interrupt(): void {
    this.#sasl = undefined;
    const isOver = isFinal(this.state);
    const refusal = this.#refusal();
    const again: PendingCall[] = [];
    const why =
      this.#lastCause === undefined ? "the connection was lost" : `the connection was lost: ${this.#lastCause.message}`;
    for (const call of this.#sent.takeAll()) {
      if (isOver && refusal !== undefined) call.fail(...refusal);
      else if (call.isRead) again.push(call);
      else call.fail("connection-lost", why, this.#lastCause);
    }
    const later = this.#unsent.takeAll();
    for (const call of [...again, ...later]) {
      if (isOver && refusal !== undefined) call.fail(...refusal);
      else this.#unsent.push(call);
    }
  }

  #resume(): void {
    const { sasl } = this.options;
    if (sasl === undefined) {
      this.#sendAll();
      return;
    }
    this.#sasl = beginSaslClient(sasl);
    this.#sendAside(0, { type: "sasl", token: new Uint8Array(0) });
  }

  #continueSasl(err: number, token: Uint8Array | null): void {
    const next = err === 0 ? this.#sasl?.next(token ?? new Uint8Array(0)) : ({ kind: "failed" } as const);
    if (next === undefined) return;
    if (next.kind === "send") this.#sendAside(0, { type: "sasl", token: next.token });
    else if (next.kind === "failed") this.#step({ kind: "end", state: "refused" });
    else {
      this.#sasl = undefined;
      this.#sendAll();
    }
  }

  /** Strictly in this order: events that are filtered by ids must see them, and calls must find their watches set. */
  #sendAll(): void {
    this.#isReady = true;
    for (const auth of this.#auths) this.#sendAuth(auth);
    for (const replay of this.watches.replay(this.#life.lastZxid)) {
      const { persistent, persistentRecursive, ...rest } = replay;
      const isOld = persistent.length + persistentRecursive.length === 0;
      this.#sendAside(xids.setWatches, isOld ? { type: "setWatches", ...rest } : { type: "setWatches2", ...replay });
    }
    for (const call of this.#unsent.takeAll()) this.#send(call);
    for (const listener of this.resumed) listener();
  }

  #sendAuth(auth: AuthRequest): void {
    this.#sendAside(xids.auth, { type: "auth", ...auth });
  }

  #sendAside(xid: number, request: Request): void {
    this.#life.sent(this.#clock.monotonicMs());
    this.#channel?.send(encodeRequest(xid, request));
  }
}
