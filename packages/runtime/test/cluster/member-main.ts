// A member of a cluster as a process of its own: `member-main.ts <server|master|worker> <options as JSON>`.
import { startMember } from "@tutti/coord/server";
import { startMaster, startWorker, type MasterOptions, type WorkerOptions } from "../../src/cluster/index.ts";

/** A server of the ensemble. Its peers' ports are those of all servers, from number 1 on. */
export interface ServerRole {
  readonly id: number;
  readonly peerPorts: readonly number[];
  readonly port: number;
  readonly dataDir: string;
}

const host = "127.0.0.1";
const [role = "", options = ""] = process.argv.slice(2);
const onEvent = (line: string): void => void process.stdout.write(`${line}\n`);
if (role === "server") {
  const { id, peerPorts, port, dataDir } = JSON.parse(options) as ServerRole;
  const servers = new Map(peerPorts.map((peerPort, index) => [index + 1, { host, port: peerPort }]));
  const server = await startMember({ id, servers, dataDir, port, tickTimeMs: 100 });
  await server.serving;
  onEvent(`serves as ${server.mode}`);
} else if (role === "master") await startMaster({ ...(JSON.parse(options) as MasterOptions), onEvent });
else await startWorker({ ...(JSON.parse(options) as WorkerOptions), onEvent });
