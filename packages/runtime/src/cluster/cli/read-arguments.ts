import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { RuntimeError } from "../../runtime-error.ts";
import type { ClusterAddress, ClusterTls } from "../cluster-link.ts";

/** What a command was given. */
export interface Arguments {
  readonly coord: string;
  readonly secret: Uint8Array | undefined;
  readonly tls: ClusterTls | undefined;
  /** `false`, or not given. */
  readonly allowClosures: false | undefined;
  readonly listen: ClusterAddress | undefined;
  readonly advertise: ClusterAddress | undefined;
  readonly web: ClusterAddress | undefined;
  readonly slotCount: number | undefined;
  readonly directory: string | undefined;
  readonly blobDirectory: string | undefined;
  readonly compression: "zstd" | "none" | undefined;
  readonly eventLog: string | undefined;
  readonly sessionTimeoutMs: number | undefined;
  readonly isJson: boolean;
  readonly isHelp: boolean;
  readonly names: readonly string[];
}

const flags = {
  coord: { type: "string" },
  listen: { type: "string" },
  advertise: { type: "string" },
  web: { type: "string" },
  slots: { type: "string" },
  directory: { type: "string" },
  "blob-directory": { type: "string" },
  compression: { type: "string" },
  "event-log": { type: "string" },
  "secret-file": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-ca": { type: "string" },
  "no-closures": { type: "boolean" },
  "session-timeout-ms": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Throws `invalid-argument` with the argument that is wrong. */
export function readArguments(given: readonly string[], environment: NodeJS.ProcessEnv): Arguments {
  let parsed;
  try {
    parsed = parseArgs({ args: [...given], options: flags, allowPositionals: true });
  } catch (cause) {
    throw new RuntimeError("invalid-argument", cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const { values, positionals } = parsed;
  const secretFile = values["secret-file"] ?? environment["TUTTI_SECRET_FILE"];
  return {
    coord: values.coord ?? environment["TUTTI_COORD"] ?? "127.0.0.1:2181/tutti",
    secret: secretFile === undefined ? undefined : readSecret(secretFile),
    tls: readTls([values["tls-cert"], values["tls-key"], values["tls-ca"]]),
    allowClosures: values["no-closures"] === true ? false : undefined,
    listen: values.listen === undefined ? undefined : parseAddress("--listen", values.listen),
    advertise: values.advertise === undefined ? undefined : parseAddress("--advertise", values.advertise),
    web: values.web === undefined ? undefined : parseAddress("--web", values.web),
    slotCount: countOf("--slots", values.slots),
    sessionTimeoutMs: countOf("--session-timeout-ms", values["session-timeout-ms"]),
    directory: values.directory,
    blobDirectory: values["blob-directory"],
    compression: compressionOf(values.compression),
    eventLog: values["event-log"],
    isJson: values.json === true,
    isHelp: values.help === true,
    names: positionals,
  };
}

function readTls([cert, key, ca]: readonly (string | undefined)[]): ClusterTls | undefined {
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new RuntimeError("invalid-argument", "TLS needs --tls-cert, --tls-key and --tls-ca, all three");
  }
  try {
    return { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
  } catch (cause) {
    throw new RuntimeError("invalid-argument", `a certificate or key cannot be read: ${String(cause)}`, { cause });
  }
}

/** A secret that others can read is none. It never stands on a command line, which everybody can read. */
function readSecret(file: string): Uint8Array {
  try {
    const others = statSync(file).mode & 0o077;
    if (others === 0) return readFileSync(file);
  } catch (cause) {
    throw new RuntimeError("invalid-argument", `the secret cannot be read from ${file}: ${String(cause)}`, { cause });
  }
  throw new RuntimeError("invalid-argument", `others may read ${file}: a secret needs mode 600 (chmod 600 ${file})`);
}

function parseAddress(name: string, text: string): ClusterAddress {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (host !== "" && Number(port) < 65_536) return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  throw new RuntimeError("invalid-argument", `${name} is ${JSON.stringify(text)}; it must be host:port`);
}

function compressionOf(text: string | undefined): "zstd" | "none" | undefined {
  if (text === undefined || text === "zstd" || text === "none") return text;
  throw new RuntimeError("invalid-argument", `--compression is ${JSON.stringify(text)}; it must be zstd or none`);
}

function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RuntimeError("invalid-argument", `${name} is ${JSON.stringify(text)}; it must be a whole number from 1`);
}
