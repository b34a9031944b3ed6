import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@tutti/testkit";
import { buildSync } from "esbuild";
import { connect } from "../src/index.ts";

/** The command as it is published, which is JavaScript: more than half of a start from sources is to read TypeScript. */
function buildCommand(): string {
  const directory = mkdtempSync(join(tmpdir(), "tutti-command-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, "cli.mjs");
  const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
  const published = { bundle: true, platform: "node", format: "esm", target: "node22" } as const;
  buildSync({ ...published, entryPoints: [entry], outfile, conditions: ["@tutti/source"] });
  return outfile;
}

const command = buildCommand();
/** Where Debian's package `libzookeeper-java` puts Apache ZooKeeper. */
const apacheJar = "/usr/share/java/zookeeper.jar";

/** One server or three, as processes with files, every write synced. */
export interface ServersUnderLoad {
  readonly connectString: string;
  readonly processIds: readonly number[];
  /** From their start until a session was there. */
  readonly firstAnswerMs: number;
  close(): Promise<void>;
}

export function isApacheHere(): boolean {
  return existsSync(apacheJar);
}

/** How a server is started from its configuration file. */
export type Command = (config: string) => readonly [command: string, args: readonly string[]];

export const ours: Command = (config) => [process.execPath, [command, "serve", "--config", config]];
export const apache: Command = (config) => {
  const options = ["-Xmx1000m", "-Dzookeeper.admin.enableServer=false", "-Djava.net.preferIPv4Stack=true"];
  return ["java", [...options, "-cp", apacheJar, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config]];
};

async function start(commandOf: Command, count: number): Promise<ServersUnderLoad> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const ports = await freePorts(count * 3);
  const lines = Array.from({ length: count }, (_, index) => {
    return `server.${index + 1}=127.0.0.1:${ports[count + index]}:${ports[2 * count + index]}`;
  });
  const children: ChildProcess[] = [];
  const startedMs = performance.now();
  for (let id = 1; id <= count; id += 1) {
    const own = join(directory, String(id));
    await mkdir(own);
    await writeFile(join(own, "myid"), String(id));
    const common = ["tickTime=2000", "initLimit=10", "syncLimit=5", `dataDir=${own}`, `clientPort=${ports[id - 1]}`];
    const config = [...common, "clientPortAddress=127.0.0.1", "maxClientCnxns=0", ...(count > 1 ? lines : [])];
    await writeFile(join(own, "zoo.cfg"), `${config.join("\n")}\n`);
    const [program, args] = commandOf(join(own, "zoo.cfg"));
    children.push(spawn(program, args, { stdio: "ignore" }));
  }
  const connectString = ports
    .slice(0, count)
    .map((port) => `127.0.0.1:${port}`)
    .join(",");
  const close = async (): Promise<void> => {
    for (const child of children) child.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const session = await connect(connectString, { connectTimeoutMs: 60_000, backoffMsMax: 10 });
    const firstAnswerMs = performance.now() - startedMs;
    await session.close();
    const processIds = children.flatMap(({ pid }) => pid ?? []);
    return { connectString, processIds, firstAnswerMs, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

export function startOurs(count: number): Promise<ServersUnderLoad> {
  return start(ours, count);
}

export function startApache(count: number): Promise<ServersUnderLoad> {
  return start(apache, count);
}
