import path from "node:path";
import { createProcesses, freePorts, type Member } from "./processes.ts";

/** How long a process may be unreachable before others take its part. */
const sessionTimeoutMs = 4_000;
const serverCount = 3;
const masterCount = 2;

/** Servers that agree, masters of which one leads, workers that compute: each a process of its own. */
export interface Cluster {
  /** How to reach it. */
  readonly coord: string;
  readonly sessionTimeoutMs: number;
  readonly servers: readonly Member[];
  readonly masters: readonly Member[];
  readonly workers: readonly Member[];
  /** Where the masters write what happens. */
  readonly eventLog: string;
  readonly stop: () => Promise<void>;
}

/** Starts it all in `directory`. Tells each step. */
export async function startCluster(
  directory: string,
  workerCount: number,
  tell: (line: string) => void,
): Promise<Cluster> {
  const processes = createProcesses();
  try {
    const free = await freePorts(2 * serverCount);
    const ports = Array.from({ length: serverCount }, (_, index) => ({
      peer: free[2 * index] ?? 0,
      client: free[2 * index + 1] ?? 0,
    }));
    const servers = ports.map((_, index) => {
      const options = { id: index + 1, ports, dataDir: path.join(directory, `server-${index + 1}`) };
      return processes.start(`server ${index + 1}`, "server", options);
    });
    const modes = await Promise.all(servers.map((server) => server.said(/^serves/)));
    tell(`an ensemble of ${serverCount} servers: ${modes.map((mode) => mode.replace("serves as ", "")).join(", ")}`);

    const coord = `${ports.map(({ client }) => `127.0.0.1:${client}`).join(",")}/flights`;
    const eventLog = path.join(directory, "events.jsonl");
    const common = { coord, sessionTimeoutMs, silenceMs: 2_000 };
    const masters = Array.from({ length: masterCount }, (_, index) =>
      processes.start(`master ${index + 1}`, "master", { ...common, eventLog }),
    );
    const workers = Array.from({ length: workerCount }, (_, index) =>
      processes.start(`worker ${index + 1}`, "worker", { ...common, slotCount: 1, directory }),
    );
    await Promise.race(masters.map((master) => master.said(/^leads/)));
    await Promise.all(masters.map((master) => master.said(/^stands|^leads/)));
    await Promise.all(workers.map((worker) => worker.said(/^registered/)));
    const leader = leaderOf(masters);
    tell(`${leader.title} is elected, ${masters.find((one) => one !== leader)?.title} stands by`);
    tell(`${workerCount} workers have registered`);
    return { coord, sessionTimeoutMs, servers, masters, workers, eventLog, stop: processes.stop };
  } catch (thrown) {
    await processes.stop();
    throw thrown;
  }
}

/** The master that leads now, as far as it says. */
export function leaderOf(masters: readonly Member[]): Member {
  const leader = masters.find((master) => master.lastLine().startsWith("leads, "));
  if (leader === undefined) throw new Error("no master leads");
  return leader;
}
