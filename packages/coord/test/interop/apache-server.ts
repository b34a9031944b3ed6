import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePorts } from "@tutti/testkit";

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

const answerMsMax = 1000;

/** Whether the server says that it serves. */
function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write("srvr"));
    socket.setEncoding("utf8");
    // A question that comes while the server starts may never be answered.
    socket.setTimeout(answerMsMax, () => socket.destroy());
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

const startMsMax = 60_000;

/** One process, which is killed when it is closed, as a crash would. */
async function startProcess(
  classPath: string,
  { directory, port, lines }: { readonly directory: string; readonly port: number; readonly lines: readonly string[] },
): Promise<{ readonly serving: () => Promise<void>; readonly kill: () => Promise<void> }> {
  const base = [
    `dataDir=${directory}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    "admin.enableServer=false",
    "maxClientCnxns=0",
    "4lw.commands.whitelist=*",
  ];
  const config = path.join(directory, "zoo.cfg");
  writeFileSync(config, `${[...base, ...lines].join("\n")}\n`);
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
  const serving = async (): Promise<void> => {
    const givenUpMs = performance.now() + startMsMax;
    while (!(await isServing(port))) {
      if (child.exitCode !== null || performance.now() > givenUpMs) throw new Error("Apache ZooKeeper does not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return {
    serving,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A standalone Apache ZooKeeper in a process of its own. */
export async function startApache(
  classPath: string,
  tickTimeMs: number,
  options: ApacheOptions = {},
): Promise<ApacheServer> {
  const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), "tutti-apache-"));
  const [port = 0] = await freePorts(1);
  const lines = [`tickTime=${tickTimeMs}`, ...(options.lines ?? [])];
  const { serving, kill } = await startProcess(classPath, { directory, port, lines });
  await serving();
  return {
    address: { host: "127.0.0.1", port },
    close: async () => {
      await kill();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Three Apache ZooKeepers; the address is that of the first. */
export async function startApacheEnsemble(
  classPath: string,
  tickTimeMs: number,
): Promise<ApacheServer & { readonly ports: readonly number[] }> {
  const root = mkdtempSync(path.join(tmpdir(), "tutti-apache-"));
  const ids = [1, 2, 3];
  const ports = await freePorts(ids.length * 3);
  const places = ids.map((id, index) => {
    const [port = 0, link = 0, election = 0] = ports.slice(index * 3);
    return { id, port, link, election };
  });
  // In ticks: long, since a tick is short here and a JVM slow at its start.
  const limits = ["initLimit=400", "syncLimit=200", `tickTime=${tickTimeMs}`];
  const members = places.map(({ id, link, election }) => `server.${id}=127.0.0.1:${link}:${election}`);
  const processes = await Promise.all(
    places.map(({ id, port }) => {
      const directory = path.join(root, String(id));
      mkdirSync(directory);
      writeFileSync(path.join(directory, "myid"), `${id}\n`);
      return startProcess(classPath, { directory, port, lines: [...limits, ...members] });
    }),
  );
  await Promise.all(processes.map(({ serving }) => serving()));
  return {
    address: { host: "127.0.0.1", port: places[0]?.port ?? 0 },
    ports: places.map(({ port }) => port),
    close: async () => {
      await Promise.all(processes.map(({ kill }) => kill()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
