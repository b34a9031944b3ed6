import { connect, type ConnectOptions, type Session } from "../../src/index.ts";
import { startEnsemble, startServer } from "../../src/server/index.ts";
import { apacheClassPath, startApache, startApacheEnsemble } from "./apache-server.ts";
import { type Fetched, fetchOldApache } from "./fetch-apache.ts";

/** Servers that the tests of the client and of the recipes run against; each test in a root of its own. */
export interface Target {
  readonly address: { readonly host: string; readonly port: number };
  /** Stands behind `host:port`. */
  readonly chroot: string;
  connect(options?: ConnectOptions): Promise<Session>;
  close(): Promise<void>;
}

/** Before 3.6 some requests do not exist, and what they promise cannot be had by others. */
export const isOldTarget: boolean = process.env["TUTTI_TARGET"] === "apache old";

const tickTimeMs = 50;

/** `apache old`: a version that knows less than the client can use. */
export type ApacheTarget = "apache" | "apache ensemble" | "apache old";

function isApacheTarget(kind: string): kind is ApacheTarget {
  return kind.startsWith("apache");
}

/** What the servers are started from, or why they cannot be. */
export function classPathOf(kind: ApacheTarget): Fetched {
  if (kind === "apache old") return fetchOldApache();
  const classPath = apacheClassPath();
  if (classPath !== undefined) return { classPath };
  return { missing: "Apache ZooKeeper is not installed (apt-get install zookeeper, or ZOOKEEPER_CLASSPATH)" };
}

interface Servers {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Started once for a file of tests: a JVM takes seconds. */
let apache: Promise<Servers> | undefined;

async function startServers(): Promise<Servers> {
  const kind = process.env["TUTTI_TARGET"] ?? "standalone";
  if (kind === "ensemble") {
    const ensemble = await startEnsemble({ tickTimeMs });
    const [first] = ensemble.servers;
    if (first?.server === undefined) throw new Error("the ensemble has no server");
    return { address: first.server.address, close: () => ensemble.close() };
  }
  if (isApacheTarget(kind)) {
    const found = classPathOf(kind);
    if ("missing" in found) throw new Error(found.missing);
    apache ??= (kind === "apache ensemble" ? startApacheEnsemble : startApache)(found.classPath, tickTimeMs);
    const { address } = await apache;
    return { address, close: () => Promise.resolve() };
  }
  const server = await startServer({ tickTimeMs });
  return { address: server.address, close: () => server.close() };
}

/** To be called when a file of tests is over. */
export async function closeApache(): Promise<void> {
  await (await apache)?.close();
}

export async function openTarget(): Promise<Target> {
  const servers = await startServers();
  const { address } = servers;
  const chroot = `/test-${crypto.randomUUID()}`;
  const place = `${address.host}:${address.port}`;
  const session = await connect(place);
  await session.create(chroot);
  await session.close();
  return { address, chroot, connect: (options) => connect(`${place}${chroot}`, options), close: () => servers.close() };
}
