import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { parseJaasUsers } from "./jaas.ts";
import { CoordError } from "../coord-error.ts";
import type { EnsembleConfig } from "../core/ensemble-config.ts";
import type { MemberOptions } from "../server/start-member.ts";
import type { ServerOptions } from "../server/server-options.ts";
import type { ServerCertificates, ServerTls } from "../server/server-tls.ts";
import { parseZooCfg, type ZooCfg } from "../server/zoo-cfg.ts";
import type { SecurePart } from "../server/zoo-cfg-tls.ts";

/** What to start, as a configuration file and the environment say. */
export type Configured =
  | (ConfiguredBase & { readonly kind: "alone"; readonly options: ServerOptions })
  | (ConfiguredBase & { readonly kind: "member"; readonly options: MemberOptions; readonly servers: EnsembleConfig });

interface ConfiguredBase {
  /** Settings without effect here. */
  readonly ignored: readonly string[];
  /** Where the certificates came from, and how to read them again. */
  readonly certificates: CertificateFiles | undefined;
}

export interface CertificateFiles {
  readonly paths: readonly string[];
  read(): Promise<ServerCertificates>;
}

/** Where the replica's files lie; beside `myid`, which is ZooKeeper's. */
const replicaDirectory = "tutti";

async function read(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CoordError("invalid-options", `${what} ${path} cannot be read`, { cause });
  }
}

/** Those of ZooKeeper that do not begin with its name. */
const otherProperties: ReadonlySet<string> = new Set(["jute.maxbuffer", "readonlymode.enabled"]);

/** ZooKeeper's system properties: `ZK_SYSTEM_PROPERTIES`, one `name=value` a line, and `ZK_SUPER_DIGEST`. */
function propertiesOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const line of (environment["ZK_SYSTEM_PROPERTIES"] ?? "").split("\n")) {
    const equals = line.indexOf("=");
    const name = line.slice(0, equals).trim();
    // Java's own are none of ours.
    if (equals > 0 && (name.startsWith("zookeeper.") || otherProperties.has(name))) {
      properties[name] = line.slice(equals + 1).trim();
    }
  }
  const superDigest = environment["ZK_SUPER_DIGEST"];
  if (superDigest !== undefined && superDigest !== "") {
    properties["zookeeper.DigestAuthenticationProvider.superDigest"] = superDigest;
  }
  return properties;
}

/**
 * Reads a `zoo.cfg` and what it names: the dynamic part, the secret, and `myid` in the data directory. `ZK_JAAS_CONFIG`
 * names a file with the users of SASL.
 */
export async function readConfig(path: string, environment: NodeJS.ProcessEnv): Promise<Configured> {
  const properties = propertiesOf(environment);
  const text = await read(path, "the configuration");
  const first = parseZooCfg(text, properties);
  const near = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const more = first.dynamicConfigFile;
  const config =
    more === undefined ? first : parseZooCfg(`${text}\n${await read(near(more), "dynamicConfigFile")}`, properties);
  const dataDir = join(config.options.dataDir, replicaDirectory);
  const { ignored, secure } = config;
  const saslUsers = await saslUsersOf(environment["ZK_JAAS_CONFIG"]);
  const certificates = secure === undefined ? undefined : certificateFiles(secure, near);
  const tls = secure === undefined ? {} : { tls: { ...portOf(secure), ...(await certificates?.read()) } };
  const base = { ignored, certificates };
  if (config.servers.size > 0) {
    const options = { ...(await memberOf(config, dataDir, near)), saslUsers, ...tls };
    return { ...base, kind: "member", options, servers: config.servers };
  }
  return { ...base, kind: "alone", options: { ...config.options, dataDir, saslUsers, ...tls } };
}

function portOf({ port, host, clientAuth, isOnly }: SecurePart): Omit<ServerTls, keyof ServerCertificates> {
  return { port, ...(host === undefined ? {} : { host }), clientAuth, isOnly };
}

async function readPem(path: string, what: string): Promise<string> {
  const text = await read(path, what);
  if (text.includes("-----BEGIN ")) return text;
  throw new CoordError("invalid-options", `${what} ${path} is no PEM file; keytool and openssl convert other stores`);
}

/** Certificate and key stand in one file, as ZooKeeper's PEM stores have them. */
function certificateFiles(
  { keyStore, keyStorePassword, trustStore }: SecurePart,
  near: (file: string) => string,
): CertificateFiles {
  const trusted = trustStore === undefined ? undefined : near(trustStore);
  return {
    paths: [near(keyStore), ...(trusted === undefined ? [] : [trusted])],
    read: async () => {
      const pem = await readPem(near(keyStore), "ssl.keyStore.location");
      const ca = trusted === undefined ? undefined : await readPem(trusted, "ssl.trustStore.location");
      return {
        cert: pem,
        key: pem,
        ...(ca === undefined ? {} : { ca }),
        ...(keyStorePassword === undefined ? {} : { passphrase: keyStorePassword }),
      };
    },
  };
}

async function saslUsersOf(path: string | undefined): Promise<Readonly<Record<string, string>>> {
  return path === undefined || path === "" ? {} : parseJaasUsers(await read(path, "ZK_JAAS_CONFIG"));
}

async function memberOf(config: ZooCfg, dataDir: string, near: (file: string) => string): Promise<MemberOptions> {
  const { servers, secretFile, options } = config;
  const text = (await read(join(options.dataDir, "myid"), "the number of this server in")).trim();
  const id = Number(text);
  const own = servers.get(id);
  if (own === undefined) throw new CoordError("invalid-options", `myid is "${text}" and there is no server.${text}`);
  const secret =
    secretFile === undefined ? undefined : Buffer.from((await read(near(secretFile), "tutti.secretFile")).trim());
  return {
    ...options,
    ...(own.clientPort === undefined ? {} : { port: own.clientPort }),
    ...(own.clientHost === undefined ? {} : { host: own.clientHost }),
    id,
    servers,
    dataDir,
    // As ZooKeeper does; the warning at the start says so.
    isNetworkTrusted: true,
    ...(secret === undefined ? {} : { secret }),
  };
}
