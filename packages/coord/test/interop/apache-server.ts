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

/** A standalone Apache ZooKeeper in a process and a directory of its own. */
export async function startApache(classPath: string, tickTimeMs: number): Promise<ApacheServer> {
  const directory = mkdtempSync(path.join(tmpdir(), "tutti-apache-"));
  const port = await freePort();
  const lines = [
    `tickTime=${tickTimeMs}`,
    `dataDir=${directory}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    "admin.enableServer=false",
    "maxClientCnxns=0",
    "4lw.commands.whitelist=*",
  ];
  const config = path.join(directory, "zoo.cfg");
  writeFileSync(config, `${lines.join("\n")}\n`);
  const options = [
    "-Xmx256m",
    "-Dzookeeper.extendedTypesEnabled=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    classPath,
    "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    config,
  ];
  const child = spawn("java", options, { stdio: "ignore" });
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
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
