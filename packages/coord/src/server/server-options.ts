import { CoordError } from "../coord-error.ts";
import { type FourLetterWord, fourLetterWords } from "../protocol/four-letter-words.ts";
import type { Logger } from "./logger.ts";
import type { TokenBucketOptions } from "../core/token-bucket.ts";
import { checkCertificates, type ServerTls } from "./server-tls.ts";

/** How a server is started. Everything has a default. */
export interface ServerOptions {
  /** Port for clients; 0, the default, takes a free one. ZooKeeper's `clientPort`. */
  readonly port?: number;
  /**
   * Address to bind, default 127.0.0.1. A wider one lets in everybody who can reach it. ZooKeeper's
   * `clientPortAddress`.
   */
  readonly host?: string;
  /** Length of a tick in ms, default 2000, sensible from 50 on. ZooKeeper's `tickTime`. */
  readonly tickTimeMs?: number;
  /** Shortest session timeout that a client gets, default 2 ticks. ZooKeeper's `minSessionTimeout`. */
  readonly sessionTimeoutMsMin?: number;
  /** Longest session timeout that a client gets, default 20 ticks. ZooKeeper's `maxSessionTimeout`. */
  readonly sessionTimeoutMsMax?: number;
  /** Longest request in bytes, default 1048575; a longer one closes its connection. ZooKeeper's `jute.maxbuffer`. */
  readonly frameBytesMax?: number;
  /** Connections of one address, default 60; 0 for no limit. More are closed at once. ZooKeeper's `maxClientCnxns`. */
  readonly connectionsPerAddressMax?: number;
  /** Unanswered requests of one connection, default 1000; beyond it nothing more is read from it. */
  readonly outstandingPerConnectionMax?: number;
  /**
   * Bytes that wait for a client which does not read, default 64 MiB; beyond it the connection is cut. Nothing more
   * is read from a connection with more than 1 MiB of them.
   */
  readonly unsentBytesMax?: number;
  /** Four-letter words that are answered, default `srvr` alone. ZooKeeper's `4lw.commands.whitelist`. */
  readonly fourLetterWords?: readonly FourLetterWord[] | "*";
  /** `super:base64(sha1("super:password"))`, default none. ZooKeeper's `superDigest`. */
  readonly superDigest?: string;
  /** TLS for clients, on a port of its own, default none. */
  readonly tls?: ServerTls;
  /** Subject of the client certificate of the super user. ZooKeeper's `X509AuthenticationProvider.superUser`. */
  readonly superSubject?: string;
  /**
   * Users who may authenticate by SASL DIGEST-MD5, with their passwords, default none. ZooKeeper's `Server` section of a
   * JAAS file.
   */
  readonly saslUsers?: Readonly<Record<string, string>>;
  /** TTL nodes, default false. ZooKeeper's `zookeeper.extendedTypesEnabled`. */
  readonly extendedTypesEnabled?: boolean;
  /** Hard quotas refuse writes, default false. ZooKeeper's `enforceQuota`. */
  readonly enforceQuota?: boolean;
  /**
   * Whether reconfig answers that it is not implemented (true) or disabled (false, the default); a server that
   * stands alone refuses it either way. ZooKeeper's `reconfigEnabled`.
   */
  readonly reconfigEnabled?: boolean;
  /**
   * How often empty containers and TTL nodes are removed, default 60000. ZooKeeper's
   * `znode.container.checkIntervalMs`.
   */
  readonly reapIntervalMs?: number;
  /**
   * Whether a server that has lost its ensemble serves reads to clients who allow it (`allowReadOnly`, Java's
   * `canBeReadOnly`), from what it knows, default false. ZooKeeper's `readonlymode.enabled`.
   */
  readonly readOnlyMode?: boolean;
  /** Connections in all, default 0, which is no limit. More are closed at once. ZooKeeper's `maxCnxns`. */
  readonly connectionsMax?: number;
  /**
   * How fast connections may come: a burst of `tokensMax`, and `fillCount` more in each `fillIntervalMs`. Default: as
   * they like. ZooKeeper's `connectionThrottleTokens`, `connectionThrottleFillCount` and `connectionThrottleFillTime`.
   */
  readonly connectionThrottle?: TokenBucketOptions;
  /** Changes that clients ask for are told as `audit` events, default false. ZooKeeper's `audit.enable`. */
  readonly audit?: boolean;
  /** Hears what the server does, for people to read. Default: nobody. */
  readonly logger?: Logger;
  /** A port for `/commands` and `/commands/<name>`, ZooKeeper's AdminServer, default none. It asks nobody who they are. */
  readonly admin?: HttpPortOptions;
  /** A port for `/metrics` in the text format of Prometheus, default none. */
  readonly metrics?: HttpPortOptions;
  /**
   * Requests of all connections that may wait for the log, default 1000; beyond it nothing more is read until half of
   * them are answered. ZooKeeper's `globalOutstandingLimit`.
   */
  readonly outstandingMax?: number;
  /** Transactions between two snapshots, default 100000. ZooKeeper's `snapCount`. */
  readonly snapshotTxns?: number;
  /**
   * Directory that the server keeps its data in, created when it is missing. Default: none, and what it holds is gone
   * when it closes. ZooKeeper's `dataDir`.
   */
  readonly dataDir?: string;
  /** Aborts the start, and later closes the server. */
  readonly signal?: AbortSignal;
}

