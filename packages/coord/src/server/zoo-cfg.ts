import { CoordError } from "../coord-error.ts";
import { type EnsembleConfig, parseServerSpec, type ServerSpec } from "../core/ensemble-config.ts";
import { fourLetterWords, type FourLetterWord } from "../protocol/four-letter-words.ts";
import type { ServerOptions } from "./server-options.ts";
import { operationsKeys, operationsOf } from "./zoo-cfg-operations.ts";
import { type SecurePart, secureKeys, secureOf } from "./zoo-cfg-tls.ts";

/** What ZooKeeper's configuration file says, in our words. */
export interface ZooCfg {
  readonly options: ServerOptions & { readonly dataDir: string };
  /** By number; empty for a server that stands alone. */
  readonly servers: EnsembleConfig;
  /** Another file with more `server.N` lines. */
  readonly dynamicConfigFile: string | undefined;
  /** A port for TLS and the files that it takes. */
  readonly secure: SecurePart | undefined;
  /** File with the secret that the servers share. Ours: `tutti.secretFile`. */
  readonly secretFile: string | undefined;
  /** Settings that are not known here and change nothing. */
  readonly ignored: readonly string[];
}

/** Keys that are right and change nothing here, with the reason. */
const accepted: ReadonlySet<string> = new Set([
  // Timing between servers is our own, and independent of these.
  "initLimit",
  "syncLimit",
  "connectToLearnerMasterLimit",
  // Old snapshots and logs are removed by themselves.
  "autopurge.snapRetainCount",
  "autopurge.purgeInterval",
  // Log and snapshots share a directory.
  "dataLogDir",
  "peerType",
  "standaloneEnabled",
  "tcpKeepAlive",
  "clientPortListenBacklog",
]);

/** What would change what the server promises, and is not there: silently going on would be a lie. */
function refusal(key: string, value: string): string | undefined {
  const isOn = value.toLowerCase() === "true";
  if (key.startsWith("group.") || key.startsWith("weight.")) return `${key}: hierarchical quorums are not there`;
  if (key === "forceSync" && value.toLowerCase() === "no") return "forceSync=no: every write is made durable here";
  if (key === "localSessionsEnabled" && isOn) return "localSessionsEnabled: local sessions are not there";
  if (key === "quorum.auth.enableSasl" && isOn) return "quorum.auth.enableSasl: use tutti.secretFile between servers";
  if (/^ssl\.(keyStore|trustStore)\.type$/i.test(key) && value.toUpperCase() !== "PEM") {
    return `${key}=${value}: keys are read as PEM; convert them with keytool and openssl`;
  }
  if (key === "sslQuorum" && isOn) return "sslQuorum: use tutti.secretFile between servers";
  return undefined;
}

type Setting = (value: string, options: Record<string, unknown>) => void;

function number(name: keyof ServerOptions): Setting {
  return (value, options) => {
    options[name] = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  };
}

function flag(name: keyof ServerOptions): Setting {
  return (value, options) => {
    options[name] = value.toLowerCase() === "true";
  };
}

const words: Setting = (value, options) => {
  const known: readonly string[] = fourLetterWords;
  const listed = value.split(",").map((word) => word.trim());
  options["fourLetterWords"] = listed.includes("*")
    ? "*"
    : (listed.filter((word) => known.includes(word)) as FourLetterWord[]);
};

/** By key of the file; a system property has the same name, with or without `zookeeper.` before it. */
const settings: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ["clientPort", number("port")],
  ["clientPortAddress", (value, options) => (options["host"] = value)],
  ["tickTime", number("tickTimeMs")],
  ["minSessionTimeout", number("sessionTimeoutMsMin")],
  ["maxSessionTimeout", number("sessionTimeoutMsMax")],
  ["maxClientCnxns", number("connectionsPerAddressMax")],
  ["maxCnxns", number("connectionsMax")],
  ["audit.enable", flag("audit")],
  ["4lw.commands.whitelist", words],
  ["snapCount", number("snapshotTxns")],
  ["globalOutstandingLimit", number("outstandingMax")],
  ["jute.maxbuffer", number("frameBytesMax")],
  ["extendedTypesEnabled", flag("extendedTypesEnabled")],
  ["enforceQuota", flag("enforceQuota")],
  ["reconfigEnabled", flag("reconfigEnabled")],
  ["readonlymode.enabled", flag("readOnlyMode")],
  ["znode.container.checkIntervalMs", number("reapIntervalMs")],
  ["X509AuthenticationProvider.superUser", (value, options) => (options["superSubject"] = value)],
  ["DigestAuthenticationProvider.superDigest", (value, options) => (options["superDigest"] = value)],
]);

function unset(value: unknown): boolean {
  return value === undefined || value === -1;
}

function linesOf(text: string): (readonly [key: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith("!")) continue;
    const [, key = line, value = ""] = /^([^=:\s]+)\s*[=:\s]\s*(.*)$/.exec(line) ?? [];
    pairs.push([key, value]);
  }
  return pairs;
}

function hasClientPort(servers: EnsembleConfig): boolean {
  return [...servers.values()].some(({ clientPort }) => clientPort !== undefined);
}

/**
 * Reads a `zoo.cfg`. `properties` are ZooKeeper's system properties, which the file cannot override. Throws
 * `invalid-options` with everything that is wrong at once.
 */
export function parseZooCfg(text: string, properties: Readonly<Record<string, string>> = {}): ZooCfg {
  const options: Record<string, unknown> = { host: "0.0.0.0" };
  const servers = new Map<number, ServerSpec>();
  const problems: string[] = [];
  const secureGiven = new Map<string, string>();
  const operationsGiven = new Map<string, string>();
  const ignored: string[] = [];
  let dataDir: string | undefined;
  let dynamicConfigFile: string | undefined;
  let secretFile: string | undefined;
  const given = Object.entries(properties).map(([key, value]) => [key.replace(/^zookeeper\./, ""), value] as const);
  for (const [key, value] of [...linesOf(text), ...given]) {
    const problem = refusal(key, value);
    const server = /^server\.(\d+)$/.exec(key);
    const setting = settings.get(key);
    if (problem !== undefined) problems.push(problem);
    else if (server !== null) {
      const parsed = parseServerSpec(Number(server[1]), value);
      if (parsed === undefined) problems.push(`${key}=${value} is not host:port:port[:type][;clientPort]`);
      else servers.set(Number(server[1]), parsed);
    } else if (key === "dataDir") dataDir = value;
    else if (key === "dynamicConfigFile") dynamicConfigFile = value;
    else if (key === "tutti.secretFile") secretFile = value;
    else if (secureKeys.has(key)) secureGiven.set(key, value);
    else if (operationsKeys.has(key)) operationsGiven.set(key, value);
    else if (setting !== undefined) setting(value, options);
    else if (!accepted.has(key)) ignored.push(key);
  }
  for (const name of ["sessionTimeoutMsMin", "sessionTimeoutMsMax"]) if (unset(options[name])) delete options[name];
  const secure = secureOf(secureGiven, "port" in options || hasClientPort(servers), problems);
  if (dataDir === undefined) problems.push("dataDir is missing");
  if (problems.length > 0) throw new CoordError("invalid-options", problems.join("; "));
  return {
    options: { ...(options as ServerOptions), ...operationsOf(operationsGiven), dataDir: dataDir ?? "" },
    servers,
    dynamicConfigFile,
    secure,
    secretFile,
    ignored,
  };
}
