// One process of the cluster: `member.ts <server|master|worker> <options as JSON>`. Its parent stops it.
import { startMember } from "@tutti/coord/server";
import { startMaster, startWorker, type MasterOptions, type WorkerOptions } from "@tutti/runtime/cluster";

/** What a server of the ensemble is told. */
export interface ServerRole {
  readonly id: number;
  /** Of each server, from 1 on: where the others and where clients reach it. */
  readonly ports: readonly { readonly peer: number; readonly client: number }[];
  readonly dataDir: string;
}

const host = "127.0.0.1";
const [role, json = "{}"] = process.argv.slice(2);
const say = (line: string): void => console.log(line);

if (role === "server") {
  const { id, ports, dataDir } = JSON.parse(json) as ServerRole;
  const servers = new Map(ports.map(({ peer }, index) => [index + 1, { host, port: peer }]));
  const port = ports[id - 1]?.client ?? 0;
  const server = await startMember({ id, servers, dataDir, port, tickTimeMs: 500 });
  await server.serving;
  say(`serves as ${server.mode}`);
} else if (role === "master") {
  await startMaster({ ...(JSON.parse(json) as MasterOptions), onEvent: say });
} else {
  await startWorker({ ...(JSON.parse(json) as WorkerOptions), onEvent: say });
}
