import { connect, type ConnectOptions, type Session } from "../../src/index.ts";
import { startEnsemble, startServer } from "../../src/server/index.ts";
import { apacheClassPath, startApache, startApacheEnsemble } from "./apache-server.ts";

/** Servers that the tests of the client and of the recipes run against; each test in a root of its own. */
export interface Target {
  readonly address: { readonly host: string; readonly port: number };
  /** Stands behind `host:port`. */
  readonly chroot: string;
  connect(options?: ConnectOptions): Promise<Session>;
  close(): Promise<void>;
}

const tickTimeMs = 50;

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
  if (kind === "apache" || kind === "apache ensemble") {
    const classPath = apacheClassPath();
    if (classPath === undefined) throw new Error("Apache ZooKeeper is not installed");
    apache ??= (kind === "apache" ? startApache : startApacheEnsemble)(classPath, tickTimeMs);
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
