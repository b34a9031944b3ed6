import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { startServer } from "@tutti/coord/server";
import { freePorts, startLossyProxy, type LossyProxy } from "@tutti/testkit";
import type { ServerRole } from "./member-main.ts";
import {
  connectCluster,
  type ClusterDriver,
  type MasterOptions,
  type WorkerSettings,
} from "../../src/cluster/index.ts";

const program: string = path.join(import.meta.dirname, "member-main.ts");

export interface Member {
  readonly process: ChildProcess;
  /** What it said last. */
  readonly lastLine: () => string;
  /** Resolves when the process has said a line like this, from its start on. */
  readonly said: (pattern: RegExp) => Promise<string>;
  /** What others reach it through, where proxies were asked for. */
  readonly proxy: LossyProxy | undefined;
}

/** Masters and workers as real processes, a coordination server here, and a driver here. */
export interface MemberCluster {
  readonly executor: ClusterDriver;
  readonly coord: string;
  /** Of an ensemble of processes, where one was asked for. */
  readonly servers: readonly Member[];
  readonly masters: readonly Member[];
  readonly workers: readonly Member[];
  readonly directory: string;
  readonly startWorker: (settings?: WorkerSettings) => Member;
  /** All that the masters have written down, oldest first. */
  readonly events: () => Promise<readonly MemberEvent[]>;
  readonly close: () => Promise<void>;
}

export interface MemberEvent {
  readonly event: string;
  readonly at: string;
  readonly master: string;
  readonly [field: string]: unknown;
}

export interface MemberOptions {
  readonly masterCount?: number;
  readonly workerCount?: number;
  readonly slotCount?: number;
  readonly sessionTimeoutMs?: number;
  /** A coordination service that is there. Default: a server in this process. */
  readonly coord?: string;
  /** So many servers as processes, in place of it. */
  readonly serverCount?: number;
  /** What else masters are told. */
  readonly master?: Partial<MasterOptions>;
  /** Masters and workers are reached through proxies, which can lose one direction. */
  readonly hasProxies?: boolean;
  /** Masters show their page. */
  readonly web?: boolean;
  /** Where members are started, and find their packages. Default: an empty folder. */
  readonly cwd?: string;
}

export async function startMembers(options: MemberOptions = {}): Promise<MemberCluster> {
  const {
    masterCount = 2,
    workerCount = 2,
    slotCount = 1,
    sessionTimeoutMs = 1000,
    cwd,
    web = false,
    serverCount = 0,
  } = options;
  const directory = await mkdtemp(path.join(tmpdir(), "tutti-members-"));
  const eventLog = path.join(directory, "events.jsonl");
  const children: ChildProcess[] = [];

  const proxies: LossyProxy[] = [];
  /** Where a member listens, and where others reach it. */
  const reachable = async (): Promise<{ proxy?: LossyProxy; addresses: object }> => {
    if (options.hasProxies !== true) return { addresses: {} };
    const [port = 0] = await freePorts(1);
    const listen = { host: "127.0.0.1", port };
    const proxy = await startLossyProxy(listen);
    proxies.push(proxy);
    return { proxy, addresses: { listen, advertise: proxy.address } };
  };

  const start = (role: "server" | "master" | "worker", own: object, proxy?: LossyProxy): Member => {
    const args = ["--conditions=@tutti/source", program, role, JSON.stringify(own)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: cwd ?? directory });
    children.push(child);
    const lines: string[] = [];
    const listeners = new Set<() => void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      for (const listener of [...listeners]) listener();
    });
    return {
      process: child,
      proxy,
      lastLine: () => lines.at(-1) ?? "",
      said: (pattern) =>
        new Promise((resolve) => {
          const look = (): void => {
            const line = lines.find((one) => pattern.test(one));
            if (line === undefined) return;
            listeners.delete(look);
            resolve(line);
          };
          listeners.add(look);
          look();
        }),
    };
  };
  const servers = await startServers(serverCount, (own) => start("server", own), directory);
  const server = serverCount > 0 || options.coord !== undefined ? undefined : await startServer({ tickTimeMs: 100 });
  const coord = `${options.coord ?? server?.connectString ?? servers.connectString}/cluster-${path.basename(directory)}`;
  const common = { coord, sessionTimeoutMs, silenceMs: 500 };
  const worker = { ...common, slotCount, directory, workBytesMax: 1024 * 1024 };
  const startWorker = (settings: WorkerSettings = {}): Member => start("worker", { ...worker, ...settings });
  const page = web ? { web: { host: "127.0.0.1", port: 0 } } : {};
  const masters: Member[] = [];
  for (let count = 0; count < masterCount; count += 1) {
    const { proxy, addresses } = await reachable();
    // Tests count attempts, and on a machine that is busy any task may be slow.
    const timing = { driverLeaseMs: 3000, speculation: false };
    const own = { ...common, ...addresses, eventLog, ...timing, ...page, ...options.master };
    masters.push(start("master", own, proxy));
    // In this order, so that the first one leads.
    await masters.at(-1)?.said(count === 0 ? /leads/ : /stands/);
  }
  const workers: Member[] = [];
  for (let count = 0; count < workerCount; count += 1) {
    const { proxy, addresses } = await reachable();
    workers.push(start("worker", { ...worker, ...addresses }, proxy));
  }
  const executor = await connectCluster(coord, { ...common, slotsMin: workerCount * slotCount });
  return {
    executor,
    coord,
    servers: servers.members,
    masters,
    workers,
    directory,
    startWorker,
    async events() {
      const text = await readFile(eventLog, "utf8");
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as MemberEvent);
    },
    async close() {
      await executor.close();
      const ended = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      for (const child of ended) child.kill("SIGKILL");
      await Promise.all(ended.map((child) => once(child, "exit")));
      for (const proxy of proxies) await proxy.close();
      await server?.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Servers {
  readonly members: readonly Member[];
  readonly connectString: string;
}

async function startServers(count: number, start: (role: ServerRole) => Member, directory: string): Promise<Servers> {
  const peerPorts = await freePorts(count);
  const ports = await freePorts(count);
  const members = ports.map((port, index) => {
    return start({ id: index + 1, peerPorts, port, dataDir: path.join(directory, `server-${index + 1}`) });
  });
  await Promise.all(members.map((member) => member.said(/^serves/)));
  return { members, connectString: ports.map((port) => `127.0.0.1:${port}`).join(",") };
}
