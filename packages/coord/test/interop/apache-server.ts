import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const debianJars = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-simple.jar"];

/** Where Apache ZooKeeper is: ZOOKEEPER_CLASSPATH, or Debian's package `zookeeper`; undefined when there is none. */
export function apacheClassPath(): string | undefined {
  const given = process.env["ZOOKEEPER_CLASSPATH"];
  if (given !== undefined) return given;
  return debianJars.every((jar) => existsSync(jar)) ? debianJars.join(":") : undefined;
}

export interface ApacheServer {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Whether the server says that it serves. */
function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write("srvr"));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(answer.includes("Mode:")));
  });
}

export interface ApacheOptions {
  /** Kept when the server is closed. Default: one of its own, which goes with it. */
  readonly directory?: string;
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
}

/** A standalone Apache ZooKeeper in a process of its own. It is killed when it is closed, as a crash would. */
export async function startApache(
  classPath: string,
  tickTimeMs: number,
  options: ApacheOptions = {},
): Promise<ApacheServer> {
  const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), "tutti-apache-"));
  const port = await freePort();
  const lines = [
    `tickTime=${tickTimeMs}`,
    `dataDir=${directory}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    "admin.enableServer=false",
    "maxClientCnxns=0",
    "4lw.commands.whitelist=*",
    ...(options.lines ?? []),
  ];
  const config = path.join(directory, "zoo.cfg");
  writeFileSync(config, `${lines.join("\n")}\n`);
  const given = [
    "-Xmx256m",
    "-Dzookeeper.extendedTypesEnabled=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    classPath,
    "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    config,
  ];
  const child = spawn("java", given, { stdio: "ignore" });
  const exited = once(child, "exit");
  const givenUpMs = performance.now() + 30_000;
  while (!(await isServing(port))) {
    if (child.exitCode !== null || performance.now() > givenUpMs) throw new Error("Apache ZooKeeper does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    address: { host: "127.0.0.1", port },
    close: async () => {
      child.kill("SIGKILL");
      await exited;
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}
