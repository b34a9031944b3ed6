import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";

const program = path.join(import.meta.dirname, "member.ts");
/** Where workers find the packages that their tasks need. */
const folder = path.dirname(import.meta.dirname);

/** A process of the cluster. */
export interface Member {
  readonly title: string;
  readonly pid: number;
  /** What it said last. */
  readonly lastLine: () => string;
  /** Resolves with the first line like this, from its start on; rejects when it ends without. */
  readonly said: (pattern: RegExp) => Promise<string>;
  readonly kill: () => void;
}

/** Starts processes, and ends them all. */
export interface Processes {
  readonly start: (title: string, role: "server" | "master" | "worker", options: object) => Member;
  readonly stop: () => Promise<void>;
}

export function createProcesses(): Processes {
  const children = new Set<ChildProcess>();
  return {
    start(title, role, options) {
      const args = ["--conditions=@tutti/source", program, role, JSON.stringify(options)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: folder });
      children.add(child);
      child.once("exit", () => children.delete(child));
      return memberOf(title, child);
    },
    async stop() {
      const ended = [...children].map((child) => once(child, "exit"));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(ended);
    },
  };
}

function memberOf(title: string, child: ChildProcess): Member {
  const lines: string[] = [];
  const looks = new Set<() => void>();
  const look = (): void => {
    for (const one of [...looks]) one();
  };
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      look();
    });
  }
  child.once("exit", look);
  return {
    title,
    pid: child.pid ?? 0,
    lastLine: () => lines.at(-1) ?? "",
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const line = lines.find((one) => pattern.test(one));
          if (line === undefined && child.exitCode === null && child.signalCode === null) return;
          looks.delete(check);
          if (line === undefined) reject(new Error(`${title} ended before it said ${pattern.source}`));
          else resolve(line);
        };
        looks.add(check);
        check();
      }),
    kill: () => child.kill("SIGKILL"),
  };
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
