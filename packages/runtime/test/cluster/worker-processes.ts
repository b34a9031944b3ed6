import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  startClusterExecutor,
  type ClusterExecutor,
  type ClusterSecurity,
  type WorkerSettings,
} from "../../src/cluster/index.ts";

const program: string = path.join(import.meta.dirname, "worker-main.ts");

/** A cluster of real processes on this machine. */
export interface TestCluster {
  readonly executor: ClusterExecutor;
  /** Where workers keep their blocks. */
  readonly directory: string;
  /** The running worker processes, oldest first. */
  readonly processes: ChildProcess[];
  readonly start: () => ChildProcess;
  readonly close: () => Promise<void>;
}

export interface TestClusterOptions {
  readonly workerCount: number;
  readonly slots?: number;
  readonly silenceMs?: number;
  readonly workerWaitMs?: number;
  readonly security?: ClusterSecurity;
  /** What else workers are told. */
  readonly settings?: WorkerSettings;
  /** Where workers are started, and find their packages. Default: an empty folder. */
  readonly cwd?: string;
}

export async function startTestCluster({
  workerCount,
  slots = 1,
  silenceMs = 4000,
  workerWaitMs = 30_000,
  settings = {},
  security = {},
  cwd,
}: TestClusterOptions): Promise<TestCluster> {
  const directory = await mkdtemp(path.join(tmpdir(), "tutti-cluster-"));
  const processes: ChildProcess[] = [];
  let port = 0;
  const { secret, tls } = security;
  const start = (): ChildProcess => {
    const own = { master: { host: "127.0.0.1", port }, slotCount: slots, silenceMs, directory, ...settings, tls };
    const args = ["--conditions=@tutti/source", program, JSON.stringify(own)];
    const env = { ...process.env, ...(secret && { TUTTI_TEST_SECRET: Buffer.from(secret).toString("hex") }) };
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], cwd: cwd ?? directory, env });
    child.stderr?.resume();
    child.once("exit", () => processes.splice(processes.indexOf(child), 1));
    processes.push(child);
    return child;
  };
  const executor = await startClusterExecutor({
    workersMin: workerCount,
    // Tests count attempts, and on a machine that is busy any task may be slow.
    speculation: false,
    silenceMs,
    workerWaitMs,
    ...security,
    onListening(address) {
      ({ port } = address);
      for (let count = 0; count < workerCount; count += 1) start();
    },
  });
  return {
    executor,
    directory,
    processes,
    start,
    async close() {
      await executor.close();
      const ended = processes.map((child) => once(child, "exit"));
      for (const child of [...processes]) child.kill("SIGKILL");
      await Promise.all(ended);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
