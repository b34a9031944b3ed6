import { CoordError } from "../coord-error.ts";
import type { ClientTls } from "./socket-channel.ts";

/** How a session is opened. Everything has a default. */
export interface ConnectOptions {
  /**
   * How long the session outlives a lost connection, default 10000. The server has the last word: see
   * `session.timeoutMs`.
   */
  readonly sessionTimeoutMs?: number;
  /** How long to try to reach a server, default 30000. */
  readonly connectTimeoutMs?: number;
  /** Ends the attempt to connect; later it has no effect. */
  readonly signal?: AbortSignal;
  /** Put before every path, on top of the one in the connect string. */
  readonly chroot?: string;
  /** Credentials, shown to every server. `digest` takes `user:password`. */
  readonly auth?: readonly { readonly scheme: string; readonly credential: string }[];
  /** SASL DIGEST-MD5, before anything else is sent. */
  readonly sasl?: { readonly user: string; readonly password: string };
  /** TLS to the servers. */
  readonly tls?: ClientTls;
  /** A server that has lost its ensemble will do, for reads. Default false. */
  readonly allowReadOnly?: boolean;
  /** After an expiry a new session begins by itself. Default false: every call then fails with `session-expired`. */
  readonly renew?: boolean;
  /** Calls that may wait for an answer, default 20000; more are refused as `overloaded`. */
  readonly callsMax?: number;
  /** Longest request, default 1048575 as servers have it. ZooKeeper's `jute.maxbuffer`. */
  readonly frameBytesMax?: number;
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

type Defaulted = Omit<ConnectOptions, "signal" | "chroot" | "sasl" | "tls" | "seed" | "auth">;

export interface ResolvedConnectOptions extends Required<Defaulted> {
  readonly sasl: ConnectOptions["sasl"] | undefined;
  readonly tls: ClientTls | undefined;
  readonly seed: number;
}

const int32Max = 0x7fff_ffff;

const numberOptions = [
  "sessionTimeoutMs",
  "connectTimeoutMs",
  "callsMax",
  "frameBytesMax",
  "replyBytesMax",
  "backoffMs",
  "backoffMsMax",
] as const satisfies readonly (keyof ResolvedConnectOptions)[];

/** Fills in defaults. Throws `invalid-options` with all problems at once. */
export function resolveConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  const resolved: ResolvedConnectOptions = {
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
    sasl: options.sasl,
    tls: options.tls,
    allowReadOnly: options.allowReadOnly ?? false,
    renew: options.renew ?? false,
    callsMax: options.callsMax ?? 20_000,
    frameBytesMax: options.frameBytesMax ?? 0xf_ffff,
    replyBytesMax: options.replyBytesMax ?? 64 * 1024 * 1024,
    backoffMs: options.backoffMs ?? 50,
    backoffMsMax: options.backoffMsMax ?? 1000,
    seed: options.seed ?? Math.floor(Math.random() * int32Max),
    unref: options.unref ?? false,
  };
  const problems = numberOptions.flatMap((name) => {
    const value = resolved[name];
    const fits = Number.isInteger(value) && value >= 1 && value <= int32Max;
    return fits ? [] : [`${name} is ${value} and must be a whole number from 1 to ${int32Max}`];
  });
  if (problems.length > 0) throw new CoordError("invalid-options", problems.join("; "));
  return resolved;
}