/** An address for one of the ports of operators. */
export interface HttpPortOptions {
  /** Default 0, a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

type OptionalPart = "connectionThrottle" | "logger" | "admin" | "metrics";

export type ResolvedOptions = Required<
  Omit<
    ServerOptions,
    "signal" | "superDigest" | "superSubject" | "tls" | "fourLetterWords" | "dataDir" | "saslUsers" | OptionalPart
  >
> &
  Pick<ServerOptions, OptionalPart> & {
    readonly tls: ServerTls | undefined;
    readonly superSubject: string | undefined;
    readonly dataDir: string | undefined;
    readonly saslUsers: ReadonlyMap<string, string>;
    readonly superDigest: string | undefined;
    readonly fourLetterWords: ReadonlySet<string>;
  };

const tickTimeMsDefault = 2000;
const int32Max = 0x7fff_ffff;

type NumberOption = {
  [K in keyof ResolvedOptions]-?: ResolvedOptions[K] extends number ? K : never;
}[keyof ResolvedOptions];

interface NumberRule {
  readonly name: NumberOption;
  readonly min: number;
  readonly max: number;
}

const numberRules: readonly NumberRule[] = [
  { name: "port", min: 0, max: 65_535 },
  { name: "tickTimeMs", min: 1, max: int32Max },
  { name: "sessionTimeoutMsMin", min: 1, max: int32Max },
  { name: "sessionTimeoutMsMax", min: 1, max: int32Max },
  { name: "frameBytesMax", min: 64, max: int32Max - 4 },
  { name: "connectionsPerAddressMax", min: 0, max: int32Max },
  { name: "connectionsMax", min: 0, max: int32Max },
  { name: "outstandingPerConnectionMax", min: 1, max: int32Max },
  { name: "outstandingMax", min: 1, max: int32Max },
  { name: "snapshotTxns", min: 1, max: int32Max },
  { name: "unsentBytesMax", min: 1, max: Number.MAX_SAFE_INTEGER },
  { name: "reapIntervalMs", min: 1, max: int32Max },
];

function problemsOf(options: ResolvedOptions): readonly string[] {
  const problems = numberRules.flatMap(({ name, min, max }) => {
    const value = options[name];
    const fits = Number.isInteger(value) && value >= min && value <= max;
    return fits ? [] : [`${name} is ${value} and must be a whole number from ${min} to ${max}`];
  });
  if (options.sessionTimeoutMsMin > options.sessionTimeoutMsMax) {
    problems.push(`sessionTimeoutMsMin ${options.sessionTimeoutMsMin} exceeds ${options.sessionTimeoutMsMax}`);
  }
  for (const name of ["tls", "admin", "metrics"] as const) {
    const port = options[name]?.port ?? 0;
    const fits = Number.isInteger(port) && port >= 0 && port <= 65_535;
    if (!fits) problems.push(`${name}.port is ${port} and must be a whole number from 0 to 65535`);
  }
  for (const [name, value] of Object.entries(options.connectionThrottle ?? {})) {
    const fits = Number.isInteger(value) && value >= 1;
    if (!fits) problems.push(`connectionThrottle.${name} is ${value} and must be a whole number from 1`);
  }
  const known: readonly string[] = fourLetterWords;
  for (const word of options.fourLetterWords) {
    if (!known.includes(word)) problems.push(`fourLetterWords has "${word}"; there are ${known.join(" ")}`);
  }
  if (options.superDigest !== undefined && !/^super:[A-Za-z0-9+/]+=*$/.test(options.superDigest)) {
    problems.push('superDigest must be "super:" and the base64 of a hash');
  }
  return problems;
}

function optionalPart({
  connectionThrottle,
  logger,
  admin,
  metrics,
}: ServerOptions): Pick<ServerOptions, OptionalPart> {
  return {
    ...(connectionThrottle && { connectionThrottle }),
    ...(logger && { logger }),
    ...(admin && { admin }),
    ...(metrics && { metrics }),
  };
}

/** Fills in defaults. Throws `invalid-options` with all problems at once. */
export function resolveServerOptions(options: ServerOptions): ResolvedOptions {
  const tickTimeMs = options.tickTimeMs ?? tickTimeMsDefault;
  const words = options.fourLetterWords ?? ["srvr"];
  const readOnlyMode = options.readOnlyMode ?? false;
  const resolved: ResolvedOptions = {
    port: options.port ?? 0,
    host: options.host ?? "127.0.0.1",
    tickTimeMs,
    sessionTimeoutMsMin: options.sessionTimeoutMsMin ?? 2 * tickTimeMs,
    sessionTimeoutMsMax: options.sessionTimeoutMsMax ?? 20 * tickTimeMs,
    frameBytesMax: options.frameBytesMax ?? 0xf_ffff,
    connectionsPerAddressMax: options.connectionsPerAddressMax ?? 60,
    connectionsMax: options.connectionsMax ?? 0,
    ...optionalPart(options),
    audit: options.audit ?? false,
    outstandingPerConnectionMax: options.outstandingPerConnectionMax ?? 1000,
    unsentBytesMax: options.unsentBytesMax ?? 64 * 1024 * 1024,
    // Clients on a read-only server look for a better one by this word.
    fourLetterWords: new Set<string>([...(words === "*" ? fourLetterWords : words), ...(readOnlyMode ? ["isro"] : [])]),
    readOnlyMode,
    superDigest: options.superDigest,
    superSubject: options.superSubject,
    tls: options.tls,
    saslUsers: new Map(Object.entries(options.saslUsers ?? {})),
    dataDir: options.dataDir,
    outstandingMax: options.outstandingMax ?? 1000,
    snapshotTxns: options.snapshotTxns ?? 100_000,
    extendedTypesEnabled: options.extendedTypesEnabled ?? false,
    enforceQuota: options.enforceQuota ?? false,
    reconfigEnabled: options.reconfigEnabled ?? false,
    reapIntervalMs: options.reapIntervalMs ?? 60_000,
  };
  const problems = problemsOf(resolved);
  if (problems.length > 0) throw new CoordError("invalid-options", problems.join("; "));
  if (resolved.tls !== undefined) checkCertificates(resolved.tls);
  return resolved;
}
