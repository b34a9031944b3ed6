import type { Prng } from "@tutti/stdx";
import { deniesSession } from "../../protocol/error-codes.ts";
import type { ConnectRequest, ConnectResponse, ReplyHeader } from "../../protocol/records.ts";
import type { SessionState } from "./session-state.ts";

export interface LifeOptions {
  readonly hostCount: number;
  /** Wanted; the server decides. */
  readonly sessionTimeoutMs: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly allowReadOnly: boolean;
  /** After an expiry a new session begins. */
  readonly renew: boolean;
  readonly prng: Prng;
}

export type LifeInput =
  | { readonly kind: "start" }
  /** The channel can carry bytes. */
  | { readonly kind: "opened" }
  | { readonly kind: "welcomed"; readonly response: ConnectResponse }
  /** The channel is gone, or said what it must not. */
  | { readonly kind: "lost" }
  | { readonly kind: "tick" }
  /** What came of a probe; a server that did not answer is not writable. */
  | { readonly kind: "probed"; readonly host: number; readonly isWritable: boolean }
  | { readonly kind: "end"; readonly state: "closed" | "refused" };

/** To be done in order. */
export type LifeEffect =
  | { readonly kind: "dial"; readonly host: number }
  | { readonly kind: "greet"; readonly request: ConnectRequest }
  | { readonly kind: "ping" }
  /** Ask a server whether it takes writes, beside the connection. */
  | { readonly kind: "probe"; readonly host: number }
  /** End the channel; its `lost` is not to be told. */
  | { readonly kind: "drop" }
  /** What was sent has no answer any more. */
  | { readonly kind: "interrupt" }
  /** Send credentials, then watches, then what waits. */
  | { readonly kind: "resume" }
  | { readonly kind: "state"; readonly state: SessionState };

/** The search for a server that takes writes, from one that does not. */
interface Probe {
  /** How many hosts were asked. */
  readonly count: number;
  /** When the next one is; never while one is being asked, or when there is no need. */
  readonly dueMs: number;
}

const noProbe: Probe = { count: 0, dueMs: Number.POSITIVE_INFINITY };

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "waiting"; readonly untilMs: number }
  | { readonly kind: "dialing"; readonly untilMs: number }
  | { readonly kind: "greeting"; readonly untilMs: number }
  | { readonly kind: "connected"; readonly sinceMs: number; readonly isReadOnly: boolean; readonly probe: Probe }
  | { readonly kind: "over" };

function connectedState(isReadOnly: boolean): SessionState {
  return isReadOnly ? "connectedReadOnly" : "connected";
}

const passwordBytes = 16;
const pingIntervalMsMax = 10_000;
const dialMsMin = 100;
const dialMsMax = 10_000;
/** As Java's client: soon at first, then ever more rarely. */
const probeMsMin = 100;
const probeMsMax = 60_000;

/**
 * The life of one session, over as many connections as it takes.
 *
 * A session ends at the server one timeout after the server last heard of it. The client cannot know that moment, but it
 * knows when it sent the youngest request that was answered (`provenMs`): the server heard of it then or later. So up to
 * `provenMs + timeout` the session lives, and whoever holds a lock through it is safe; then it is `uncertain`. After a
 * third more without any server it counts as expired (as in ZOOKEEPER-4508), since to wait for ever helps nobody.
 */
