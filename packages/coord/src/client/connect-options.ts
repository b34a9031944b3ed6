import { CoordError } from "../coord-error.ts";
import type { ClientTls } from "./socket-channel.ts";

/** Credentials that are shown to every server: `{ scheme: "digest", auth: "user:password" }`. */
export interface AuthInfo {
  readonly scheme: string;
  readonly auth: string | Uint8Array;
}

/** How a call may end early. */
export interface CallOptions {
  /** Ends the wait with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait with `timeout`; default: none. A session that ends settles every call in any case. */
  readonly timeoutMs?: number | undefined;
}

/** How a session is opened. Everything has a default. */
export interface ConnectOptions extends CallOptions {
  /** Wanted, default 10000; the server has the last word: `session.timeoutMs`. */
  readonly sessionTimeoutMs?: number;
  /** How long `connect` waits for the first server, default 30000. */
  readonly timeoutMs?: number;
  /** Put before every path, on top of the one in the connect string. */
  readonly chroot?: string;
  readonly auth?: readonly AuthInfo[];
  /** SASL DIGEST-MD5, before anything else is sent. */
  readonly sasl?: { readonly user: string; readonly password: string };
  readonly tls?: ClientTls;
  /** A server that has lost its ensemble will do, for reads. Default false. */
  readonly allowReadOnly?: boolean;
  /** After an expiry a new session begins by itself. Default false: every call then fails with `session-expired`. */
  readonly renew?: boolean;
  /** Calls that wait for an answer, default 65536; more are refused with `overloaded`. */
  readonly pendingMax?: number;
  /** Longest request, default 1048575 as servers have it. ZooKeeper's `jute.maxbuffer`. */
  readonly requestBytesMax?: number;
  /** Longest reply, default 64 MiB; a server that sends more is left. */
  readonly replyBytesMax?: number;
  /** First pause after all hosts have failed, default 50; it doubles up to `backoffMsMax`, default 1000. */
  readonly backoffMs?: number;
  readonly backoffMsMax?: number;
  /** Seed of the order of hosts and of the pauses; default: chance. */
  readonly seed?: number;
  /** A program that has nothing else to do ends although the session is open. Default false. */
  readonly unref?: boolean;
}

export type ResolvedConnectOptions = Required<
  Omit<ConnectOptions, "signal" | "chroot" | "sasl" | "tls" | "seed" | "auth">
> &
  Pick<ConnectOptions, "signal" | "sasl" | "tls"> & {
    readonly seed: number;
    readonly auth: readonly AuthInfo[];
  };

type NumberOption = "sessionTimeoutMs" | "timeoutMs" | "pendingMax" | "requestBytesMax" | "replyBytesMax" | "backoffMs";

const int32Max = 0x7fff_ffff;
const numberMins: Readonly<Record<NumberOption | "backoffMsMax", number>> = {
  sessionTimeoutMs: 1,
  timeoutMs: 1,
  pendingMax: 1,
  requestBytesMax: 64,
  replyBytesMax: 64,
  backoffMs: 1,
  backoffMsMax: 1,
};

/** Fills in defaults. Throws `invalid-options` with all problems at once. */
export function resolveConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  const resolved: ResolvedConnectOptions = {
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    timeoutMs: options.timeoutMs ?? 30_000,
    auth: options.auth ?? [],
    sasl: options.sasl,
    tls: options.tls,
    allowReadOnly: options.allowReadOnly ?? false,
    renew: options.renew ?? false,
    pendingMax: options.pendingMax ?? 65_536,
    requestBytesMax: options.requestBytesMax ?? 0xf_ffff,
    replyBytesMax: options.replyBytesMax ?? 64 * 1024 * 1024,
    backoffMs: options.backoffMs ?? 50,
    backoffMsMax: options.backoffMsMax ?? 1000,
    seed: options.seed ?? Math.floor(Math.random() * int32Max),
    unref: options.unref ?? false,
    signal: options.signal,
  };
  const problems = (Object.keys(numberMins) as (keyof typeof numberMins)[]).flatMap((name) => {
    const value = resolved[name];
    const fits = Number.isInteger(value) && value >= numberMins[name] && value <= int32Max;
    return fits ? [] : [`${name} is ${value} and must be a whole number from ${numberMins[name]} to ${int32Max}`];
  });
  if (problems.length > 0) throw new CoordError("invalid-options", problems.join("; "));
  return resolved;
}