export class ConnectionLife {
  readonly #options: LifeOptions;
  readonly #hosts: number[];
  #phase: Phase = { kind: "idle" };
  #state: SessionState = "connecting";
  /** Hosts tried since the last one that served. */
  #attempts = 0;
  #sessionId = 0n;
  #password: Uint8Array = new Uint8Array(passwordBytes);
  #timeoutMs: number;
  #hasSeenWritable = false;
  #lastZxid = 0n;
  #heardMs = 0;
  #sentMs = 0;
  #provenMs = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#timeoutMs = options.sessionTimeoutMs;
    this.#hosts = Array.from({ length: options.hostCount }, (_, index) => index);
    for (let last = this.#hosts.length - 1; last > 0; last -= 1) {
      const other = options.prng.nextBelow(last + 1);
      [this.#hosts[last], this.#hosts[other]] = [this.#hosts[other] ?? 0, this.#hosts[last] ?? 0];
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  get sessionId(): bigint {
    return this.#sessionId;
  }

  /** Negotiated; before that, the one wanted. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  get isConnected(): boolean {
    return this.#phase.kind === "connected";
  }

  /** When `tick` is wanted next; undefined when nothing depends on time. */
  get deadlineMs(): number | undefined {
    const { kind } = this.#phase;
    if (kind === "over" || kind === "idle") return undefined;
    const times: number[] = [];
    if (this.#phase.kind === "connected") {
      times.push(this.#pingMs, this.#heardMs + this.#readTimeoutMs, this.#phase.probe.dueMs);
    } else if ("untilMs" in this.#phase) times.push(this.#phase.untilMs);
    if (this.#hasSession) {
      if (this.#state !== "uncertain") times.push(this.#provenMs + this.#timeoutMs);
      else if (kind !== "connected") times.push(this.#expiryMs);
    }
    return Math.min(...times);
  }

  /** A reply to what was sent at `provenMs`. One that says that there is no such session proves nothing. */
  answered(nowMs: number, provenMs: number, { zxid, err }: Pick<ReplyHeader, "zxid" | "err">): readonly LifeEffect[] {
    this.#heardMs = nowMs;
    if (provenMs > this.#provenMs && this.#isProof && !deniesSession(err)) this.#provenMs = provenMs;
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    if (this.#state !== "uncertain" || nowMs >= this.#provenMs + this.#timeoutMs) return [];
    return this.#phase.kind === "connected" ? this.#become(connectedState(this.#phase.isReadOnly)) : [];
  }

  /** Something came that answers nothing. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  step(input: LifeInput, nowMs: number): readonly LifeEffect[] {
    if (this.#phase.kind === "over") return [];
    switch (input.kind) {
      case "start":
        return this.#dial(nowMs);
      case "opened":
        return this.#phase.kind === "dialing" ? this.#greet(this.#phase.untilMs, nowMs) : [];
      case "welcomed":
        return this.#phase.kind === "greeting" ? this.#welcomed(input.response, nowMs) : [];
      case "lost":
        return this.#lost(nowMs);
      case "tick":
        return this.#tick(nowMs);
      case "probed":
        return this.#probed(input, nowMs);
      case "end":
        this.#phase = { kind: "over" };
        return [{ kind: "drop" }, ...this.#become(input.state), { kind: "interrupt" }];
    }
  }

  get #hasSession(): boolean {
    return this.#sessionId !== 0n;
  }

  /**
   * Whether an answer proves that the session lives. A server that is cut off from its ensemble answers for itself: the
   * others may have ended the session. Only one that it gave itself is its own to keep.
   */
  get #isProof(): boolean {
    return !(this.#phase.kind === "connected" && this.#phase.isReadOnly && this.#hasSeenWritable);
  }

  get #readTimeoutMs(): number {
    return (this.#timeoutMs * 2) / 3;
  }

  get #pingMs(): number {
    return this.#sentMs + Math.min(this.#timeoutMs / 3, pingIntervalMsMax);
  }

  get #expiryMs(): number {
    return this.#provenMs + (this.#timeoutMs * 4) / 3;
  }

  #become(state: SessionState): LifeEffect[] {
    if (this.#state === state) return [];
    this.#state = state;
    return [{ kind: "state", state }];
  }

  #dial(nowMs: number): LifeEffect[] {
    const host = this.#hosts[this.#attempts % this.#hosts.length] ?? 0;
    this.#attempts += 1;
    const shareMs = this.#timeoutMs / this.#hosts.length;
    this.#phase = { kind: "dialing", untilMs: nowMs + Math.min(Math.max(shareMs, dialMsMin), dialMsMax) };
    return [{ kind: "dial", host }];
  }

  #greet(untilMs: number, nowMs: number): LifeEffect[] {
    this.#phase = { kind: "greeting", untilMs };
    this.#sentMs = nowMs;
    // An id that only a read-only server has given means nothing elsewhere.
    const isKnown = this.#hasSession && this.#hasSeenWritable;
    const request: ConnectRequest = {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeoutMs: this.#options.sessionTimeoutMs,
      sessionId: isKnown ? this.#sessionId : 0n,
      password: isKnown ? this.#password : new Uint8Array(passwordBytes),
      readOnly: this.#options.allowReadOnly,
    };
    return [{ kind: "greet", request }];
  }

  #welcomed(response: ConnectResponse, nowMs: number): LifeEffect[] {
    if (response.timeoutMs <= 0) return [{ kind: "drop" }, ...this.#expire(nowMs)];
    const isReadOnly = response.readOnly === true;
    const probe = isReadOnly ? { count: 0, dueMs: nowMs + probeMsMin } : noProbe;
    this.#phase = { kind: "connected", sinceMs: nowMs, isReadOnly, probe };
    this.#sessionId = response.sessionId;
    this.#password = response.password ?? new Uint8Array(passwordBytes);
    this.#timeoutMs = response.timeoutMs;
    this.#hasSeenWritable ||= !isReadOnly;
    this.#heardMs = nowMs;
    // The greeting is what the server has heard.
    if (this.#isProof) this.#provenMs = this.#sentMs;
    // When this host fails, all others are tried before it.
    this.#hosts.push(...this.#hosts.splice(0, ((this.#attempts - 1) % this.#hosts.length) + 1));
    this.#attempts = 0;
    const isUncertain = nowMs >= this.#provenMs + this.#timeoutMs;
    return [...this.#become(isUncertain ? "uncertain" : connectedState(isReadOnly)), { kind: "resume" }];
  }

  /** A round in which every host has failed is followed by a pause, longer each time. */
  #lost(nowMs: number): LifeEffect[] {
    const effects: LifeEffect[] = [];
    if (this.#phase.kind === "waiting") return effects;
    if (this.#phase.kind === "connected") {
      // A server that greets and hangs up is no better than one that does not answer.
      if (nowMs - this.#phase.sinceMs < this.#options.backoffMs) this.#attempts = this.#hosts.length;
      if (this.#state !== "uncertain") effects.push(...this.#become("suspended"));
      effects.push({ kind: "interrupt" });
    }
    const rounds = Math.floor(this.#attempts / this.#hosts.length);
    const isPaused = this.#attempts > 0 && this.#attempts % this.#hosts.length === 0;
    if (!isPaused) return [...effects, ...this.#dial(nowMs)];
    const { backoffMs, backoffMsMax, prng } = this.#options;
    const fullMs = Math.min(backoffMsMax, backoffMs * 2 ** Math.min(rounds - 1, 30));
    this.#phase = { kind: "waiting", untilMs: nowMs + fullMs * (0.5 + prng.nextUnit() / 2) };
    return effects;
  }

  #tick(nowMs: number): LifeEffect[] {
    const effects: LifeEffect[] = [];
    if (this.#hasSession && this.#state !== "uncertain" && nowMs >= this.#provenMs + this.#timeoutMs) {
      effects.push(...this.#become("uncertain"));
    }
    if (this.#phase.kind === "connected") {
      if (nowMs >= this.#heardMs + this.#readTimeoutMs) {
        effects.push({ kind: "drop" }, ...this.#lost(nowMs));
      } else if (nowMs >= this.#pingMs) {
        this.#sentMs = nowMs;
        effects.push({ kind: "ping" });
      }
      return [...effects, ...this.#probe(nowMs)];
    }
    if (this.#hasSession && nowMs >= this.#expiryMs) return [...effects, { kind: "drop" }, ...this.#expire(nowMs)];
    if (this.#phase.kind === "waiting" && nowMs >= this.#phase.untilMs) effects.push(...this.#dial(nowMs));
    else if (this.#phase.kind === "dialing" || this.#phase.kind === "greeting") {
      if (nowMs >= this.#phase.untilMs) effects.push({ kind: "drop" }, ...this.#lost(nowMs));
    }
    return effects;
  }

  #probe(nowMs: number): LifeEffect[] {
    if (this.#phase.kind !== "connected" || nowMs < this.#phase.probe.dueMs) return [];
    const { count } = this.#phase.probe;
    this.#phase = { ...this.#phase, probe: { count: count + 1, dueMs: Number.POSITIVE_INFINITY } };
    return [{ kind: "probe", host: this.#hosts[count % this.#hosts.length] ?? 0 }];
  }

  /** A server that takes writes is better than one that does not, and worth a break. */
  #probed({ host, isWritable }: { host: number; isWritable: boolean }, nowMs: number): LifeEffect[] {
    if (this.#phase.kind !== "connected" || !this.#phase.isReadOnly) return [];
    const { probe } = this.#phase;
    if (!isWritable) {
      const delayMs = Math.min(probeMsMax, probeMsMin * 2 ** Math.min(probe.count, 30));
      this.#phase = { ...this.#phase, probe: { count: probe.count, dueMs: nowMs + delayMs } };
      return [];
    }
    this.#hosts.unshift(...this.#hosts.splice(this.#hosts.indexOf(host), 1));
    const suspended = this.#state === "uncertain" ? [] : this.#become("suspended");
    return [{ kind: "drop" }, ...suspended, { kind: "interrupt" }, ...this.#dial(nowMs)];
  }

  #expire(nowMs: number): LifeEffect[] {
    const effects: LifeEffect[] = [...this.#become("expired"), { kind: "interrupt" }];
    if (!this.#options.renew) {
      this.#phase = { kind: "over" };
      return effects;
    }
    this.#sessionId = 0n;
    this.#password = new Uint8Array(passwordBytes);
    this.#hasSeenWritable = false;
    // A new session sees the tree anew. To insist on the old zxid would lock out of a server that lost its data.
    this.#lastZxid = 0n;
    this.#attempts = 0;
    return [...effects, ...this.#become("connecting"), ...this.#dial(nowMs)];
  }
}
